"""Starts the reference practice, cloud, bridge and shell as a user would, and ends them together."""
