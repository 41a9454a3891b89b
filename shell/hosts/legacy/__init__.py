"""What a legacy program's description says, and how its program is driven and read by it."""
