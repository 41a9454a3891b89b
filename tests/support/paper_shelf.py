"""A shelf of drafts in memory, for windows and hosts whose disk is not what is tested."""

from datetime import UTC, datetime
from pathlib import Path

from shell.drafts.draft import Draft
from shell.drafts.errors import NoKeyStoreError
from shell.drafts.shelf import Shelf
from shell.drafts.store import StorePlace


def paper_shelf() -> Shelf:
    """It is never started, so nothing is written."""
    return Shelf(
        lambda: StorePlace(Path("/nowhere"), "nobody", _none),
        lambda then: then(),
        lambda: datetime.now(UTC),
        window="w1",
    )


class PaperPages:
    """Pages that note what they are asked to take up."""

    def __init__(self) -> None:
        self.live: set[str] = set()
        self.typed: Draft | None = None
        self.taken_up: list[Draft] = []

    def live_drafts(self) -> set[str]:
        return self.live

    def typed_now(self) -> Draft | None:
        return self.typed

    def take_up(self, draft: Draft) -> None:
        self.taken_up.append(draft)


def _none(_owner: str) -> bytes:
    raise NoKeyStoreError("This computer has no key store.")
