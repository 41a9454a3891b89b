"""The numbered steps by which the tables of the store and of identity came to be what they are."""
