"""The bridge's own durable memory: what is dirty, linked, agreed, in conflict, in quarantine."""
