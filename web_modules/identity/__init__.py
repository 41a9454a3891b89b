"""Who asks: people, sessions, sign-in, and what a module is given."""
