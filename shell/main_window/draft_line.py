"""What the window says of drafts: one line that offers one, when it was kept, how many there are."""

from datetime import datetime
from html import escape
from typing import Protocol

from shell.drafts.draft import Draft
from shell.drafts.shelf import Shelf
from shell.drafts.wording import begun_words, clock_words, kept_words
from shell.main_window.freshness import PRACTICE_ZONE
from shell.main_window.notice import LOSING, Choice, Notice
from shell.main_window.status_bar import StatusBar
from shell.patient import Patient
from web_modules.decision.words import Function

CHOICES: tuple[Choice, ...] = (
    ("go-on", "Go on", None, "plain"),
    ("throw-away", "Throw away", None, LOSING),
)


class DraftPages(Protocol):
    """The pages, as far as drafts go."""

    def live_drafts(self) -> set[str]:
        """The ids of the drafts that stand on pages as they are typed."""

    def typed_now(self) -> Draft | None:
        """The draft on the page on the glass."""

    def take_up(self, draft: Draft) -> None:
        """Have the page on the glass take up a draft, if it is its own."""


class DraftLine:
    """Offers, counts and dates drafts.

    Args:
        shelf: of the person.
        pages: where they are typed.
        notice: the line.
        status_bar: where they are counted.
    """

    def __init__(self, shelf: Shelf, pages: DraftPages, notice: Notice, status_bar: StatusBar) -> None:
        self._shelf = shelf
        self._pages = pages
        self._notice = notice
        self._status_bar = status_bar
        self._draft: Draft | None = None
        self._patient = ""
        self._told = ""
        self._said = ("", False)
        notice.pressed.connect(self._answer)

    @property
    def are_kept(self) -> bool:
        """Whether drafts outlive this window."""
        return not self._shelf.trouble

    @property
    def only_here(self) -> int:
        """How many drafts end with this window."""
        return self._shelf.count if self._shelf.trouble else 0

    def show(self, patient: Patient | None, function: Function, *, is_seen: bool) -> None:
        """Say what there is to say.

        Args:
            patient: the window's.
            function: on the glass.
            is_seen: whether its page is on the glass and not covered.
        """
        mine = patient.fhir_id if patient is not None else ""
        if mine != self._patient:
            self._patient = mine
            self._shelf.look()  # a window that has ended meanwhile may have left something
        found = self._waiting(patient, function) if is_seen else []
        self._offer(found, patient)
        count = self._shelf.count
        words = f"{count} draft kept" if count == 1 else f"{count} drafts kept" if count else ""
        if self._shelf.trouble:
            words = "Drafts only in this window"
        if (words, not self.are_kept) != self._said:
            self._said = (words, not self.are_kept)
            self._status_bar.show_drafts(words, is_warning=not self.are_kept)

    def untold(self) -> str:
        """Why a draft that there is by now is not kept; empty where that was told, or all is well."""
        words = self._shelf.trouble
        if not words or not self._shelf.count or words == self._told:
            return ""
        self._told = words
        return words

    def kept(self) -> str:
        """When what stands on the page was kept; empty while nothing is typed, or not kept yet."""
        draft = self._pages.typed_now()
        at = self._shelf.kept_at(draft.id) if draft is not None else None
        return kept_words(at) if at is not None else ""

    def waits(self, patient: Patient | None, function: Function) -> str:
        """What is said where a page ended: up to when its work is kept; empty: nothing is."""
        found = self._waiting(patient, function)
        if not found:
            return ""
        until = clock_words(found[0].typed_at)
        return f"What you typed until {until} is kept. Go on with it once the page is open again."

    def _waiting(self, patient: Patient | None, function: Function) -> list[Draft]:
        mine = patient.fhir_id if patient is not None else ""
        return self._shelf.offered(mine, function.value, self._pages.live_drafts())

    def _offer(self, found: list[Draft], patient: Patient | None) -> None:
        draft = found[0] if found else None
        if draft is None:
            self._notice.hide()
        else:
            words = offer_words(draft, patient, more=len(found) - 1)
            if draft != self._draft or self._notice.isHidden() or words != self._notice.words():
                self._notice.say(words, CHOICES)
        self._draft = draft

    def _answer(self, name: str) -> None:
        draft = self._draft
        if draft is None:
            return
        if name == "go-on":
            self._pages.take_up(draft)
        else:
            self._shelf.throw_away(draft.id)


def offer_words(draft: Draft, patient: Patient | None, *, more: int) -> str:
    """What is said of a draft that is offered: when it was begun, for whom, that it is not in the record."""
    today = datetime.now(PRACTICE_ZONE).date()
    whom = f" for <b>{escape(patient.short_name)}</b>" if patient is not None else ""
    others = "" if not more else " One more draft waits." if more == 1 else f" {more} more drafts wait."
    return (
        f"<b>You began this {begun_words(draft.began_at, today)}</b>{whom}. It is not in the record.{others}"
    )
