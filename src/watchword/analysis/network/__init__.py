"""What of a network is open to the internet, what lies where, and what stands before it.  Pure."""
