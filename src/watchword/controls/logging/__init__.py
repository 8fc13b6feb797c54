"""Controls of logging, detection and response, which cut across the pillars; importing this package registers them."""
