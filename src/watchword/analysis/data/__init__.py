"""Reasoning about data: which is sensitive, and which should not stand where it stands."""
