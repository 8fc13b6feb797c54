"""Controls of the network pillar; importing this package registers them."""
