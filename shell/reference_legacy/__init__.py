"""Halden GP 5.31: a sample legacy program, a process of its own that shares only a database with the rest."""
