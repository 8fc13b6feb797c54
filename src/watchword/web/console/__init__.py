"""The console: pages for people.  Values in, HTML out; it reads without JavaScript and is built without a build."""
