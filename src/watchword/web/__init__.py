"""What people and programs meet over HTTP: the console, the interfaces, signing in."""
