"""The names of contexts."""

import secrets


def new_token() -> str:
    """A name that nobody can guess."""
    return secrets.token_urlsafe(12)
