"""What a capture of a legacy database's changes is, whichever way it finds them."""

from collections.abc import Hashable
from typing import Protocol

from legacy_bridge.sides.feeds import ChangeFeed


class Capture(ChangeFeed, Protocol):
    """A legacy feed of one database. Blocks; one thread at a time."""

    def install(self) -> None:
        """Make what it needs in the database, where it is not there yet; may be repeated.

        Raises:
            SideUnavailable: the database refuses, or does not answer.
        """

    @property
    def tells_since(self) -> bool:
        """Whether the database itself, and so a backup of it, tells what was touched since any checkpoint.

        To poll again with an earlier one changes nothing then.
        """

    def data_version(self) -> Hashable:
        """Something that changes whenever somebody else commits; cheap enough to ask many times a second.

        Raises:
            SideUnavailable: the database does not answer.
        """

    def close(self) -> None:
        """Let go of the database."""
