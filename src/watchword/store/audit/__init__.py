"""The audit log: one record for every change of state, which nobody can alter unseen.

``canonical``  JSON with one form for each value       ``records``  an entry, its personal fields, its hash
``merkle``     the tree over all records               ``heads``    what is signed: how long the log is, and its root
``packs``      evidence that is checked without us     ``schema``   the tables
``journal``    append inside the caller's transaction  ``keys``     the file of the signing key, and its renewal
``verify``     every fault found and named             ``export``   lines, heads and packs as files
``erase``      personal values taken away for good     ``faults``   what can go wrong

The first five touch neither disk nor database.  Nothing here sends anything anywhere: heads leave the machine through
``enforce.audit_heads``.
"""
