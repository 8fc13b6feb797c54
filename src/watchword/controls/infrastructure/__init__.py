"""Controls of the infrastructure pillar; importing this package registers them."""
