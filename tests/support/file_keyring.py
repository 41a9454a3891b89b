"""A key store for programs that a test starts: no desktop session is there to have a real one.

Named to a program by PYTHON_KEYRING_BACKEND; where its file is, by BANYAN_TEST_KEYRING.
"""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend


class FileKeyring(KeyringBackend):
    """Keeps keys in a plain file, as nothing outside of tests may."""

    priority = 5

    def get_password(self, service: str, username: str) -> str | None:
        """A key; None: there is none."""
        return self.held().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a key."""
        _file().write_text(json.dumps(self.held() | {f"{service}/{username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        """Nobody asks for it."""
        raise NotImplementedError

    def held(self) -> dict[str, str]:
        """All keys."""
        held: dict[str, str] = json.loads(_file().read_text()) if _file().exists() else {}
        return held


def _file() -> Path:
    return Path(os.environ["BANYAN_TEST_KEYRING"])
