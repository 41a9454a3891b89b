"""Transactions and batches: their entries, how they refer to each other, one transaction for all of them."""
