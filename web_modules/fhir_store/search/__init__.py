"""Finding resources: what is asked, the conditions, the statements."""
