"""Paths by which somebody gets more than was given: escalation, its graph, blast radius, choke points.

``graph`` builds the graph of a snapshot from ``iam.access`` and the techniques, which are data; ``search`` finds paths in
it, ``blast`` says how far they lead and where to cut.  docs/paths.md says how and what is not seen.
"""
