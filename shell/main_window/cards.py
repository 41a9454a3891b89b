"""What is laid over the panes for a moment: the palette and the questions; the keys go back after it."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol

from PySide6.QtCore import QObject, QTimer

from shell.context.hub import Vote
from shell.context.shown import Side
from shell.hosts.desk_page import DeskPage
from shell.hosts.key_frame import KeyFrame
from shell.main_window.desk_card import DeskCard
from shell.main_window.dialogs import CloseCard, VoteCard, WordsCard
from shell.main_window.finding import Action, Found, is_too_little, missing_words
from shell.main_window.network import Cloud
from shell.main_window.overlay import Card, Overlay
from shell.main_window.palette import Palette
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
    ("Ctrl Enter", "Save in the new page"),
    ("Ctrl Shift X", "Close the patient"),
    ("Ctrl Shift D", "Conflict desk"),
    ("Ctrl /", "This list"),
    ("Esc", "Back"),
)


class Place(Protocol):
    """What the cards need of the window that they lie on."""

    overlay: Overlay
    patient: Patient | None

    def today(self) -> date:
        """The environment's day."""

    def below_banner(self) -> int:
        """Where the banner ends."""

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
        self._keys_were: Side | None = None
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
        return self._place.overlay.is_open and self._passing is None

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
            card = DeskCard(self._theme, self._desk, self._place.overlay)
            card.closed.connect(self._place.overlay.close_card)
            if self._show(card):
                self._desk.open()

    def open_palette(self) -> None:
        """Find a patient, or go somewhere."""
        palette = Palette(self._theme, self._place.goals())
        palette.searched.connect(self._typed)
        palette.patient_chosen.connect(self._open)
        palette.action_chosen.connect(self._act)
        palette.dismissed.connect(self._place.overlay.close_card)
        palette.resized.connect(self._place.overlay.arrange)
        self._show(palette, at_top=True)

    def ask_vote(self, wanted: Patient | None, sides: Sequence[Side]) -> None:
        """Ask what becomes of unsaved work before the patient changes."""
        card = VoteCard(self._theme, self._place.patient, wanted, sides, self._place.today())
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

        card = CloseCard(self._theme, self._place.patient, sides)
        card.save_and_close.connect(self._place.overlay.close_card)
        card.save_and_close.connect(lambda: self._board.settle(Vote.SAVE, sides, saved))
        card.close_anyway.connect(leave)
        card.stay.connect(self._place.overlay.close_card)
        self._show(card)

    def show_keys(self) -> None:
        """List the keys."""
        card = WordsCard(self._theme, "Keys", KEYS)
        card.closed.connect(self._place.overlay.close_card)
        self._show(card)

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
        """Open a card, unless a program's own question waits, which would lie over it."""
        if self._board.program_asks():
            card.deleteLater()
            return False
        overlay = self._place.overlay
        if not overlay.is_open:
            self._keys_were = self._frame.active
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
