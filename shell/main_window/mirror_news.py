"""What the cloud tells of the mirror by the second: how fresh, what waits for a person, if it answers."""

from typing import Protocol

from shell.banner.banner import Banner
from shell.functions import FunctionPages
from shell.main_window.freshness import NOT_KNOWN, MirrorLine, copy_words, function_line, hidden_line
from shell.main_window.network import Pulse
from shell.main_window.notice import Notice
from shell.main_window.rail import Rail
from shell.main_window.status_bar import StatusBar
from shell.main_window.wording import silence_words, unsettled_words, utc_now
from shell.patient import Patient
from shell.rollout import Rollout
from web_modules.decision.decision import Decision
from web_modules.decision.words import Function
from web_modules.fhir.mirror_tasks import Unsettled


class Place(Protocol):
    """Where it is drawn, and what it is about."""

    banner: Banner
    rail: Rail
    silence: Notice
    status_bar: StatusBar
    patient: Patient | None

    @property
    def decision(self) -> Decision | None:
        """Of the function on the glass."""

    @property
    def pages(self) -> FunctionPages:
        """Of the same function."""

    @property
    def has_page(self) -> bool:
        """Whether the new pane is on the glass."""

    @property
    def is_short(self) -> bool:
        """Whether there is no room to say twice what a page says too."""


class MirrorNews:
    """Keeps the last pulse, and draws it.

    Args:
        place: the window.
        rollout: which functions are mirrored, and who leads.
    """

    def __init__(self, place: Place, rollout: Rollout) -> None:
        self._place = place
        self._rollout = rollout
        self._pulse = Pulse()
        self._has_pulse = False

    @property
    def is_silent(self) -> bool:
        """Whether the cloud cannot be reached."""
        return self._pulse.silent_since is not None

    @property
    def withheld(self) -> int:
        """How many confidential patients are only on the legacy screen."""
        known = self._pulse.freshness.get(Function.PATIENTS.value)
        return known.withheld if known else 0

    def line(self) -> MirrorLine | None:
        """How the mirror stands; None while that is not known."""
        decision, pulse = self._place.decision, self._pulse
        if decision is None or not self._has_pulse:
            return None
        if not self._rollout.has_flags:
            return NOT_KNOWN
        function = self._place.pages.function
        flags, fresh = self._rollout.now(function), pulse.freshness.get(function.value)
        if flags.is_mirrored and (pulse.is_signed_out or "Basic" in pulse.hidden):
            return hidden_line(leads=flags.authority.value)
        return function_line(decision, flags, fresh, utc_now(), gone_since=pulse.silent_since)

    def copy_words(self) -> str:
        """Of when the patient's details are, where nobody keeps them up to date; empty: they are."""
        fresh = self._pulse.freshness.get(Function.PATIENTS.value)
        return copy_words(self._rollout.now(Function.PATIENTS), fresh, utc_now())

    def take(self, pulse: Pulse) -> None:
        """Draw what was told."""
        self._pulse, self._has_pulse = pulse, True
        is_known = pulse.silent_since is None
        waits = pulse.unsettled
        self._place.status_bar.show_counts(
            waits.conflicts if is_known else None,
            waits.held_back if is_known else None,
            is_hidden=pulse.is_signed_out or "Task" in pulse.hidden,
        )
        self._place.rail.show_desk(waits.conflicts if is_known else None)
        self.show_unsettled()
        self._show_silence()

    def show_unsettled(self) -> None:
        """What waits for a person stands on the patient whom it concerns too (hazard H14)."""
        patient = self._place.patient
        waits = None if patient is None else self._pulse.of_patients.get(patient.fhir_id)
        lead, words = unsettled_words(waits or Unsettled(), self._pulse.silent_since)
        self._place.banner.show_unsettled(lead, words, is_short=self._place.is_short)

    def _show_silence(self) -> None:
        place, since = self._place, self._pulse.silent_since
        if since is None:
            place.silence.hide()
            return
        fresh = self._pulse.freshness.get(place.pages.function.value)
        is_mirrored = place.decision is not None and place.decision.is_mirrored
        as_at = since if not is_mirrored else fresh.watermark if fresh else None
        words = silence_words(place.pages.title, since, as_at=as_at, has_page=place.has_page)
        if words != place.silence.words() or place.silence.isHidden():
            place.silence.say(words, [("legacy", "Open the legacy screen", "Alt 1", "plain")])
