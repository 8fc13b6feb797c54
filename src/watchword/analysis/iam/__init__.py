"""Reasoning about AWS policies: what they say, and whom they let in."""
