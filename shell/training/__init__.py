"""What training looks like, so that nobody takes it for live work: stripes and a frame (hazard H21)."""
