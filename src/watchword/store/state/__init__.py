"""The control plane's state: people, factors, sessions, tokens and jobs, on SQLite or PostgreSQL.

Importing this package loads nothing: whoever needs the database imports the module that he needs.
"""
