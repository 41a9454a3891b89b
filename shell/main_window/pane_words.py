"""What each pane says of itself: whom it shows, what is waited for, that its program ended."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from shell.context.hub import ContextHub
from shell.context.shown import Shown, Side
from shell.main_window.freshness import MirrorLine
from shell.main_window.pane import Pane
from shell.main_window.wording import (
    gone_words,
    late_words,
    strip_in_dispute,
    strip_right,
    strip_words,
    utc_now,
)
from shell.patient import Patient
from web_modules.decision.decision import Decision

_LATE_SECONDS = 6  # a veil that stays so long says why


class Place(Protocol):
    """What the panes' words depend on beside the panes."""

    patient: Patient | None

    @property
    def decision(self) -> Decision | None:
        """Of the function on the glass."""

    @property
    def is_cloud_silent(self) -> bool:
        """Whether the cloud cannot be reached."""

    def draft_kept(self) -> str:
        """When what stands on the page was kept; empty while nothing is, or it is not yet."""

    def draft_waits(self) -> str:
        """Up to when work of a page that ended is kept; empty: nothing is."""

    def mirror_line(self) -> MirrorLine | None:
        """How the mirror stands; None while that is not known."""


class PaneWords:
    """The strips of the panes, and what their veils say.

    Args:
        panes: by side.
        place: asked each time.
        hub: of the window's context.
        app_words: what is said of an application over the page, and at the right end, for how fresh the
            cloud's record is; None where there is none.
    """

    def __init__(
        self,
        panes: Mapping[Side, Pane],
        place: Place,
        hub: ContextHub,
        app_words: Callable[[str], tuple[str, str] | None],
    ) -> None:
        self._app_words = app_words
        self._panes = panes
        self._place = place
        self._hub = hub
        self._shown: dict[Side, Shown] = {}
        self._gone: dict[Side, tuple[str, Shown | None]] = {}
        self._veiled_since: dict[Side, datetime] = {}

    def read(self, side: Side, shown: Shown) -> bool:
        """Say what a pane was seen to show.

        Returns:
            whether what was unsaved no longer is.
        """
        was = self._shown.get(side)
        self._shown[side] = shown
        self.show_strip(side)
        return was is not None and was.unsaved and not shown.unsaved

    def veil(self, side: Side, *, is_veiled: bool) -> None:
        """Cover a pane opaquely, or not."""
        if not is_veiled:
            self._veiled_since.pop(side, None)
        self._panes[side].show_veil(is_veiled=is_veiled)
        if is_veiled and self._hub.dispute is None:
            self.say_what_is_waited_for()
        self.show_strip(side)

    def end(self, side: Side, reason: str | None) -> None:
        """A pane's program ended, or (None) is back."""
        self._veiled_since.pop(side, None)
        held = self._shown.pop(side, None)
        self._panes[side].is_gone = reason is not None
        if reason is None:
            self._gone.pop(side, None)
            self.say_what_is_waited_for()
        else:
            self._gone[side] = (reason, held)
            self.say_what_is_gone()
        self.show_strip(side)

    def wait_no_more(self, side: Side) -> None:
        """The pane's veil says something else than what is waited for."""
        self._veiled_since.pop(side, None)

    def show_strip(self, side: Side) -> None:
        """Draw a pane's strip."""
        pane, shown = self._panes[side], self._shown.get(side)
        if pane.is_gone:
            return  # it says so itself
        dispute = self._hub.dispute
        if dispute is not None:
            pane.strip.show_words(*strip_in_dispute(side, dispute), is_warning=side is Side.LEGACY)
            return
        line = self._place.mirror_line()
        app = self._app_words("" if line is None else line.fresh) if side is Side.CLOUD else None
        pane.strip.show_closing(can_close=app is not None)
        if app is not None and not pane.is_veiled:
            pane.strip.show_words(*app, title="App")
            return
        words, is_warning = strip_words(side, shown, self._place.patient)
        kept = self._place.draft_kept() if side is Side.CLOUD else ""
        words += f" · {kept}" if kept else ""
        right = strip_right(side, shown, line, utc_now()) if line is not None else ""
        if pane.is_veiled:
            words, is_warning = "covered until it shows this patient", False
        pane.strip.show_words(words, right, is_warning=is_warning)

    def show_strips(self) -> None:
        """Draw all of them."""
        for side in self._panes:
            self.show_strip(side)

    def say_what_is_waited_for(self) -> None:
        """Each veil says what is under way."""
        patient = self._place.patient
        words = f"Opening {patient.short_name}" if patient else "One moment"
        for side, pane in self._panes.items():
            if pane.is_veiled and not pane.is_gone:
                self._veiled_since[side] = utc_now()
                pane.veil.show_waiting(words)

    def say_what_is_gone(self) -> None:
        """Each pane whose program ended says so."""
        place = self._place
        for side, (reason, held) in self._gone.items():
            decision = place.decision if side is Side.LEGACY else None
            said = gone_words(
                reason,
                held,
                place.patient,
                decision,
                is_cloud_silent=place.is_cloud_silent,
                draft=place.draft_waits() if side is Side.CLOUD else "",
            )
            self._panes[side].show_gone(*said)

    def tick(self) -> None:
        """Time passed: a veil that stays says why."""
        for side, since in list(self._veiled_since.items()):
            if (utc_now() - since).total_seconds() >= _LATE_SECONDS:
                del self._veiled_since[side]
                self._panes[side].veil.show_trouble(*late_words(side, self._place.patient))
