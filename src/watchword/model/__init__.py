"""The vocabulary of watchword: frozen values and enumerations that every other room speaks in.

Standard library only.  Nothing here reads, writes, waits or decides; a value is made once and never changes.
"""
