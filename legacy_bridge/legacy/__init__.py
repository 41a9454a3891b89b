"""The legacy database: its tables, how changes are captured, and how rows are read and written."""
