"""The key of a person's drafts, in the system's key store (Secret Service, Windows Credential Manager)."""

import secrets
from typing import Final

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError

from shell.drafts.errors import NoKeyStoreError

_SERVICE: Final = "banyan-drafts"
_KEY_BYTES: Final = 32
_LEAST_PRIORITY: Final = 1
"""keyring's own word for a backend to be used; those that write plain files lie below."""


def key_of(owner: str) -> bytes:
    """The key of somebody's drafts, made when there is none. Blocks, perhaps until the store is unlocked.

    Not to be called twice at the same time for one owner: both would make one.

    Args:
        owner: the person, with practice and environment.

    Raises:
        NoKeyStoreError: there is no key store, or it does not open.
    """
    try:
        store = _store()
        text = store.get_password(_SERVICE, owner)
        if text is None:
            store.set_password(_SERVICE, owner, secrets.token_hex(_KEY_BYTES))
            text = store.get_password(_SERVICE, owner)
        key = bytes.fromhex(text or "")
    except (KeyringError, RuntimeError, OSError, ValueError) as error:  # a backend's bus may be gone
        raise _none() from error
    if len(key) != _KEY_BYTES:
        raise _none()
    return key


def _store() -> KeyringBackend:
    """The best backend alone: a chain of them would try one that writes plain files after one that failed."""
    store = keyring.get_keyring()
    among: list[KeyringBackend] = list(getattr(store, "backends", ())) or [store]
    if among[0].priority < _LEAST_PRIORITY:
        raise _none()
    return among[0]


def _none() -> NoKeyStoreError:
    return NoKeyStoreError("This computer has no key store, so drafts are not kept when the window closes.")
