"""Reads of AWS, one module a service; see ``collect.reads`` for the form."""
