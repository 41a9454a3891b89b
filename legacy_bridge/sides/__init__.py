"""The seams of the mirror: what the bridge's parts say to one another, and nothing that does anything."""
