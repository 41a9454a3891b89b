"""A small practice in a database of its own, and the window on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from sqlalchemy import create_engine

from shell.reference_legacy.book import AppointmentBook
from shell.reference_legacy.database import ChangeWatch, find_practice, open_database
from shell.reference_legacy.patients import PatientRows
from shell.reference_legacy.tables import METADATA
from shell.reference_legacy.window import LegacyWindow, Records
from tests.shell.reference_legacy.legacy_practice import NOW, TODAY, LegacyPractice, fill


@pytest.fixture
def legacy(tmp_path: Path) -> Iterator[LegacyPractice]:
    """A filled practice database."""
    (tmp_path / "practice.db").touch()
    address = f"sqlite:///{tmp_path / 'practice.db'}"
    engine = create_engine(address)
    METADATA.create_all(engine)
    fill(engine)
    practice = find_practice(engine, None)
    yield LegacyPractice(
        address=address,
        engine=engine,
        practice=practice,
        patients=PatientRows(engine, practice),
        book=AppointmentBook(engine, practice),
    )
    engine.dispose()


@pytest.fixture
def open_window(legacy: LegacyPractice, qtbot: QtBot) -> Iterator[Callable[[], LegacyWindow]]:
    """Opens the window on the practice, with a connection of its own."""
    engine = open_database(legacy.address)

    def make() -> LegacyWindow:
        window = LegacyWindow(
            Records(
                practice=legacy.practice,
                patients=PatientRows(engine, legacy.practice),
                book=AppointmentBook(engine, legacy.practice),
                watch=watch,
            ),
            lambda: NOW,
            "DHARTLEY",
        )
        windows.append(window)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        return window

    watch = ChangeWatch(engine)
    windows: list[LegacyWindow] = []
    yield make
    for window in windows:
        window.patients_screen.show_patient(None, TODAY)
        window.close()
        window.deleteLater()
    watch.close()
    engine.dispose()
