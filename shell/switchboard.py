"""From what a person asks for to what the two panes show: function, stage, decision, view, hosts.

    window -> switchboard -> function -> stage and rollout -> decide() -> view -> hosts

The switchboard owns no rule of its own: which views there are is the rollout's decision, which patient is
shown and whether a pane may be seen is the context hub's. It draws nothing: the glass does. No Qt.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from shell.context.events import ContextEvent
from shell.context.hub import ContextHub, Dispute, Identify, Vote
from shell.context.shown import Shown, ShownState, Side
from shell.functions import CloudOffer, FunctionPages
from shell.hosts.interface import Host, HostPatient
from shell.patient import Patient
from shell.rollout import Rollout
from shell.where import where
from web_modules.decision.decision import Decision
from web_modules.decision.words import Function, View

_LOG = logging.getLogger(__name__)
SIDES_OF_VIEW: Mapping[View, tuple[Side, ...]] = {
    View.LEGACY: (Side.LEGACY,),
    View.SIDE_BY_SIDE: (Side.LEGACY, Side.CLOUD),
    View.NEW: (Side.CLOUD,),
}


LOCK_KEY = "Ctrl+Shift+L"
"""Whoever has to leave at once cannot answer a program's question first."""
_WHOSE_FIRST = "The panes show two patients. Say first which one is meant."
_ONE_SIDE = "This window has only one side: there is nothing to show beside it."
_ANSWER_FIRST = "The legacy program waits for an answer in a window of its own. Answer that first."


class Glass(Protocol):
    """What the switchboard has drawn. Nothing blocks."""

    def show_function(self, pages: FunctionPages, decision: Decision) -> None:
        """Draw a function's bar and lay out the panes of its view."""

    def leave_app(self) -> None:
        """The person goes elsewhere: an application over the page makes room for what is chosen."""

    def show_patient(self, patient: Patient | None) -> None:
        """Draw the banner."""

    def show_shown(self, side: Side, shown: Shown) -> None:
        """Draw what a pane was seen to show."""

    def show_veil(self, side: Side, *, is_veiled: bool) -> None:
        """Cover a pane opaquely, or not."""

    def show_dispute(self, dispute: Dispute | None) -> None:
        """Draw both identities and the two choices, or take them away."""

    def ask_vote(self, wanted: Patient | None, sides: Sequence[Side]) -> None:
        """Ask what becomes of unsaved work; answer by `Switchboard.vote`."""

    def show_active(self, side: Side | None) -> None:
        """Mark the pane that the keys go to."""

    def show_gone(self, side: Side, reason: str | None) -> None:
        """Say that a pane's program ended and offer to start it again; None: it is back."""

    def point_out(self, side: Side) -> None:
        """Have a pane catch the eye for a moment."""

    def show_notice(self, words: str) -> None:
        """Say something that needs no answer."""

    def show_failure(self, words: str) -> None:
        """Say that what was chosen did not come to be, where it was chosen."""

    def open_patient(self, fhir_id: str) -> None:
        """A page asks for a patient: read it, then have it opened by `Switchboard.open_patient`."""

    def press(self, key: str) -> None:
        """A key of the shell was pressed over a foreign window."""


class Switchboard:
    """One window's choices. Everything is called on the window's thread.

    Args:
        offer: what the cloud offers.
        rollout: which views a person has.
        identify: finds who bears a number of the practice.
        now: the clock; aware UTC.
        token: of the first context; None makes one.

    Attributes:
        on_rest: called once what the person sees first is on the glass, or cannot be had.
    """

    def __init__(
        self,
        offer: CloudOffer,
        rollout: Rollout,
        identify: Identify,
        now: Callable[[], datetime],
        token: str | None = None,
    ) -> None:
        self._offer = offer
        self._rollout = rollout
        self._hosts: dict[Side, Host] = {}
        self._glass: Glass = _Dark()
        self._is_overlaid = False
        self._is_locked = False
        self._waiting: list[Side] = []
        self._is_rest_begun = False
        self._asking: set[Side] = set()
        self._active: Side | None = None
        self._looked_at: Side | None = None
        self.on_rest: Callable[[], None] = lambda: None
        self.hub = ContextHub(self, self, identify, now, token)
        self.function = offer.functions[0].function

    def start(self, hosts: Mapping[Side, Host], glass: Glass, function: Function) -> None:
        """Show the first function; the side that nobody sees yet follows once the one on the glass is there.

        Two programs that start at once take twice as long to the first one that can be used.
        """
        self._hosts = dict(hosts)
        self._glass = glass
        self.function = function
        self._stop_pages()
        glass.show_patient(None)
        self._show_function()
        visible = self._visible()
        self._waiting = [side for side in self._hosts if side not in visible]
        for side in visible:
            self.hub.join(side)
        if not visible:
            self._join_rest()

    # -- what the person asks for ------------------------------------------------------------------------

    @property
    def decision(self) -> Decision:
        """The decision for the function on the glass."""
        return self._rollout.decision(self.function)

    def select(self, function: Function) -> None:
        """Show another function for the same patient."""
        self.function = function
        self._glass.leave_app()
        self._show_function()
        self._join_rest()
        for side in self._visible():
            if side is Side.CLOUD or self.hub.dispute is None:
                # while two patients are on the glass, only the person's choice moves the legacy program
                self._bring(side)

    def choose(self, view: View) -> None:
        """Show the function in another view, if there is that view."""
        if view not in self.decision.views:
            self._glass.show_notice(" ".join(self.decision.reasons))
            return
        self._rollout.choose(self.function, view)
        self.select(self.function)

    def show_where(self) -> None:
        """Show beside what the person looks at where the other side does the same."""
        if self.hub.dispute is not None:
            self._glass.show_notice(_WHOSE_FIRST)
            return
        if len(self._hosts) < len(Side):
            self._glass.show_notice(_ONE_SIDE)
            return
        visible = self._visible()
        side = self._looked_at if self._looked_at in visible else visible[0]
        found = where(
            side,
            self._hosts[side].shown,
            self._offer.functions,
            lambda pages: self._rollout.decision(pages.function),
        )
        if found.pages is not None:
            self._rollout.choose(found.pages.function, View.SIDE_BY_SIDE)
            self.select(found.pages.function)
            self._glass.point_out(Side.CLOUD if side is Side.LEGACY else Side.LEGACY)
        self._glass.show_notice(found.words)

    def open_patient(self, patient: Patient | None) -> None:
        """Open another patient in both panes, or close the one that is open."""
        self._join_rest()
        self.hub.propose(patient)

    def record_changed(self, patient: Patient) -> None:
        """The open patient's record was read again; another patient's is left alone."""
        if self.hub.patient is not None and self.hub.patient.fhir_id == patient.fhir_id:
            self.hub.patient = patient

    def vote(self, vote: Vote) -> None:
        """The person's answer about unsaved work."""
        self.hub.vote(vote)

    def restart(self, side: Side) -> None:
        """Start a pane's program again, because the person asks for it."""
        self._hosts[side].forgive()
        self._start_again(side)

    def unsaved(self) -> list[Side]:
        """The sides that hold unsaved work: asked before the window is closed."""
        return [side for side, host in self._hosts.items() if host.shown.unsaved]

    def program_asks(self) -> bool:
        """Whether a program's own question comes first: it would lie over one of ours. The person is told."""
        for side in self._asking:
            self._glass.show_notice(_ANSWER_FIRST)
            if side is self._active:
                self._hosts[side].take_keys()  # which brings it to the front
        return bool(self._asking)

    def overlay(self, *, is_open: bool) -> None:
        """Something is drawn over the panes: the foreign window may not lie over it."""
        self._is_overlaid = is_open
        self._cover(Side.LEGACY)

    def lock(self, *, is_locked: bool) -> None:
        """Nothing of the panes may be seen until whoever is signed in is back."""
        self._is_locked = is_locked
        for side, host in self._hosts.items():
            self._cover(side)
            host.conceal(is_concealed=is_locked)

    def begin_rest(self) -> None:
        """What is seen first is on the glass, or cannot be had: the rest may start."""
        self._join_rest()
        if not self._is_rest_begun:
            self._is_rest_begun = True
            self.on_rest()

    def flags_changed(self) -> None:
        """The flag file was edited: take it up unless a patient is open; the kill switch never waits."""
        self._stop_pages()
        if self._rollout.take_up():
            self.select(self.function)
        else:
            self._show_function()

    # -- what the hosts say (HostListener) ------------------------------------------------------------------

    def on_shown(self, side: Side, shown: Shown) -> None:
        """A pane was read back."""
        self._glass.show_shown(side, shown)
        self.hub.shown(side, shown)
        if shown.state is not ShownState.UNKNOWN and side is Side.LEGACY:
            self.begin_rest()  # a page is heard before it is painted: its host says when

    def on_active(self, side: Side | None) -> None:
        """Keys go to another pane."""
        self._active = side
        self._looked_at = side or self._looked_at
        self._glass.show_active(side)

    def on_gone(self, side: Side, reason: str) -> None:
        """A pane's program or page ended."""
        _LOG.info("pane ended: side=%s", side.value)
        self.hub.leave(side)
        self._glass.show_gone(side, reason)
        self.begin_rest()

    def on_patient_wanted(self, side: Side, identifier: str) -> None:
        """A page asks for a patient; only one that the window knows or can find is opened."""
        if side is Side.CLOUD:
            self._glass.open_patient(identifier)

    def on_shell_key(self, key: str) -> None:
        """A key of the shell was pressed over a foreign window, or over its program's question."""
        if key == LOCK_KEY or not self.program_asks():
            self._glass.press(key)

    def on_question(self, side: Side, *, is_open: bool) -> None:
        """A program puts a question of its own, or has its answer."""
        (self._asking.add if is_open else self._asking.discard)(side)

    def on_notice(self, side: Side, words: str) -> None:  # noqa: ARG002 - the words name it
        """Something was refused or happened that needs no answer."""
        self._glass.show_notice(words)

    # -- what the hub needs (Panes, HubListener) ----------------------------------------------------------

    def open(self, side: Side, patient: Patient | None, token: str) -> None:
        """Show a patient in a pane."""
        host = self._hosts.get(side)
        if host is None:
            return
        wanted = None
        if patient is not None:
            wanted = HostPatient(fhir_id=patient.fhir_id, patient_number=patient.patient_number)
        host.open(self._function_of(side).value, wanted, token)

    def veil(self, side: Side) -> None:
        """Cover a pane."""
        self._cover(side)
        self._glass.show_veil(side, is_veiled=True)

    def unveil(self, side: Side) -> None:
        """Uncover a pane."""
        self._cover(side)
        self._glass.show_veil(side, is_veiled=False)

    def settle(self, vote: Vote, sides: Sequence[Side], done: Callable[[bool], None]) -> None:
        """Save unsaved work or leave it as a draft, one side after the other."""
        if not sides:
            done(True)
            return
        host, rest = self._hosts[sides[0]], sides[1:]

        def next_one(is_done: bool) -> None:
            if is_done:
                self.settle(vote, rest, done)
            else:
                done(False)

        (host.save_work if vote is Vote.SAVE else host.leave_work)(next_one)

    def on_vote_needed(self, wanted: Patient | None, sides: Sequence[Side]) -> None:
        """Unsaved work stands in the way."""
        self._glass.ask_vote(wanted, sides)

    def on_dispute(self, dispute: Dispute | None) -> None:
        """The panes are about different patients, or no longer are."""
        _LOG.info("panes show one patient: %s", "yes" if dispute is None else "no")
        self._glass.show_dispute(dispute)

    def on_context(self, event: ContextEvent) -> None:
        """The context changed: the rollout is pinned while a patient is open."""
        if event.words:
            self._glass.show_failure(event.words)
            return
        self._glass.show_patient(event.patient)
        if event.patient is None:
            self._rollout.unpin()
            self._show_function()
        else:
            self._rollout.pin()

    # -- inside -------------------------------------------------------------------------------------------

    def _join_rest(self) -> None:
        waiting, self._waiting = self._waiting, []
        for side in waiting:
            self.hub.join(side)

    def _stop_pages(self) -> None:
        stopped = frozenset(function.value for function in self._rollout.stopped())
        for host in self._hosts.values():
            host.stop_writing(stopped)

    def _show_function(self) -> None:
        self._glass.show_function(self._offer.pages_of(self.function), self.decision)

    def _visible(self) -> list[Side]:
        return [side for side in SIDES_OF_VIEW[self.decision.view] if side in self._hosts]

    def _bring(self, side: Side) -> None:
        if self.hub.takes_part(side):
            self.open(side, self.hub.patient, self.hub.token)
        elif side is Side.CLOUD:
            self._start_again(
                side
            )  # a legacy program that ended is started by its button: first it is read why

    def _start_again(self, side: Side) -> None:
        self._glass.show_gone(side, None)
        self.hub.join(side)

    def _function_of(self, side: Side) -> Function:
        """The function to show on a side: the cloud side keeps its page where this one has none."""
        if side is Side.LEGACY or self._offer.pages_of(self.function).has_module:
            return self.function
        return next(one.function for one in self._offer.functions if one.has_module)

    def _cover(self, side: Side) -> None:
        host = self._hosts.get(side)
        if host is None:
            return
        is_below = self._is_overlaid and side is Side.LEGACY
        if self._is_locked or is_below or self.hub.is_veiled(side):
            host.cover()
        else:
            host.uncover()


class _Dark:
    """Before the window is there, nothing is drawn."""

    def show_function(self, pages: FunctionPages, decision: Decision) -> None: ...
    def leave_app(self) -> None: ...
    def show_patient(self, patient: Patient | None) -> None: ...
    def show_shown(self, side: Side, shown: Shown) -> None: ...
    def show_veil(self, side: Side, *, is_veiled: bool) -> None: ...
    def show_dispute(self, dispute: Dispute | None) -> None: ...
    def ask_vote(self, wanted: Patient | None, sides: Sequence[Side]) -> None: ...
    def show_active(self, side: Side | None) -> None: ...
    def show_gone(self, side: Side, reason: str | None) -> None: ...
    def point_out(self, side: Side) -> None: ...
    def show_notice(self, words: str) -> None: ...
    def show_failure(self, words: str) -> None: ...
    def open_patient(self, fhir_id: str) -> None: ...
    def press(self, key: str) -> None: ...
