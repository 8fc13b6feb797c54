"""Controls of the applications pillar; importing this package registers them."""
