"""Controls of the data pillar; importing this package registers them."""
