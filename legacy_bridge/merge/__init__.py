"""Pure: three values of a field in, one value or a conflict out."""
