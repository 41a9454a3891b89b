"""The questions: unsaved work before a change of patient or the end, and cards that only say something."""

from collections.abc import Sequence
from datetime import date
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout

from shell.context.hub import Vote
from shell.context.shown import Side
from shell.main_window.overlay import Card
from shell.main_window.parts import button, label, picture, rich_label, row, rule
from shell.main_window.theme import Theme
from shell.patient import Patient

SIDE_WORDS = {Side.LEGACY: "Legacy screen", Side.CLOUD: "New page"}


class VoteCard(Card):
    """What becomes of unsaved work before the patient changes; the keys are on staying.

    Args:
        theme: the look.
        mine: who is open.
        wanted: who was chosen; None: closing.
        sides: those that hold unsaved work.
        today: the environment's day.
    """

    voted = Signal(object)
    """A `Vote`."""

    def __init__(
        self, theme: Theme, mine: Patient | None, wanted: Patient | None, sides: Sequence[Side], today: date
    ) -> None:
        super().__init__()
        column = self.scrolling(theme.px(616), theme.px(24), theme.px(14))
        column.addWidget(
            label("Before you change patient" if wanted else "Before you close the patient", "title")
        )
        said = rich_label("read")
        said.setWordWrap(True)
        said.setText(_what_is_unsaved(mine, sides))
        column.addWidget(said)
        here = _SmallIdentity(theme, "Open now", mine, today)
        arrow = picture(theme, "arrow", size=20)
        there = _SmallIdentity(theme, "You chose" if wanted else "After that", wanted, today)
        pair = row(here, arrow, there, spacing=theme.px(12))
        pair.setStretch(0, 1)
        pair.setStretch(2, 1)
        column.addLayout(pair)
        column.addLayout(_work_table(theme, sides))
        save = button("Save to the record", "main", "S")
        drop = button("Discard it")
        stay = button("Stay here", "plain", "Esc")
        is_cloud_only = Side.LEGACY not in sides
        drop.setEnabled(is_cloud_only)
        for made, vote in ((save, Vote.SAVE), (drop, Vote.DISCARD), (stay, Vote.STAY)):
            made.clicked.connect(lambda _=False, vote=vote: self.voted.emit(vote))
        self.letter("s", save)
        self.never_by_enter(drop)
        self.escaped.connect(lambda: self.voted.emit(Vote.STAY))
        self.first = stay
        self.foot.addLayout(
            _choices(
                theme,
                (
                    (save, "Then change patient. Both sides get it."),
                    (
                        drop,
                        "What was typed on the new page is lost."
                        if is_cloud_only
                        else "The legacy screen throws away only by its own keys.",
                    ),
                    (stay, "Nothing changes."),
                ),
            )
        )


class CloseCard(Card):
    """What becomes of unsaved work before the window closes; the keys are on staying.

    Args:
        theme: the look.
        mine: who is open.
        sides: those that hold unsaved work.
    """

    save_and_close = Signal()
    close_anyway = Signal()
    stay = Signal()

    def __init__(self, theme: Theme, mine: Patient | None, sides: Sequence[Side]) -> None:
        super().__init__()
        column = self.scrolling(theme.px(616), theme.px(24), theme.px(14))
        column.addWidget(label("Before you close Banyan", "title"))
        said = rich_label("read")
        said.setWordWrap(True)
        said.setText(_what_is_unsaved(mine, sides))
        column.addWidget(said)
        column.addLayout(_work_table(theme, sides))
        save = button("Save, then close", "main", "S")
        leave = button("Close without saving")
        stay = button("Stay here", "plain", "Esc")
        save.clicked.connect(self.save_and_close)
        leave.clicked.connect(self.close_anyway)
        stay.clicked.connect(self.stay)
        self.letter("s", save)
        self.never_by_enter(leave)
        self.escaped.connect(self.stay)
        self.first = stay
        asks = "The legacy program asks once more by itself." if Side.LEGACY in sides else "It is lost."
        self.foot.addLayout(
            _choices(theme, ((save, "Both sides get it."), (leave, asks), (stay, "Nothing changes.")))
        )


class WordsCard(Card):
    """Says something in lines and goes away on any usual key.

    Args:
        theme: the look.
        title: above the lines.
        lines: pairs of a key or nothing, and a sentence.
    """

    closed = Signal()

    def __init__(self, theme: Theme, title: str, lines: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        column = self.scrolling(theme.px(560), theme.px(24), theme.px(14))
        column.addWidget(label(title, "title"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.px(16))
        grid.setVerticalSpacing(theme.px(8))
        grid.setColumnStretch(1, 1)
        for place, (key, sentence) in enumerate(lines):
            words = label(sentence, "read")
            words.setWordWrap(True)
            caps = QHBoxLayout()
            caps.setSpacing(theme.px(4))
            for cap in key.split(" ") if key else ():
                caps.addWidget(label(cap, "key"))
            caps.addStretch(1)
            grid.addLayout(caps, place, 0)
            grid.addWidget(words, place, 1)
        column.addLayout(grid)
        done = button("Close", "plain", "Esc")
        done.clicked.connect(self.closed)
        self.escaped.connect(self.closed)
        self.first = done
        self.foot.addLayout(row(None, done))


class _SmallIdentity(QFrame):
    """Who, in three lines."""

    def __init__(self, theme: Theme, head: str, patient: Patient | None, today: date) -> None:
        super().__init__()
        self.setObjectName("identitySmall")
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(12), theme.px(6), theme.px(12), theme.px(8))
        column.setSpacing(theme.px(2))
        column.addWidget(label(head, "small"))
        name = label(patient.name if patient else "No patient", "heading")
        name.setWordWrap(True)
        column.addWidget(name)
        if patient is not None:
            for words in (f"Born {patient.born_words(today)}", f"NHS No. {patient.number_words}"):
                said = label(words)
                said.setWordWrap(True)
                column.addWidget(said)
        column.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)


def _what_is_unsaved(mine: Patient | None, sides: Sequence[Side]) -> str:
    name = f" for <b>{escape(mine.name)}</b>" if mine else ""
    where = " and ".join("the legacy screen" if side is Side.LEGACY else "the new page" for side in sides)
    return f"Work{name} on {where} is not in the record yet."


def _work_table(theme: Theme, sides: Sequence[Side]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.px(24))
    grid.setVerticalSpacing(theme.px(6))
    grid.setColumnStretch(1, 1)
    grid.addWidget(label("Where", "cap"), 0, 0)
    grid.addWidget(label("Not saved yet", "cap"), 0, 1)
    for place, side in enumerate((Side.CLOUD, Side.LEGACY)):
        is_unsaved = side in sides
        grid.addWidget(rule(theme, name="fadeRule"), 2 * place + 1, 0, 1, 2)
        grid.addWidget(label(SIDE_WORDS[side], "strong" if is_unsaved else ""), 2 * place + 2, 0)
        words = label("changes that were typed and not saved" if is_unsaved else "nothing")
        words.setWordWrap(True)
        grid.addWidget(words, 2 * place + 2, 1)
    return grid


def _choices(theme: Theme, choices: Sequence[tuple[QPushButton, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.px(12))
    grid.setVerticalSpacing(theme.px(4))
    for place, (made, words) in enumerate(choices):
        made.setProperty("size", "tall")
        grid.addWidget(made, 0, place)
        said = label(words, "small")
        said.setWordWrap(True)
        said.setAlignment(Qt.AlignmentFlag.AlignTop)
        grid.addWidget(said, 1, place)
        grid.setColumnStretch(place, 1)
    return grid
