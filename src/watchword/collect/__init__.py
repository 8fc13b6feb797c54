"""The collectors: the only room that reads the outside world."""
