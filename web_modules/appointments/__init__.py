"""The module of the function appointments (C5): a day's book, booking, cancelling."""
