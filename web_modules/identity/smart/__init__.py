"""The SMART App Launch authorisation server of a practice."""
