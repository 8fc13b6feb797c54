"""One module a revision; once released, a revision never changes."""
