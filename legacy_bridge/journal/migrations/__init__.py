"""The journal's numbered migrations."""
