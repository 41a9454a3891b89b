"""The module of the function patients (C13): find, demographics, contact details."""
