"""Foreign windows of the desktop: found, taken in, given keys, given back."""
