"""What each request passes first: steps 1, 2, 4 and 7 of docs/control-plane.md, as plain ASGI applications around another.

From the outside in: ``proxies`` (who is there), ``request_id``, ``telemetry`` of ``watchword.web`` (outside of this package),
``headers``, ``errors``, ``hosts``, ``rate``, ``limits``, ``same_site``.  ``chain`` puts them around an application.  None of them
asks the database.
"""
