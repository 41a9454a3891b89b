"""The conflict desk: what the two sides disagree on, and what could not cross."""
