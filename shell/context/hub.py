"""The hub: one current patient for the window, two-phase changes, and panes veiled until they agree.

A change first asks whoever holds unsaved work; then it is committed under a new token, both panes are told,
and each stays veiled until its read-back agrees. A switch inside the legacy program veils the page at once
and becomes a proposal: followed when nothing is unsaved, else the person chooses.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from shell.context.agreement import Agreement, agreement
from shell.context.events import ContextEvent, EventName
from shell.context.shown import Shown, ShownState, Side
from shell.context.token import new_token
from shell.patient import Patient

ANSWER_SECONDS = 8.0  # a pane that has not come to agree by then is called out, not waited for
LOOKING_SECONDS = 1.0  # a number that is still being looked up is said to be: before that it would only flash
LOOK_AGAIN_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0)  # then always the last: the cloud is back when it is back


class Vote(Enum):
    """The answer of the person who holds unsaved work."""

    SAVE = "save"
    LEAVE = "leave"
    """It waits as a draft."""
    STAY = "stay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """The legacy program and the window are about different patients; a person decides.

    Attributes:
        mine: the window's patient, or None.
        theirs: whom the legacy program shows: None for nobody, or when `words` says why it is not known.
        number: the practice's number in its title, if any.
        words: why the other patient is not known; empty when it is.
        read_at: when the legacy program was read.
    """

    mine: Patient | None
    theirs: Patient | None
    number: str | None
    words: str
    read_at: datetime


class Panes(Protocol):
    """The two panes, as the hub needs them. Nothing blocks."""

    def open(self, side: Side, patient: Patient | None, token: str) -> None:
        """Show a patient."""

    def veil(self, side: Side) -> None:
        """Let nothing of a pane be seen, and no key nor click reach it."""

    def unveil(self, side: Side) -> None:
        """Undo `veil`."""

    def settle(self, vote: Vote, sides: Sequence[Side], done: Callable[[bool], None]) -> None:
        """Save the unsaved work of some sides, or leave it as drafts."""


class HubListener(Protocol):
    """Who is told what the hub needs of a person, and what happened."""

    def on_vote_needed(self, wanted: Patient | None, sides: Sequence[Side]) -> None:
        """Unsaved work stands in the way of a change: ask, then call `ContextHub.vote`."""

    def on_dispute(self, dispute: Dispute | None) -> None:
        """The panes are about different patients, or (None) no longer are."""

    def on_context(self, event: ContextEvent) -> None:
        """The context changed, or could not be brought to agree."""


Identify = Callable[[str, Callable[[Sequence[Patient] | None], None]], None]
"""Finds who bears a practice's number; answers later with the matches, or None when it could not look."""


@dataclass(slots=True, kw_only=True)
class _Looking:
    """A number in the legacy program's title that is being looked up, or will be again."""

    shown: Shown
    since: datetime
    tries: int = 0
    again_at: datetime | None = None


class ContextHub:
    """The context of one window. Everything is called on the window's thread.

    Args:
        panes: the two panes.
        listener: told what a person has to decide.
        identify: finds who bears a number that the legacy program shows.
        now: the clock; aware UTC.
        token: of the first context; None makes one.
    """

    def __init__(
        self,
        panes: Panes,
        listener: HubListener,
        identify: Identify,
        now: Callable[[], datetime],
        token: str | None = None,
    ) -> None:
        self._panes = panes
        self._listener = listener
        self._identify = identify
        self._now = now
        self.patient: Patient | None = None
        self.token = token or new_token()
        self.dispute: Dispute | None = None
        self._sides: set[Side] = set()
        self._shown: dict[Side, Shown] = {}
        self._veiled: set[Side] = set()
        self._changing_since: dict[Side, datetime] = {}
        self._wanted: Patient | None = None
        self._is_voting = False
        self._question = 0
        self._looking: _Looking | None = None
        self._unread: set[Side] = set()

    # -- the panes that take part ---------------------------------------------------------------------

    def join(self, side: Side) -> None:
        """A pane takes part from now on; it is veiled until it agrees."""
        self._sides.add(side)
        self._unread.add(side)
        self._bring(side)

    def leave(self, side: Side) -> None:
        """A pane's program or page is gone: it is covered, not waited for, and what it said is forgotten."""
        self._veil(side)
        self._sides.discard(side)
        self._shown.pop(side, None)
        self._changing_since.pop(side, None)
        if side is Side.LEGACY:
            self._ask_no_more()
            self._set_dispute(None)
            self._judge(Side.CLOUD)

    def takes_part(self, side: Side) -> bool:
        """Whether a pane has joined and has not left since."""
        return side in self._sides

    def is_veiled(self, side: Side) -> bool:
        """Whether nothing of a pane may be seen or touched."""
        return side in self._veiled

    def may_write(self, token: str) -> bool:
        """Whether a write under a token may go out: only under the current one, while the panes agree."""
        return token == self.token and Side.CLOUD not in self._veiled and self.dispute is None

    # -- a change from the shell --------------------------------------------------------------------------

    def propose(self, patient: Patient | None) -> None:
        """The person wants another patient, or none."""
        if self._is_same(patient) and self.dispute is None:
            return
        self._wanted = patient
        holders = self._holders(patient)
        if holders:
            self._is_voting = True
            self._listener.on_vote_needed(patient, holders)
        else:
            self._commit(patient)

    def vote(self, vote: Vote) -> None:
        """The person's answer about unsaved work."""
        if not self._is_voting:
            return
        self._is_voting = False
        if vote is Vote.STAY:
            return
        wanted = self._wanted
        self._panes.settle(
            vote, self._holders(wanted), lambda is_done: self._settled(wanted, is_done=is_done)
        )

    def _settled(self, wanted: Patient | None, *, is_done: bool) -> None:
        if is_done:
            self._commit(wanted)
        else:
            self._tell(
                EventName.SYNC_ERROR, self.patient, "The work could not be saved; nothing was changed."
            )

    # -- a change inside the legacy program ----------------------------------------------------------------

    def follow(self) -> None:
        """The person chose the legacy program's patient for both panes."""
        if self.dispute is not None and not self.dispute.words:
            self.propose(self.dispute.theirs)

    def put_back(self) -> None:
        """The person chose this window's patient: the legacy program is put back."""
        if self.dispute is not None:
            self._ask_no_more()
            self._set_dispute(None)
            self._bring(Side.LEGACY)
            self._judge(Side.CLOUD)

    # -- what the panes say -------------------------------------------------------------------------------

    def shown(self, side: Side, shown: Shown) -> None:
        """A pane was read back."""
        if side not in self._sides:
            return
        self._shown[side] = shown
        if side in self._unread and shown.state is not ShownState.UNKNOWN:
            self._unread.discard(side)
            if side is Side.LEGACY and not self._agrees(side, shown):
                self._meet(shown)
        self._judge(side)
        if side is Side.LEGACY and Side.CLOUD in self._sides:
            self._judge(Side.CLOUD)

    def tick(self) -> None:
        """Time passed: call out the pane that does not come to agree; look up again who bears a number."""
        self._look_again()
        for side, since in list(self._changing_since.items()):
            if (self._now() - since).total_seconds() >= ANSWER_SECONDS:
                del self._changing_since[side]
                self._tell(
                    EventName.SYNC_ERROR,
                    self.patient,
                    "The legacy screen does not show this patient; it stays covered until it does."
                    if side is Side.LEGACY
                    else "The new page does not show this patient; it stays covered until it does.",
                )
                self._judge(side)

    # -- inside -----------------------------------------------------------------------------------------

    def _commit(self, patient: Patient | None) -> None:
        self.patient = patient
        self.token = new_token()
        self._ask_no_more()
        self._set_dispute(None)
        for side in self._sides:
            self._bring(side)
        self._tell(EventName.PATIENT_CLOSE if patient is None else EventName.PATIENT_OPEN, patient)

    def _bring(self, side: Side) -> None:
        shown = self._shown.get(side)
        if side is Side.LEGACY and shown is not None and self._agrees(side, shown):
            self._changing_since.pop(side, None)
            self._unveil(side)
            return
        self._veil(side)
        self._changing_since[side] = self._now()
        if side is Side.CLOUD:
            self._shown.pop(side, None)
        self._panes.open(side, self.patient, self.token)

    def _judge(self, side: Side) -> None:
        shown = self._shown.get(side)
        if shown is None:
            return
        if self._agrees(side, shown):
            self._changing_since.pop(side, None)
            if side is Side.LEGACY:
                self._ask_no_more()
                self._set_dispute(None)
            if self.dispute is None and not (side is Side.CLOUD and self._legacy_is_elsewhere()):
                self._unveil(side)
            return
        if side is Side.LEGACY and side not in self._changing_since:
            self._veil(Side.CLOUD)
            self._legacy_moved(shown)
        else:
            self._veil(side)

    def _legacy_is_elsewhere(self) -> bool:
        """Whether the legacy program moved away by itself, or has stopped saying whom it shows."""
        shown = self._shown.get(Side.LEGACY)
        if shown is None or Side.LEGACY not in self._sides or Side.LEGACY in self._changing_since:
            return False
        return Side.LEGACY not in self._veiled and not self._agrees(Side.LEGACY, shown)

    def _meet(self, shown: Shown) -> None:
        """The legacy program as it was found: it may have outlived an earlier window, with a patient open.

        It is followed, or a person chooses, as after a switch of its own. It is asked to change only when
        this window has a patient already and nothing there is unsaved: else the asking could cost the work.
        """
        if self.patient is None or shown.unsaved:
            self._veil(Side.CLOUD)
            self._changing_since.pop(Side.LEGACY, None)
            self._unveil(Side.LEGACY)
        elif shown.state is ShownState.SOMEBODY:
            self._panes.open(Side.LEGACY, self.patient, self.token)

    def _legacy_moved(self, shown: Shown) -> None:
        before = self._looking
        if before is not None and before.shown.identifier == shown.identifier:
            return  # it is being looked up already
        self._ask_no_more()
        if shown.state is ShownState.UNKNOWN:
            self._set_dispute(self._dispute_of(shown, None, "The legacy screen does not say whom it shows."))
        elif shown.state is ShownState.NOBODY or shown.identifier is None:
            self._other_is_known(shown, None)
        else:
            self._looking = _Looking(shown=shown, since=self._now())
            self._look_up(shown.identifier)

    def _look_up(self, number: str) -> None:
        self._question += 1
        question = self._question
        self._identify(number, lambda found: self._identified(question, found))

    def _look_again(self) -> None:
        """What could not be looked up is asked again, ever less often; what takes long is said."""
        looking = self._looking
        if looking is None or looking.shown.identifier is None:
            return
        now = self._now()
        if looking.again_at is not None:
            if now >= looking.again_at:
                looking.again_at = None
                self._look_up(looking.shown.identifier)
        elif self.dispute is None and (now - looking.since).total_seconds() >= LOOKING_SECONDS:
            words = f"Who bears the number {looking.shown.identifier} is being looked up."
            self._set_dispute(self._dispute_of(looking.shown, None, words))

    def _ask_no_more(self) -> None:
        """An answer about whom the legacy program showed before comes too late."""
        self._question += 1
        self._looking = None

    def _identified(self, question: int, found: Sequence[Patient] | None) -> None:
        looking = self._looking
        if question != self._question or looking is None:
            return  # it has moved on since
        shown = self._shown.get(Side.LEGACY, looking.shown)
        if found is None:
            pause = LOOK_AGAIN_SECONDS[min(looking.tries, len(LOOK_AGAIN_SECONDS) - 1)]
            looking.tries += 1
            looking.again_at = self._now() + timedelta(seconds=pause)
        else:
            self._looking = None
        if found is not None and len(found) == 1:
            self._other_is_known(shown, found[0])
            return
        number = shown.identifier
        if found is None:
            words = f"Who bears the number {number} cannot be looked up now. It is asked again by itself."
        elif not found:
            words = (
                f"No patient of this practice bears the number {number} on the new side: "
                "the record has not crossed, or is held back."
            )
        else:
            words = f"{len(found)} patients bear the number {number}: it does not say which one is shown."
        self._set_dispute(self._dispute_of(shown, None, words))

    def _other_is_known(self, shown: Shown, other: Patient | None) -> None:
        self._set_dispute(self._dispute_of(shown, other, ""))
        if not self._holders(other) and not self._is_voting:
            self._commit(other)

    def _dispute_of(self, shown: Shown, other: Patient | None, words: str) -> Dispute:
        return Dispute(
            mine=self.patient, theirs=other, number=shown.identifier, words=words, read_at=shown.read_at
        )

    def _set_dispute(self, dispute: Dispute | None) -> None:
        if dispute != self.dispute:
            self.dispute = dispute
            self._listener.on_dispute(dispute)

    def _agrees(self, side: Side, shown: Shown) -> bool:
        return agreement(side, shown, self.patient, self.token) is Agreement.AGREES

    def _holders(self, wanted: Patient | None) -> list[Side]:
        """Whose unsaved work stands in the way of a patient; the legacy program's on that one does not."""
        unsaved = [
            side for side in Side if side in self._sides and side in self._shown and self._shown[side].unsaved
        ]
        return [
            side
            for side in unsaved
            if side is Side.CLOUD
            or agreement(side, self._shown[side], wanted, self.token) is not Agreement.AGREES
        ]

    def _is_same(self, patient: Patient | None) -> bool:
        return (patient and patient.fhir_id) == (self.patient and self.patient.fhir_id)

    def _veil(self, side: Side) -> None:
        if side in self._sides and side not in self._veiled:
            self._veiled.add(side)
            self._panes.veil(side)

    def _unveil(self, side: Side) -> None:
        if side in self._veiled:
            self._veiled.discard(side)
            self._panes.unveil(side)

    def _tell(self, name: EventName, patient: Patient | None, words: str = "") -> None:
        self._listener.on_context(
            ContextEvent(name=name, token=self.token, patient=patient, at=self._now(), words=words)
        )
