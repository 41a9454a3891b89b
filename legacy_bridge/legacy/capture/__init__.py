"""Tells which legacy records changed, in whichever way the database allows."""
