"""A page from the key to the paper, in the real window."""

import time
from pathlib import Path

import pytest
from PySide6.QtPdf import QPdfDocument

from demo.check.hands import Hands, wait_until
from tests.end_to_end.running import end_run, open_window, screen_in

pytestmark = [pytest.mark.end_to_end, pytest.mark.usefixtures("qapp")]
DIALOG = "Print this page"
ANSWER_SECONDS = 30.0


def words_of(file: Path) -> str:
    """What a PDF says; empty while it is not there or not whole."""
    document = QPdfDocument()
    if not file.exists() or document.load(str(file)) is not QPdfDocument.Error.None_:
        return ""
    return " ".join(document.getAllText(0).text().split())


def test_the_day_book_is_printed_with_its_day_and_who_printed_it(tmp_path: Path) -> None:
    with screen_in(tmp_path / "logs") as screen:
        run = open_window(screen, tmp_path / "state")
        hands = Hands(screen.variables)
        file = tmp_path / "book.pdf"
        try:
            hands.press("alt+3")
            wait_until(lambda: "Booked" in hands.copy(), seconds=ANSWER_SECONDS, what="the day book")
            hands.press("Escape", "ctrl+p")
            wait_until(lambda: hands.windows(name=DIALOG), seconds=ANSWER_SECONDS, what="the dialog")
            hands.press("alt+f", "ctrl+a")
            hands.write(str(file))
            hands.press("Return")
            words = wait_until(lambda: words_of(file), seconds=ANSWER_SECONDS, what="the printed page")
            assert "Appointments" in words
            assert "nothing here is real" in words
            assert "by Dr Priya Nair" in words
            assert "Sheet 1 of" in words
            assert "08:30" in words
            assert "Next free" not in words  # nothing to press
            hands.press("alt+1")  # the legacy program's own key reaches it
            time.sleep(1)
            hands.press("ctrl+p")
            time.sleep(2)
            assert hands.windows(name=DIALOG) == []
        finally:
            end_run(screen, run)
