"""Proving who one is: factors, flows, sessions, throttles, recovery.  The specification is docs/sign-in.md.

Functions here know nothing of HTTP; time and randomness come in as arguments.
"""
