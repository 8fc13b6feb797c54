"""Routes of the console: each asks the rooms, makes a view of what they say, and renders it.  Nothing is decided here."""
