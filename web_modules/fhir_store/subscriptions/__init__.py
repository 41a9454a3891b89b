"""R4 Subscriptions: what is asked for at the door, what matches it, and how subscribers are told."""
