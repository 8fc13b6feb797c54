"""Controls of the identity pillar; importing this package registers them."""
