"""What must be true: the control catalogue, the eleven requirements, the pillars, maturity."""
