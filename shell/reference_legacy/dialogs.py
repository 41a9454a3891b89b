"""The modal dialogues: questions before something is written, lost or left."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import Enum, auto

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from shell.reference_legacy.patient_line import spoken_date
from shell.reference_legacy.style import plain_label

YEARS = range(1900, 2200)
"""Days outside are slips of the key."""

KEYS = (
    ("F1", "This list"),
    ("F2", "Find a patient"),
    ("F3", "Book the open patient into the slot under the cursor"),
    ("F4", "Cancel the booking under the cursor"),
    ("F5", "Patients screen"),
    ("F6", "Appointments screen"),
    ("F7", "Edit the open patient"),
    ("F8", "The next free slot"),
    ("F9 / F11", "The day before / the next day"),
    ("Ctrl+G", "Go to a date"),
    ("F10", "Save"),
    ("F12", "Exit"),
    ("Esc", "Back"),
)


class SaveChoice(Enum):
    """What to do with unsaved work."""

    SAVE = auto()
    DISCARD = auto()
    STAY = auto()


def ask_save(parent: QWidget, patient: str) -> SaveChoice:
    """Ask about unsaved work. Enter saves, Esc stays."""
    box = _box(parent, "Save changes?", f"Patient {patient} has changes that are not saved. Save them?")
    save = box.addButton("&Save", QMessageBox.ButtonRole.AcceptRole)
    discard = box.addButton("&Discard", QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton("S&tay", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(save)
    box.setEscapeButton(stay)
    clicked = _run_box(box)
    choices = {save: SaveChoice.SAVE, discard: SaveChoice.DISCARD}
    return next((choice for button, choice in choices.items() if button is clicked), SaveChoice.STAY)


def ask_row_changed(parent: QWidget, lines: Sequence[str]) -> bool:
    """Say that a row changed since it was read; whether what was typed shall stay typed.

    Enter and Esc keep it: only a chosen button gives it up.
    """
    text = "This record was changed by someone else since you opened it. Nothing was saved."
    box = _box(parent, "Row changed", "\n".join([text, "", *lines]))
    keep = box.addButton("&Keep what I typed", QMessageBox.ButtonRole.RejectRole)
    reload_button = box.addButton("&Reload", QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(keep)
    clicked = _run_box(box)
    return clicked is not reload_button


def ask_cancel_booking(parent: QWidget, facts: Mapping[str, str]) -> bool:
    """Ask whether a booking is really to be cancelled: F4 cancels it, Enter and Esc keep it."""
    return _confirmed(parent, "Cancel booking", facts, ("Cancel &booking  F4", "F4", "&Keep booking"))


def ask_book(parent: QWidget, facts: Mapping[str, str]) -> bool:
    """Ask whether to book: F3 and Enter book, Esc does not."""
    return _confirmed(parent, "Book appointment", facts, ("&Book  F3", "F3", "Cancel"), enter_confirms=True)


def tell(parent: QWidget, title: str, text: str) -> None:
    """Say something that has to be read before anything else."""
    box = _box(parent, title, text)
    box.addButton("&Close", QMessageBox.ButtonRole.RejectRole)
    _run_box(box)


def show_help(parent: QWidget) -> None:
    """List the keys."""
    dialog = QDialog(parent)
    dialog.setWindowTitle("Help")
    grid = QGridLayout(dialog)
    for row, (key, meaning) in enumerate(KEYS):
        grid.addWidget(plain_label(key), row, 0)
        grid.addWidget(plain_label(meaning), row, 1)
    close = QPushButton("&Close")
    close.clicked.connect(dialog.accept)
    grid.addWidget(close, len(KEYS), 1, Qt.AlignmentFlag.AlignRight)
    run(dialog)


def ask_date(parent: QWidget, today: date, shown: date) -> date | None:
    """Ask for a day; None when Esc was pressed."""
    dialog = QDialog(parent)
    dialog.setWindowTitle("Go to date")
    field = QLineEdit(spoken_date(shown))
    field.setAccessibleName("Date")
    field.selectAll()
    said = plain_label("17/11/2026, 17/11, t for today, +7 or -7 days. Then Enter.")
    layout = QVBoxLayout(dialog)
    layout.addWidget(field)
    layout.addWidget(said)

    def check() -> None:
        if parse_day(field.text(), today, shown) is None:
            said.setText("That is not a date. Write it as in 17/11/2026.")
            field.selectAll()
        else:
            dialog.accept()

    field.returnPressed.connect(check)
    return parse_day(field.text(), today, shown) if run(dialog) else None


def parse_day(text: str, today: date, shown: date) -> date | None:
    """Read a day as people type it: `17/11/2026`, `17/11`, `2026-11-17`, `t`, `+7`; None if it is none."""
    words = text.strip().lower().replace(".", "/")
    try:
        if words == "t":
            return today
        if words[:1] in {"+", "-"}:
            day = shown + timedelta(days=int(words))
        elif "/" in words:
            number, month, year = (*(int(part) for part in words.split("/")), shown.year)[:3]
            day = date(year, month, number)
        else:
            day = date.fromisoformat(words)
    except (ValueError, OverflowError, TypeError):
        return None
    return day if day.year in YEARS else None


def _confirmed(
    parent: QWidget,
    title: str,
    facts: Mapping[str, str],
    buttons: tuple[str, str, str],
    *,
    enter_confirms: bool = False,
) -> bool:
    """Show facts with two buttons.

    Args:
        parent: the window.
        title: the dialogue's title.
        facts: what it is about, by name.
        buttons: the text and the key of the one that confirms, the text of the other.
        enter_confirms: which of them Enter presses.
    """
    dialog = QDialog(parent)
    dialog.setWindowTitle(title)
    dialog.setMinimumWidth(320)
    grid = QGridLayout(dialog)
    for row, (name, text) in enumerate(facts.items()):
        grid.addWidget(plain_label(name), row, 0)
        grid.addWidget(plain_label(text), row, 1)
    yes, no = QPushButton(buttons[0]), QPushButton(buttons[2])
    yes.clicked.connect(dialog.accept)
    no.clicked.connect(dialog.reject)
    default = yes if enter_confirms else no
    default.setDefault(True)
    default.setFocus()
    QShortcut(QKeySequence(buttons[1]), dialog, dialog.accept)
    row_of_buttons = QHBoxLayout()
    row_of_buttons.addStretch(1)
    row_of_buttons.addWidget(yes)
    row_of_buttons.addWidget(no)
    grid.addLayout(row_of_buttons, len(facts), 0, 1, 2)
    return run(dialog)


def run(dialog: QDialog) -> bool:
    """Show a dialogue before everything else; whether it was accepted."""
    dialog.setModal(True)
    accepted = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    return accepted


def _run_box(box: QMessageBox) -> QAbstractButton | None:
    box.exec()
    clicked: QAbstractButton | None = box.clickedButton()
    box.deleteLater()
    return clicked


def _box(parent: QWidget, title: str, text: str) -> QMessageBox:
    box = QMessageBox(parent)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setText(text)
    return box
