"""SCIM 2.0: identity providers push their people and groups to us (RFC 7643, RFC 7644).

``schemas`` and ``catalogue`` say what a user and a group are; ``filters``, ``paths``, ``matching``, ``patch``,
``resources``, ``projection`` and ``listing`` are pure: values in, values out.  ``service`` puts them between a store and
``routes``, which speak HTTP.  Nothing here keeps anything: whose account it is and whether it may sign in is the store's.
"""
