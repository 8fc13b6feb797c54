"""Controls of the endpoints pillar; importing this package registers them."""
