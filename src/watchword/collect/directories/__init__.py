"""Reads directories of people: accounts and groups as each directory tells them, and what of it cannot be believed."""
