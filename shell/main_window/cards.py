"""What is laid over the panes for a moment: the palette and the questions; the keys go back after it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from shell.context.hub import Vote
from shell.context.shown import Side
from shell.hosts.desk_page import DeskPage
from shell.hosts.key_frame import KeyFrame
from shell.main_window.apps import Apps
from shell.main_window.desk_card import DeskCard
from shell.main_window.dialogs import CloseCard, UnsavedWork, VoteCard, WordsCard
from shell.main_window.draft_line import DraftLine
from shell.main_window.finding import APP_ICON, Action, Found, is_too_little, missing_words
from shell.main_window.network import Cloud
from shell.main_window.overlay import Card, Overlay
from shell.main_window.palette import Palette
from shell.main_window.printing import Printing
from shell.main_window.theme import Theme
from shell.main_window.unread import Unread
from shell.patient import Patient
from shell.switchboard import Switchboard
from web_modules.fhir.patient_search import read_wanted

_TYPING_MILLISECONDS = 120
"""A search goes out when the typing rests so long."""
KEYS = (
    ("Ctrl K", "Find a patient, a function or a view"),
    ("Ctrl 1 – 9", "Open the functions, in the order of the list"),
    ("Alt 1", "Legacy screen"),
    ("Alt 2", "Both side by side"),
    ("Alt 3", "New page"),
    ("Ctrl J", "Show where this is on the other side, beside it"),
    ("Ctrl Enter", "Save in the new page"),
    ("Ctrl P", "Print the new page"),
    ("Ctrl Shift X", "Close the patient"),
    ("Ctrl Shift D", "Conflict desk"),
    ("Ctrl Shift L", "Lock the window"),
    ("Ctrl /", "This list"),
    ("Esc", "Back"),
)


class Place(Protocol):
    """What the cards need of the window that they lie on."""

    overlay: Overlay
    apps: Apps
    patient: Patient | None
    drafts: DraftLine | None

    def today(self) -> date:
        """The environment's day."""

    def recent(self) -> Sequence[Patient]:
        """Who was open before, the last one first."""

    def below_banner(self) -> int:
        """Where the banner ends."""

    def draft_kept(self) -> str:
        """When what stands on the page was kept; empty while nothing is, or it is not yet."""

    def freeze_panes(self, *, is_frozen: bool) -> None:
        """Show a picture in place of each foreign window, or the window itself again."""

    def withheld(self) -> int:
        """How many confidential patients are only on the legacy screen."""

    def give_keys_back(self, side: Side | None) -> None:
        """Give the keys to the pane that had them, or to what is on the glass now."""

    def show_notice(self, words: str) -> None:
        """Say something that needs no answer."""

    def unread(self, why: Unread) -> tuple[str, str]:
        """What is said where patients cannot be seen: what it is, and what to do."""

    def goals(self) -> list[Action]:
        """All that can be gone to."""

    def act(self, action: str) -> None:
        """Do one of the actions."""


class Cards(QObject):
    """Opens one card at a time over a window."""

    unanswered = Signal(str)
    """A question could not be asked behind the lock; what to do instead."""
    lock_wanted = Signal()
    locked = Signal()

    def __init__(
        self,
        theme: Theme,
        place: Place,
        switchboard: Switchboard,
        cloud: Cloud,
        frame: KeyFrame,
    ) -> None:
        super().__init__(place.overlay)
        self._theme = theme
        self._place = place
        self._board = switchboard
        self._cloud = cloud
        self._frame = frame
        self._desk: DeskPage | None = None
        self.printing: Printing | None = None
        self._keys_were: Side | None = None
        self._keys_at_lock: Side | None = None
        self.is_locked = False
        """Whether all is covered by the lock: nothing opens then, and no key is the window's."""
        self._words = ""
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MILLISECONDS)
        self._typing.timeout.connect(self._search)
        place.overlay.closed.connect(self._closed)

    @property
    def palette(self) -> Palette | None:
        """The palette while it is open."""
        card = self._place.overlay.card
        return card if isinstance(card, Palette) else None

    @property
    def is_asking(self) -> bool:
        """Whether a question waits for its answer: keys are not the window's then."""
        return self.is_locked or (self._place.overlay.is_open and self._passing is None)

    @property
    def is_desk_unsaved(self) -> bool:
        """Whether something typed on the conflict desk is not written yet."""
        return self._desk is not None and self._desk.is_unsaved

    @property
    def has_more_to_lose(self) -> bool:
        """Whether the window holds what closing it would lose, or leave behind, beside the panes' work."""
        return self.is_desk_unsaved or self._only_here > 0

    @property
    def _only_here(self) -> int:
        """How many drafts end with the window."""
        return self._place.drafts.only_here if self._place.drafts is not None else 0

    @property
    def _passing(self) -> Card | None:
        """The palette or the desk while it is open: any key of the window leads on from there."""
        card = self._place.overlay.card
        return card if isinstance(card, Palette | DeskCard) else None

    def take_desk(self, desk: DeskPage) -> None:
        """Have the page of the conflict desk to show."""
        desk.hide()
        desk.setParent(self._place.overlay)
        self._desk = desk

    def open_desk(self) -> None:
        """Show what waits for a person, of the whole practice; again: back."""
        if isinstance(self._passing, DeskCard):
            self.close()
        elif self._desk is None:
            self._place.show_notice(
                "This cloud has no conflict desk: banyan-bridge conflicts lists what waits."
            )
        else:
            self._open_desk(self._desk, "")

    def open_differences(self) -> None:
        """Show where the two sides differ on the open patient, and what of theirs could not cross."""
        patient = self._place.patient
        if patient is None or self._desk is None:
            self.open_desk()
        else:
            self._open_desk(self._desk, patient.fhir_id)

    def patient_changed(self, patient: Patient | None) -> None:
        """What is shown of the patient before goes."""
        card = self._place.overlay.card
        if isinstance(card, DeskCard) and card.of and (patient is None or card.of != patient.fhir_id):
            self.close()

    def _open_desk(self, desk: DeskPage, of: str) -> None:
        card = DeskCard(self._theme, desk, self._place.overlay, of)
        card.closed.connect(self._place.overlay.close_card)
        if self._show(card):
            desk.open(of)

    def print_page(self) -> None:
        """Ask which printer the page goes to."""
        if self.printing is not None:
            self.printing.ask()

    def open_palette(self) -> None:
        """Find a patient, or go somewhere."""
        self._open_palette(self._place.goals(), self._place.recent())

    def open_apps(self) -> None:
        """Choose an application."""
        self._open_palette([action for action in self._place.goals() if action.icon == APP_ICON])

    def _open_palette(self, goals: Sequence[Action], recent: Sequence[Patient] = ()) -> None:
        palette = Palette(self._theme, goals, recent, self._place.today())
        palette.searched.connect(self._typed)
        palette.patient_chosen.connect(self._open)
        palette.action_chosen.connect(self._act)
        palette.dismissed.connect(self._place.overlay.close_card)
        palette.resized.connect(self._place.overlay.arrange)
        self._show(palette, at_top=True)

    def ask_vote(self, wanted: Patient | None, sides: Sequence[Side]) -> None:
        """Ask what becomes of unsaved work before the patient changes."""
        card = VoteCard(self._theme, self._place.patient, wanted, self._work(sides), self._place.today())
        card.voted.connect(self._voted)
        if not self._show(card):
            self._board.vote(Vote.STAY)

    def ask_close(self, sides: Sequence[Side], leave: Callable[[], None]) -> None:
        """Ask whether the window is closed although work is not saved."""

        def saved(is_done: bool) -> None:
            if is_done:
                leave()
            else:
                self._place.show_notice("The work could not be saved; the window stays open.")

        def left() -> None:
            if Side.CLOUD in sides:
                self._board.settle(Vote.LEAVE, [Side.CLOUD], lambda _done: leave())
            else:
                leave()

        work = replace(self._work(sides), only_here=self._only_here)
        card = CloseCard(self._theme, self._place.patient, work)
        card.save_and_close.connect(self._place.overlay.close_card)
        card.save_and_close.connect(lambda: self._board.settle(Vote.SAVE, sides, saved))
        card.close_anyway.connect(left)
        card.stay.connect(self._place.overlay.close_card)
        if not self._show(card) and self.is_locked:
            self.unanswered.emit("Work is not saved yet. Go on first, then close the window.")

    def _work(self, sides: Sequence[Side]) -> UnsavedWork:
        place = self._place
        return UnsavedWork(
            sides=tuple(sides),
            has_desk=self.is_desk_unsaved,
            kept=place.draft_kept(),
            are_drafts_kept=place.drafts is not None and place.drafts.are_kept,
            app=place.apps.keeps() if Side.CLOUD in sides else "",
        )

    def show_keys(self) -> None:
        """List the keys."""
        card = WordsCard(self._theme, "Keys", KEYS)
        card.closed.connect(self._place.overlay.close_card)
        self._show(card)

    def lock(self) -> None:
        """Have nothing of the panes seen, and keep in mind who had the keys."""
        self._keys_at_lock = self._frame.owner
        self.is_locked = True
        self.locked.emit()
        self._board.lock(is_locked=True)

    def unlock(self) -> None:
        """Undo `lock`; the keys go back."""
        self.is_locked = False
        self._board.lock(is_locked=False)
        card = self._place.overlay.card
        if card is not None:
            self._frame.give_to_shell(card.first)
        else:
            self._place.give_keys_back(self._keys_at_lock)

    def close(self) -> None:
        """Take away what lies there."""
        self._place.overlay.close_card()

    def after_palette(self, chosen: Callable[[], object]) -> None:
        """Do what was chosen, then take the palette or the desk away.

        A card that this opens takes its place instead: the picture of the foreign window below it was taken
        before the palette came, and another one would be a picture of the palette.
        """
        passing = self._passing
        chosen()
        if passing is not None and self._passing is passing:
            self.close()

    def _show(self, card: Card, *, at_top: bool = False) -> bool:
        """Open a card, unless a program's own question waits, which would lie over it, or all is locked."""
        if self.is_locked or self._board.program_asks():
            card.deleteLater()
            return False
        overlay = self._place.overlay
        if not overlay.is_open:
            self._keys_were = self._frame.owner
            self._place.freeze_panes(is_frozen=True)
            self._board.overlay(is_open=True)
        overlay.open_card(card, self._place.below_banner, at_top=at_top)
        self._frame.give_to_shell(card.first)
        return True

    def _closed(self) -> None:
        self._typing.stop()
        self._board.overlay(is_open=False)
        self._place.freeze_panes(is_frozen=False)
        self._place.give_keys_back(self._keys_were)

    def _voted(self, vote: Vote) -> None:
        self._place.overlay.close_card()
        self._board.vote(vote)

    def _typed(self, words: str) -> None:
        self._words = words
        if words:
            self._typing.start()

    def _search(self) -> None:
        words = self._words
        wanted = read_wanted(words, self._place.today())
        if not is_too_little(wanted):
            self._cloud.search(wanted, lambda patients: self._found(words, patients))
        elif self.palette is not None:
            self.palette.show_trouble("Type one more letter.", "Too many names begin with one.")

    def _found(self, words: str, found: Found | Unread) -> None:
        palette = self.palette
        if palette is None or words != palette.words():
            return
        if isinstance(found, Unread):
            palette.show_trouble(*self._place.unread(found))
            return
        current = self._place.patient
        open_id = current.fhir_id if current else None
        palette.show_patients(
            found, self._place.today(), open_id, missing_words(found, self._place.withheld())
        )

    def _open(self, patient: Patient) -> None:
        self.after_palette(lambda: self._board.open_patient(patient))

    def _act(self, action: str) -> None:
        self.after_palette(lambda: self._place.act(action))
