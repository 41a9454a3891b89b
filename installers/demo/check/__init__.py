"""Drives the real window without a person, on a screen of its own, and proves what the window shows."""
