"""Whether a resource may be stored: the JSON Schema, and the rules that it misses."""
