"""The clinical record: consultations, and what is coded in them."""
