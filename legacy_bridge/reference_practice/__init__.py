"""Creates a practice in the shape of a real legacy database, and fills it: generated, or from an extract."""
