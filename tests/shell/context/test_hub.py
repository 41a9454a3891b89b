"""One patient in both panes: two-phase changes, read-back, veils; against panes that lag, fail and lie."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shell.context.events import ContextEvent, EventName
from shell.context.hub import (
    ANSWER_SECONDS,
    LOOK_AGAIN_SECONDS,
    LOOKING_SECONDS,
    ContextHub,
    Dispute,
    Vote,
)
from shell.context.shown import Shown, ShownState, Side
from shell.patient import Patient

PEOPLE = tuple(
    Patient(fhir_id=f"id-{number}", patient_number=str(number), family=f"Family{number}", given="Given")
    for number in range(1, 4)
)
SARAH, SANDRA, _ = PEOPLE


@dataclass
class World:
    """Two panes that do what a test says, a person who answers, and a clock."""

    now: datetime = datetime(2026, 11, 17, 10, tzinfo=UTC)
    asked: dict[Side, list[tuple[Patient | None, str]]] = field(
        default_factory=lambda: {side: [] for side in Side}
    )
    veiled: set[Side] = field(default_factory=set)
    votes: list[tuple[Patient | None, list[Side]]] = field(default_factory=list)
    disputes: list[Dispute | None] = field(default_factory=list)
    events: list[ContextEvent] = field(default_factory=list)
    questions: list[tuple[str, Callable[[Sequence[Patient] | None], None]]] = field(default_factory=list)
    settled: list[tuple[Vote, list[Side]]] = field(default_factory=list)
    can_settle: bool = True

    def __post_init__(self) -> None:
        self.hub = ContextHub(self, self, self.identify, lambda: self.now)

    # Panes
    def open(self, side: Side, patient: Patient | None, token: str) -> None:
        self.asked[side].append((patient, token))

    def veil(self, side: Side) -> None:
        self.veiled.add(side)

    def unveil(self, side: Side) -> None:
        self.veiled.discard(side)

    def settle(self, vote: Vote, sides: Sequence[Side], done: Callable[[bool], None]) -> None:
        self.settled.append((vote, list(sides)))
        done(self.can_settle)

    # HubListener
    def on_vote_needed(self, wanted: Patient | None, sides: Sequence[Side]) -> None:
        self.votes.append((wanted, list(sides)))

    def on_dispute(self, dispute: Dispute | None) -> None:
        self.disputes.append(dispute)

    def on_context(self, event: ContextEvent) -> None:
        self.events.append(event)

    def identify(self, number: str, done: Callable[[Sequence[Patient] | None], None]) -> None:
        self.questions.append((number, done))

    # what a test does
    def answer(self, found: Sequence[Patient] | str | None = "by number") -> None:
        number, done = self.questions.pop(0)
        done([one for one in PEOPLE if one.patient_number == number] if isinstance(found, str) else found)

    def show(
        self, side: Side, patient: Patient | None, *, unsaved: bool = False, token: str | None = None
    ) -> None:
        mine = None if patient is None else patient.patient_number if side is Side.LEGACY else patient.fhir_id
        self.hub.shown(
            side,
            Shown(
                state=ShownState.NOBODY if patient is None else ShownState.SOMEBODY,
                read_at=self.now,
                identifier=mine,
                unsaved=unsaved,
                context_token=None if side is Side.LEGACY else token or self.hub.token,
            ),
        )

    def obey(self, *sides: Side) -> None:
        """Panes show what they were asked last."""
        for side in sides or tuple(Side):
            patient, token = self.asked[side][-1]
            self.show(side, patient, token=token)

    def with_open(self, patient: Patient) -> "World":
        """Both panes agree on a patient."""
        self.hub.join(Side.LEGACY)
        self.hub.join(Side.CLOUD)
        self.obey()
        self.hub.propose(patient)
        self.obey()
        assert self.veiled == set()
        return self


@pytest.mark.hazard("H01")
def test_change_is_carried_to_both_panes_and_each_is_veiled_until_it_agrees() -> None:
    world = World().with_open(SARAH)
    world.hub.propose(SANDRA)
    assert [asked[-1][0] for asked in world.asked.values()] == [SANDRA, SANDRA]
    assert world.veiled == {Side.LEGACY, Side.CLOUD}
    world.obey(Side.CLOUD)
    assert world.veiled == {Side.LEGACY}
    world.obey(Side.LEGACY)
    assert world.veiled == set()
    assert world.events[-1].name is EventName.PATIENT_OPEN
    assert world.hub.patient == SANDRA


@pytest.mark.hazard("H01")
def test_page_of_an_earlier_context_stays_veiled_although_it_shows_the_right_patient() -> None:
    world = World().with_open(SARAH)
    old = world.hub.token
    world.hub.propose(SANDRA)
    world.hub.propose(SARAH)
    world.show(Side.CLOUD, SARAH, token=old)
    assert Side.CLOUD in world.veiled
    assert not world.hub.may_write(old)


@pytest.mark.hazard(
    "H01",
)
def test_switch_in_the_legacy_program_veils_the_page_at_once_and_is_followed_without_unsaved_work() -> None:
    world = World().with_open(SARAH)
    world.show(Side.LEGACY, SANDRA)
    assert world.veiled == {Side.CLOUD}
    assert not world.hub.may_write(world.hub.token)
    world.answer()
    assert world.hub.patient == SANDRA
    assert world.asked[Side.CLOUD][-1][0] == SANDRA
    assert Side.CLOUD in world.veiled
    world.obey(Side.CLOUD)
    assert world.veiled == set()


def test_switch_in_the_legacy_program_is_a_choice_while_the_page_holds_unsaved_work() -> None:
    world = World().with_open(SARAH)
    world.show(Side.CLOUD, SARAH, unsaved=True)
    world.show(Side.LEGACY, SANDRA)
    world.answer()
    assert world.hub.patient == SARAH
    dispute = world.hub.dispute
    assert dispute is not None
    assert (dispute.mine, dispute.theirs) == (SARAH, SANDRA)
    assert world.veiled == {Side.CLOUD}
    world.hub.put_back()
    assert world.asked[Side.LEGACY][-1][0] == SARAH
    world.obey(Side.LEGACY)
    world.show(Side.CLOUD, SARAH, unsaved=True)
    assert world.veiled == set()


def test_following_with_unsaved_work_asks_what_becomes_of_it() -> None:
    world = World().with_open(SARAH)
    world.show(Side.CLOUD, SARAH, unsaved=True)
    world.show(Side.LEGACY, SANDRA)
    world.answer()
    world.hub.follow()
    assert world.votes == [(SANDRA, [Side.CLOUD])]
    world.hub.vote(Vote.LEAVE)
    assert world.settled == [(Vote.LEAVE, [Side.CLOUD])]
    assert world.hub.patient == SANDRA


@pytest.mark.hazard("H01")
@pytest.mark.parametrize(
    ("found", "words"),
    [([], "No patient"), ([SANDRA, SARAH], "2 patients"), (None, "cannot be looked up")],
    ids=["none", "two", "no answer"],
)
def test_number_that_names_nobody_or_two_is_a_veil_and_never_a_guess(
    found: list[Patient] | None, words: str
) -> None:
    world = World().with_open(SARAH)
    world.show(Side.LEGACY, SANDRA)
    world.answer(found)
    assert world.hub.patient == SARAH
    assert world.hub.dispute is not None
    assert words in world.hub.dispute.words
    assert world.veiled == {Side.CLOUD}
    world.hub.follow()  # there is nobody to follow
    assert world.hub.patient == SARAH


def test_legacy_program_that_comes_back_by_itself_lifts_the_veil() -> None:
    world = World().with_open(SARAH)
    world.show(Side.LEGACY, SANDRA)
    world.show(Side.LEGACY, SARAH)
    assert world.veiled == set()
    world.answer()  # the late answer is about the past
    assert world.hub.patient == SARAH
    assert world.hub.dispute is None


def test_legacy_program_that_says_nothing_veils_the_page() -> None:
    world = World().with_open(SARAH)
    world.hub.shown(Side.LEGACY, Shown(state=ShownState.UNKNOWN, read_at=world.now))
    assert world.veiled == {Side.CLOUD}
    assert world.hub.dispute is not None


def test_pane_that_does_not_come_to_agree_is_called_out_and_stays_veiled() -> None:
    world = World().with_open(SARAH)
    world.hub.propose(SANDRA)
    world.obey(Side.CLOUD)
    world.now += timedelta(seconds=ANSWER_SECONDS)
    world.hub.tick()
    assert world.events[-1].name is EventName.SYNC_ERROR
    assert Side.LEGACY in world.veiled


def test_unsaved_work_is_asked_about_before_anything_changes() -> None:
    world = World().with_open(SARAH)
    world.show(Side.LEGACY, SARAH, unsaved=True)
    world.hub.propose(SANDRA)
    assert world.votes == [(SANDRA, [Side.LEGACY])]
    assert world.hub.patient == SARAH
    world.hub.vote(Vote.STAY)
    assert world.hub.patient == SARAH
    assert world.veiled == set()


def test_work_that_cannot_be_saved_keeps_the_patient() -> None:
    world = World(can_settle=False).with_open(SARAH)
    world.show(Side.CLOUD, SARAH, unsaved=True)
    world.hub.propose(SANDRA)
    world.hub.vote(Vote.SAVE)
    assert world.hub.patient == SARAH
    assert world.events[-1].name is EventName.SYNC_ERROR


def test_patient_without_a_practice_number_is_nobody_in_the_legacy_program() -> None:
    stranger = replace(SARAH, patient_number=None)
    world = World().with_open(SANDRA)
    world.hub.propose(stranger)
    world.show(Side.LEGACY, None)
    world.show(Side.CLOUD, stranger)
    assert world.veiled == set()


def test_program_that_ended_holds_nobody_up() -> None:
    world = World().with_open(SARAH)
    world.show(Side.LEGACY, SANDRA)
    world.hub.leave(Side.LEGACY)
    world.show(Side.CLOUD, SARAH)
    assert world.veiled == {Side.LEGACY}
    world.hub.propose(SANDRA)
    world.obey(Side.CLOUD)
    assert world.veiled == {Side.LEGACY}


@pytest.mark.hazard("H01")
def test_program_that_ends_while_its_number_is_looked_up_leaves_the_page_to_be_used() -> None:
    world = World().with_open(SARAH)
    world.show(Side.LEGACY, SANDRA)
    assert Side.CLOUD in world.veiled
    world.hub.leave(Side.LEGACY)
    assert world.veiled == {Side.LEGACY}


def test_event_is_written_as_fhircast_has_it() -> None:
    world = World().with_open(SARAH)
    payload = world.events[-1].payload("topic-1")
    assert payload["event"]["hub.event"] == "Patient-open"
    assert payload["event"]["context"] == [
        {"key": "patient", "resource": {"resourceType": "Patient", "id": SARAH.fhir_id}}
    ]


@pytest.mark.hazard("H23")
@pytest.mark.parametrize("unsaved", [False, True])
def test_program_that_outlived_an_earlier_window_is_taken_over_with_its_patient(*, unsaved: bool) -> None:
    world = World()
    world.hub.join(Side.CLOUD)
    world.obey(Side.CLOUD)
    world.hub.join(Side.LEGACY)
    world.show(Side.LEGACY, SARAH, unsaved=unsaved)
    assert world.veiled == {Side.CLOUD}
    world.answer()
    assert world.hub.patient == SARAH
    assert world.votes == []
    assert [patient for patient, _ in world.asked[Side.LEGACY]] == [None], "it is asked nothing more"
    world.obey(Side.CLOUD)
    assert world.veiled == set()


@pytest.mark.hazard("H23")
@pytest.mark.parametrize("unsaved", [False, True])
def test_program_found_with_another_patient_is_put_right_only_when_nothing_is_unsaved(
    *, unsaved: bool
) -> None:
    world = World()
    world.hub.join(Side.CLOUD)
    world.hub.propose(SARAH)
    world.obey(Side.CLOUD)
    world.hub.join(Side.LEGACY)
    asked = len(world.asked[Side.LEGACY])
    world.show(Side.LEGACY, SANDRA, unsaved=unsaved)
    assert len(world.asked[Side.LEGACY]) == asked + (not unsaved)
    if unsaved:
        assert world.veiled == {Side.CLOUD}
        world.show(Side.CLOUD, SARAH, unsaved=True)
        world.answer()
        assert world.hub.dispute is not None
    assert world.hub.patient == SARAH


def test_unsaved_work_of_the_patient_who_is_followed_is_no_reason_against_it() -> None:
    world = World().with_open(SARAH)
    world.show(Side.LEGACY, SANDRA)
    world.show(Side.LEGACY, SANDRA, unsaved=True)
    world.answer()
    assert world.hub.patient == SANDRA
    assert world.votes == []


def test_number_that_could_not_be_looked_up_is_asked_again_until_the_cloud_is_back() -> None:
    world = World().with_open(SARAH)
    world.show(Side.LEGACY, SANDRA)
    for seconds in (*LOOK_AGAIN_SECONDS, LOOK_AGAIN_SECONDS[-1]):
        world.answer(None)
        assert world.hub.dispute is not None
        assert "asked again by itself" in world.hub.dispute.words
        world.hub.tick()
        assert world.questions == []
        world.now += timedelta(seconds=seconds)
        world.hub.tick()
    world.answer()
    assert world.hub.patient == SANDRA
    world.obey(Side.CLOUD)
    assert world.veiled == set()


def test_number_that_takes_long_to_look_up_is_said_to_be_looked_up() -> None:
    world = World().with_open(SARAH)
    world.show(Side.LEGACY, SANDRA)
    world.hub.tick()
    assert world.disputes == []
    world.now += timedelta(seconds=LOOKING_SECONDS)
    world.hub.tick()
    assert world.hub.dispute is not None
    assert "is being looked up" in world.hub.dispute.words
    world.hub.put_back()
    world.answer()  # too late: the person has chosen
    assert world.hub.patient == SARAH


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("propose"), st.sampled_from([None, *PEOPLE])),
        st.tuples(st.just("legacy moves"), st.sampled_from([None, *PEOPLE])),
        st.tuples(st.just("legacy obeys"), st.just(None)),
        st.tuples(st.just("legacy dirty"), st.just(None)),
        st.tuples(st.just("legacy comes back"), st.sampled_from([None, *PEOPLE])),
        st.tuples(st.just("legacy silent"), st.just(None)),
        st.tuples(st.just("page obeys"), st.just(None)),
        st.tuples(st.just("page late"), st.sampled_from(range(4))),
        st.tuples(st.just("page dirty"), st.just(None)),
        st.tuples(st.just("answer"), st.sampled_from(["by number", None, []])),
        st.tuples(st.just("vote"), st.sampled_from(Vote)),
        st.tuples(st.just("follow"), st.just(None)),
        st.tuples(st.just("put back"), st.just(None)),
        st.tuples(st.just("time"), st.sampled_from([0.1, 5, 20])),
    ),
    min_size=1,
    max_size=40,
)


@pytest.mark.hazard("H01")
@settings(max_examples=400, deadline=None)
@given(STEPS)
def test_no_interleaving_lets_a_write_out_under_a_stale_context(steps: list[tuple[str, object]]) -> None:
    """About 8,000 steps; after each, a page that may be written shows the context's patient."""
    interleave(steps)


@pytest.mark.soak
@pytest.mark.hazard("H01")
def test_ten_thousand_interleavings_let_no_write_out_under_a_stale_context() -> None:
    reached: Counter[str] = Counter()

    @settings(max_examples=10_000, deadline=None, database=None)
    @given(STEPS)
    def interleaved(steps: list[tuple[str, object]]) -> None:
        interleave(steps, reached)

    interleaved()
    print(f"reached: {dict(reached)}")
    assert reached["interleavings"] >= 10_000
    assert min(reached["may be written"], reached["stale"], reached["veiled"], reached["disputed"]) > 1000


def interleave(  # noqa: PLR0912, PLR0915 - one branch a step
    steps: list[tuple[str, object]], reached: Counter[str] | None = None
) -> None:
    """Do the steps; after each, no token but the present one may write, and that one to its own patient.

    Args:
        steps: what the person, the two panes and the clock do.
        reached: counts the states that were come to.
    """
    reached = reached if reached is not None else Counter()
    reached["interleavings"] += 1
    tokens = set()
    world = World().with_open(SARAH)
    legacy: Patient | None = SARAH
    for step, what in steps:
        match step:
            case "propose":
                world.hub.propose(what)  # type: ignore[arg-type]  # drawn as a patient
            case "legacy moves":
                legacy = what  # type: ignore[assignment]  # drawn as a patient
                world.show(Side.LEGACY, legacy)
            case "legacy obeys":
                legacy = world.asked[Side.LEGACY][-1][0]
                world.show(Side.LEGACY, legacy)
            case "legacy dirty":
                world.show(Side.LEGACY, legacy, unsaved=True)
            case "legacy comes back":
                world.hub.leave(Side.LEGACY)
                world.hub.join(Side.LEGACY)
                legacy = what  # type: ignore[assignment]  # drawn as a patient
                asked = len(world.asked[Side.LEGACY])
                world.show(Side.LEGACY, legacy, unsaved=True)
                assert len(world.asked[Side.LEGACY]) == asked, "it was asked to change over unsaved work"
            case "legacy silent":
                world.hub.shown(Side.LEGACY, Shown(state=ShownState.UNKNOWN, read_at=world.now))
            case "page obeys":
                world.obey(Side.CLOUD)
            case "page late":
                patient, token = world.asked[Side.CLOUD][-1 - min(what, len(world.asked[Side.CLOUD]) - 1)]  # type: ignore[call-overload]
                world.show(Side.CLOUD, patient, token=token)
            case "page dirty":
                patient, token = world.asked[Side.CLOUD][-1]
                world.show(Side.CLOUD, patient, token=token, unsaved=True)
            case "answer" if world.questions:
                world.answer(what)  # type: ignore[arg-type]  # drawn as an answer
            case "vote":
                world.hub.vote(what)  # type: ignore[arg-type]  # drawn as a vote
            case "follow":
                world.hub.follow()
            case "put back":
                world.hub.put_back()
            case "time":
                world.now += timedelta(seconds=what)  # type: ignore[arg-type]  # drawn as seconds
                world.hub.tick()
        hub = world.hub
        tokens.add(hub.token)
        for token in tokens - {hub.token}:
            reached["stale"] += 1
            assert not hub.may_write(token)
        reached["veiled"] += bool(world.veiled)
        reached["disputed"] += hub.dispute is not None
        if hub.may_write(hub.token):
            reached["may be written"] += 1
            assert Side.CLOUD not in world.veiled
            patient, token = world.asked[Side.CLOUD][-1]
            assert token == hub.token
            assert patient == hub.patient
        if Side.CLOUD not in world.veiled and Side.LEGACY not in world.veiled:
            assert legacy == hub.patient, "both panes are on the glass with two patients"
