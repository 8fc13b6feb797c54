"""View-models: what each page shows, made from values by pure functions.  Nothing is read here and no time is asked."""
