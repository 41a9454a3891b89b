"""How much a bundle may take up in memory beyond what was sent: what it finds, and what it is answered."""

from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse

LARGEST_BUNDLE_BYTES = 64_000_000
"""Twice what may be sent: a transaction that is sent again is answered with what it finds."""


class Room:
    """What is left of it for one bundle."""

    def __init__(self) -> None:
        self._left = LARGEST_BUNDLE_BYTES

    @property
    def is_full(self) -> bool:
        """Whether something did not fit, and nothing will any more."""
        return self._left < 0

    def fits(self, content: bytes | None) -> bool:
        """Whether there is room for this too, which is then taken up."""
        if not self.is_full:
            self._left -= len(content or b"")
        return not self.is_full


def no_room_for_answer() -> Refusal:
    """What to say of an entry that is not answered any more."""
    words = "The answers to this Bundle grow larger than this server sends at once; ask for this by itself."
    return refuse(413, IssueCode.TOO_COSTLY, words)


def no_room_for_writing() -> Refusal:
    """What to say of an entry that is not done any more."""
    words = "What this Bundle finds or changes is larger than this server does at once; send it in parts."
    return refuse(413, IssueCode.TOO_COSTLY, words)
