"""The questions: unsaved work before a change of patient or the end, and cards that only say something."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout

from shell.context.hub import Vote
from shell.context.shown import Side
from shell.main_window.overlay import Card
from shell.main_window.parts import button, label, picture, rich_label, row, rule
from shell.main_window.theme import Theme
from shell.patient import Patient

_LOSE_APP = "Close the app and lose it"
_ONLY_ITSELF = "Only the application can save what it keeps."
SIDE_WORDS = {Side.LEGACY: "Legacy screen", Side.CLOUD: "New page"}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsavedWork:
    """What is not saved, and what is kept of it.

    Attributes:
        sides: those that hold unsaved work.
        has_desk: whether the conflict desk does too.
        kept: when the page's was kept as a draft; empty: not yet.
        are_drafts_kept: whether drafts outlive the window.
        only_here: how many drafts end with the window.
        app: what an application keeps, which nobody else can save or keep; empty when it keeps nothing.
    """

    sides: tuple[Side, ...]
    has_desk: bool = False
    kept: str = ""
    are_drafts_kept: bool = False
    only_here: int = 0
    app: str = ""


class VoteCard(Card):
    """What becomes of unsaved work before the patient changes; the keys are on staying.

    Args:
        theme: the look.
        mine: who is open.
        wanted: who was chosen; None: closing.
        work: what is not saved.
        today: the environment's day.
    """

    voted = Signal(object)
    """A `Vote`."""

    def __init__(
        self, theme: Theme, mine: Patient | None, wanted: Patient | None, work: UnsavedWork, today: date
    ) -> None:
        super().__init__()
        column = self.scrolling(theme.px(616), theme.px(24), theme.px(14))
        column.addWidget(
            label("Before you change patient" if wanted else "Before you close the patient", "title")
        )
        said = rich_label("read")
        said.setWordWrap(True)
        said.setText(_what_is_unsaved(mine, work))
        column.addWidget(said)
        here = _SmallIdentity(theme, "Open now", mine, today)
        arrow = picture(theme, "arrow", size=20)
        there = _SmallIdentity(theme, "You chose" if wanted else "After that", wanted, today)
        pair = row(here, arrow, there, spacing=theme.px(12))
        pair.setStretch(0, 1)
        pair.setStretch(2, 1)
        column.addLayout(pair)
        column.addLayout(_work_table(theme, work))
        save = button("Save to the record", "main", "S")
        drop = button(_LOSE_APP) if work.app else button("Leave as a draft", "plain", "D")
        stay = button("Stay here", "plain", "Esc")
        can_leave = Side.LEGACY not in work.sides
        drop.setEnabled(can_leave)
        save.setEnabled(not work.app)
        for made, vote in ((save, Vote.SAVE), (drop, Vote.LEAVE), (stay, Vote.STAY)):
            made.clicked.connect(lambda _=False, vote=vote: self.voted.emit(vote))
        self.letter("s", save)
        if work.app:
            self.never_by_enter(drop)
        else:
            self.letter("d", drop)
        self.escaped.connect(lambda: self.voted.emit(Vote.STAY))
        self.first = stay
        saved = f"Both sides get it, then the patient {'changes' if wanted else 'is closed'}."
        left = _where_it_waits(mine, work) if can_leave else "The legacy screen keeps no drafts."
        self.foot.addLayout(
            _choices(
                theme,
                (
                    (save, _ONLY_ITSELF if work.app else saved),
                    (drop, left),
                    (stay, "Nothing changes."),
                ),
            )
        )


class CloseCard(Card):
    """What becomes of unsaved work before the window closes; the keys are on staying.

    Args:
        theme: the look.
        mine: who is open.
        work: what is not saved.
    """

    save_and_close = Signal()
    close_anyway = Signal()
    stay = Signal()

    def __init__(self, theme: Theme, mine: Patient | None, work: UnsavedWork) -> None:
        super().__init__()
        column = self.scrolling(theme.px(616), theme.px(24), theme.px(14))
        column.addWidget(label("Before you close Banyan", "title"))
        said = rich_label("read")
        said.setWordWrap(True)
        said.setText(_what_is_unsaved(mine, work))
        column.addWidget(said)
        column.addLayout(_work_table(theme, work))
        is_lost = bool(work.app) or Side.LEGACY in work.sides or not work.are_drafts_kept
        save = button("Save, then close", "main", "S")
        leave = button("Close without saving" if is_lost else "Close and leave a draft")
        stay = button("Stay here", "plain", "Esc")
        save.clicked.connect(self.save_and_close)
        leave.clicked.connect(self.close_anyway)
        stay.clicked.connect(self.stay)
        self.letter("s", save)
        if is_lost:
            self.never_by_enter(leave)
        self.escaped.connect(self.stay)
        self.first = stay
        asks = _where_it_waits(mine, work) if not is_lost else "It is lost."
        if Side.LEGACY in work.sides:
            asks = "The legacy program asks once more by itself."
        # a decision is written only by its own button
        can_save = bool(work.sides) and not work.has_desk and not work.app
        save.setEnabled(can_save)
        saved = "Both sides get it." if can_save else "This is saved only where it was typed."
        saved = _ONLY_ITSELF if work.app else saved
        self.foot.addLayout(_choices(theme, ((save, saved), (leave, asks), (stay, "Nothing changes."))))


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


def _what_is_unsaved(mine: Patient | None, work: UnsavedWork) -> str:
    name = f" for <b>{escape(mine.name)}</b>" if mine and work.sides else ""
    places = ["the legacy screen" if side is Side.LEGACY else "the new page" for side in work.sides]
    places += ["the conflict desk"] * work.has_desk
    if not places:
        return "Drafts that wait in this window are not in the record yet."
    where = " and ".join(places)
    return f"Work{name} on {where} is not in the record yet."


def _where_it_waits(mine: Patient | None, work: UnsavedWork) -> str:
    if work.app:
        return "What the application keeps is lost."
    if not work.are_drafts_kept:
        return "It waits only until this window closes."
    if not work.sides:
        return "It waits for you on the desk."
    return f"It waits for you with {mine.short_name}." if mine else "It waits for you."


def _work_table(theme: Theme, work: UnsavedWork) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.px(24))
    grid.setVerticalSpacing(theme.px(6))
    grid.setColumnStretch(1, 1)
    for place, head in enumerate(("Where", "Not saved yet", "Draft")):
        grid.addWidget(label(head, "cap"), 0, place)
    rows = [(SIDE_WORDS[side], side in work.sides, side is Side.CLOUD) for side in (Side.CLOUD, Side.LEGACY)]
    rows += [("Conflict desk", True, True)] * work.has_desk
    if work.only_here:
        count = f"{work.only_here} draft waits" if work.only_here == 1 else f"{work.only_here} drafts wait"
        rows += [(count, True, True)]
    for place, (where, is_unsaved, has_drafts) in enumerate(rows):
        grid.addWidget(rule(theme, name="fadeRule"), 2 * place + 1, 0, 1, 3)
        grid.addWidget(label(where, "strong" if is_unsaved else ""), 2 * place + 2, 0)
        is_app = bool(work.app) and where == SIDE_WORDS[Side.CLOUD]
        unsaved = "changes that were typed and not saved"
        if is_app:
            unsaved = f"{work.app}, and changes that were typed" if work.kept else work.app
        words = label(unsaved if is_unsaved else "nothing")
        words.setWordWrap(True)
        grid.addWidget(words, 2 * place + 2, 1)
        is_kept = is_unsaved and has_drafts and not (is_app and not work.kept)
        grid.addWidget(_draft_cell(work, is_unsaved=is_kept), 2 * place + 2, 2)
    return grid


def _draft_cell(work: UnsavedWork, *, is_unsaved: bool) -> QLabel:
    if not is_unsaved:
        return label("–")
    words = label(
        "only in this window" if not work.are_drafts_kept else work.kept.removeprefix("Draft ") or "kept",
        "strong",
    )
    words.setObjectName("draftCell")
    words.setProperty("tone", "ok" if work.are_drafts_kept else "warn")
    return words


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
