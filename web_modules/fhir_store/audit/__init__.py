"""Who did what with the records: AuditEvents in a chain that shows whether one was changed or taken away."""
