"""Opens the journal for commands that look at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from legacy_bridge.errors import SideUnavailable
from legacy_bridge.settings import BridgeSettings, load_settings


@contextmanager
def opened(practice: str | None, journal: str | None, settings: Path | None) -> Iterator[Any]:
    """The settings, and the journal, which is only read.

    Raises:
        SettingsWrong: a setting or the journal's key is wrong.
        SideUnavailable: there is no such journal.
    """
    found = load_settings(
        {"practice": practice, "journal": journal}, file=settings, needed=("practice", "journal")
    )
    with journal_of(found) as book:
        yield found, book


@contextmanager
def journal_of(settings: BridgeSettings) -> Iterator[Any]:
    """The journal that a bridge with some settings has made; for reading.

    Raises:
        SettingsWrong: its key is wrong.
        SideUnavailable: there is none.
    """
    from legacy_bridge.journal.database import engine_of, journal_url
    from legacy_bridge.journal.journal import SqlJournal

    url = journal_url(settings.journal)
    path = url.removeprefix("sqlite:///")
    if url.startswith("sqlite:///") and not Path(path).is_file():
        raise SideUnavailable(f"There is no journal {path} yet: banyan-bridge run makes it.")
    engine = engine_of(url, settings.journal_key)
    try:
        yield SqlJournal(engine, settings.practice, None)
    finally:
        engine.dispose()
