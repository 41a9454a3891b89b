"""What can go wrong with the file of drafts; each message says what that means for what is typed.

ShellError
└── DraftsError
    ├── NoKeyStoreError   there is nowhere to keep the key: drafts live as long as the window
    └── DraftsFileError   the file cannot be written now: tried again by itself
        └── DamagedError  the file cannot be read: it is set aside and a new one begun
"""

from shell.errors import ShellError


class DraftsError(ShellError):
    """Drafts are not on the disk."""


class NoKeyStoreError(DraftsError):
    """The system has no store for keys, or it does not open."""


class DraftsFileError(DraftsError):
    """The file cannot be written now."""


class DamagedError(DraftsFileError):
    """The file is not what was written, or was written with another key."""
