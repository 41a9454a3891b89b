"""Backups of a whole database: an SQLite database of the same tables, sealed, whatever it was taken from."""
