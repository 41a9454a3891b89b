"""The temporary bridge: mirrors a practice's legacy records and the cloud's, both ways."""
