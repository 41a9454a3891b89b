"""Fixtures of the drafts' tests: a shelf on a file, its answers brought as the window's thread would."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from shell.drafts.draft import Draft
from shell.drafts.shelf import Shelf
from shell.drafts.store import StorePlace

KEY = bytes(range(32))
NOON = datetime(2026, 11, 17, 12, tzinfo=UTC)


def draft(name: str, **more: Any) -> Draft:
    """A draft of a reason for p1."""
    given: dict[str, Any] = {
        "id": name,
        "patient": "p1",
        "function": "appointments",
        "form": "book",
        "content": f'{{"form":"book","at":"/x","fields":[{{"name":"reason","value":"{name}","was":""}}]}}',
        "began_at": NOON,
        "typed_at": NOON,
        "window": "w1",
    }
    return Draft(**(given | more))


class ShelfStage:
    """A shelf whose answers wait until the test takes them."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.answers: Queue[Callable[[], None]] = Queue()
        self.notices: list[str] = []
        self.at = NOON
        key = more.pop("key", lambda _owner: KEY)
        self.place = StorePlace(folder, more.pop("owner", "dawn"), key)
        given: dict[str, Any] = {"window": "w1", "is_open": lambda _window: False} | more
        self.shelf = Shelf(lambda: self.place, self.answers.put, lambda: self.at, **given)
        self.shelf.on_notice = self.notices.append

    def start(self) -> "ShelfStage":
        """Open the file, and know what it has."""
        self.shelf.start()
        self.take()
        return self

    def take(self) -> None:
        """Take one answer, as soon as it comes."""
        self.answers.get(timeout=20)()

    def until(self, condition: Callable[[], object]) -> None:
        """Take answers until something is so."""
        while not condition():
            self.take()

    def kept(self, *drafts: Draft) -> None:
        """Have drafts on the disk."""
        for one in drafts:
            self.shelf.keep(one)
        self.until(lambda: all(self.shelf.kept_at(one.id) for one in drafts))

    def values(self, patient: str = "p1", function: str = "appointments") -> list[str]:
        """The ids of what is offered."""
        return [one.id for one in self.shelf.offered(patient, function, set())]

    def later(self, days: float) -> None:
        """Time passes."""
        self.at += timedelta(days=days)


@pytest.fixture
def open_shelf(tmp_path: Path) -> Iterator[Callable[..., ShelfStage]]:
    """Makes shelves on one folder; their threads end with the test."""
    made: list[ShelfStage] = []

    def make(**more: Any) -> ShelfStage:
        made.append(ShelfStage(tmp_path, **more))
        return made[-1]

    yield make
    for one in made:
        one.shelf.close()
