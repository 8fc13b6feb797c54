"""People and what they may ask for: inviting and ending them, whose accounts are, roles, guests, directories."""
