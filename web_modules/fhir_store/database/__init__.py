"""The tables, the connections, and the only SQL that changes a record."""
