"""From function to stage to decision to view to hosts, without a screen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from shell.context.hub import Dispute, Vote
from shell.context.shown import Shown, ShownState, Side
from shell.functions import CloudOffer, FunctionPages
from shell.hosts.interface import HostPatient
from shell.patient import Patient
from shell.rollout import Rollout
from shell.switchboard import Switchboard
from web_modules.decision.decision import Decision, Standing
from web_modules.decision.words import Environment, Function, Stage, View

NOW = datetime(2026, 11, 17, 10, tzinfo=UTC)
SARAH = Patient(fhir_id="p1", patient_number="104417", family="Smith", given="Sarah")
SANDRA = Patient(fhir_id="p2", patient_number="104981", family="Smith", given="Sandra")


@dataclass
class Pane:
    """A host that notes what it is asked."""

    side: Side
    shown: Shown = field(default_factory=lambda: Shown(state=ShownState.UNKNOWN, read_at=NOW))
    asked: list[tuple[str, HostPatient | None]] = field(default_factory=list)
    token: str = ""
    is_covered: bool = False
    work: list[str] = field(default_factory=list)
    can_settle: bool = True
    stopped: frozenset[str] = frozenset()

    def open(self, function: str, patient: HostPatient | None, context_token: str) -> None:
        self.asked.append((function, patient))
        self.token = context_token

    def save_work(self, done: Callable[[bool], None]) -> None:
        self.work.append("save")
        done(self.can_settle)

    def discard_work(self, done: Callable[[bool], None]) -> None:
        self.work.append("discard")
        done(self.can_settle)

    def leave_work(self, done: Callable[[bool], None]) -> None:
        self.work.append("leave")
        done(self.can_settle)

    def stop_writing(self, functions: frozenset[str]) -> None:
        self.stopped = functions

    def cover(self) -> None:
        self.is_covered = True

    def uncover(self) -> None:
        self.is_covered = False

    def conceal(self, *, is_concealed: bool) -> None: ...
    def forgive(self) -> None: ...
    def refresh_read_back(self) -> None: ...
    def take_keys(self) -> None: ...
    def release(self) -> None: ...
    def close(self) -> None: ...


@dataclass
class Picture:
    """A glass that notes what it is told to draw."""

    decisions: list[Decision] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    patients: list[Patient | None] = field(default_factory=list)
    veiled: set[Side] = field(default_factory=set)
    votes: list[tuple[Patient | None, Sequence[Side]]] = field(default_factory=list)
    gone: dict[Side, str | None] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    pressed: list[str] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)
    active: list[Side | None] = field(default_factory=list)
    pointed: list[Side] = field(default_factory=list)

    def point_out(self, side: Side) -> None:
        self.pointed.append(side)

    def show_function(self, pages: FunctionPages, decision: Decision) -> None:
        self.decisions.append(decision)
        self.titles.append(pages.title)

    def leave_app(self) -> None: ...

    def show_patient(self, patient: Patient | None) -> None:
        self.patients.append(patient)

    def show_shown(self, side: Side, shown: Shown) -> None: ...

    def show_veil(self, side: Side, *, is_veiled: bool) -> None:
        (self.veiled.add if is_veiled else self.veiled.discard)(side)

    def show_dispute(self, dispute: Dispute | None) -> None: ...

    def ask_vote(self, wanted: Patient | None, sides: Sequence[Side]) -> None:
        self.votes.append((wanted, sides))

    def show_active(self, side: Side | None) -> None:
        self.active.append(side)

    def show_gone(self, side: Side, reason: str | None) -> None:
        self.gone[side] = reason

    def show_notice(self, words: str) -> None:
        self.notices.append(words)

    def show_failure(self, words: str) -> None:
        self.notices.append(words)

    def open_patient(self, fhir_id: str) -> None:
        self.wanted.append(fhir_id)

    def press(self, key: str) -> None:
        self.pressed.append(key)


class Desk:
    """A switchboard with two panes and a glass."""

    def __init__(self, *, is_started: bool = True) -> None:
        self.trouble: str | None = None
        self.stopped: set[Function] = set()
        self.stages = dict.fromkeys(Function, Stage.LEGACY) | {
            Function.PATIENTS: Stage.LEAD,
            Function.APPOINTMENTS: Stage.TRIAL,
        }
        offer = CloudOffer(
            environment=Environment.REFERENCE,
            ods="Y99002",
            practice="Fernbrook Surgery",
            today=None,
            fhir="http://cloud.example/fhir",
            functions=tuple(
                FunctionPages(
                    function=one,
                    title=one.value,
                    url="http://cloud.example" if place < 2 else None,
                    patient_url=None,
                    needs_patient=False,
                )
                for place, one in enumerate(Function)
            ),
        )
        rollout = Rollout(self, offer.environment, offer.modules, {}, lambda _views: None)
        self.board = Switchboard(offer, rollout, lambda _number, done: done([SANDRA]), lambda: NOW)
        self.legacy, self.cloud, self.glass = Pane(Side.LEGACY), Pane(Side.CLOUD), Picture()
        self.board.start({Side.LEGACY: self.legacy, Side.CLOUD: self.cloud}, self.glass, Function.PATIENTS)
        if is_started:
            self.obey()

    def standings(self) -> Mapping[Function, Standing]:
        return {
            function: Standing(stage=stage, is_stopped=function in self.stopped)
            for function, stage in self.stages.items()
        }

    def show(self, pane: Pane, patient: HostPatient | None, *, unsaved: bool = False) -> None:
        mine = None
        if patient is not None:
            mine = patient.patient_number if pane.side is Side.LEGACY else patient.fhir_id
        pane.shown = Shown(
            state=ShownState.NOBODY if patient is None else ShownState.SOMEBODY,
            read_at=NOW,
            identifier=mine,
            unsaved=unsaved,
            context_token=pane.token if pane.side is Side.CLOUD else None,
        )
        self.board.on_shown(pane.side, pane.shown)

    def obey(self) -> None:
        self.show(self.cloud, self.cloud.asked[-1][1])
        self.board.begin_rest()  # the page is painted
        self.show(self.legacy, self.legacy.asked[-1][1])

    def open(self, patient: Patient | None) -> None:
        self.board.open_patient(patient)
        self.obey()


def test_function_that_leads_is_shown_new_and_one_on_trial_on_the_legacy_screen() -> None:
    desk = Desk()
    desk.board.select(Function.APPOINTMENTS)
    assert [one.view for one in desk.glass.decisions] == [View.NEW, View.LEGACY]
    assert desk.glass.titles == ["patients", "appointments"]
    assert desk.legacy.asked[-1][0] == "appointments"


def test_program_that_nobody_sees_is_started_after_the_page_on_the_glass_is_there() -> None:
    desk = Desk(is_started=False)
    begun: list[str] = []
    desk.board.on_rest = lambda: begun.append("rest")
    desk.show(desk.cloud, None)
    started = [len(desk.legacy.asked)]
    desk.board.begin_rest()  # its page is painted
    started.append(len(desk.legacy.asked))
    desk.board.begin_rest()
    started.append(len(desk.legacy.asked))
    assert started == [0, 1, 1]
    assert begun == ["rest"]


def test_what_nobody_waits_for_begins_once_the_legacy_screen_on_the_glass_was_read() -> None:
    desk = Desk(is_started=False)
    begun: list[str] = []
    desk.board.on_rest = lambda: begun.append("rest")
    desk.show(desk.legacy, None)
    assert begun == ["rest"]


def test_patient_who_is_opened_before_the_page_is_painted_is_opened_on_both_sides() -> None:
    desk = Desk(is_started=False)
    desk.show(desk.cloud, None)
    desk.board.open_patient(SARAH)
    assert (
        desk.legacy.asked[-1][1]
        == desk.cloud.asked[-1][1]
        == HostPatient(fhir_id="p1", patient_number="104417")
    )
    assert desk.board.hub.is_veiled(Side.LEGACY)
    assert desk.board.hub.is_veiled(Side.CLOUD)


def test_program_that_nobody_sees_is_started_also_when_the_page_does_not_come() -> None:
    desk = Desk(is_started=False)
    desk.board.on_gone(Side.CLOUD, "The page could not be opened.")
    assert len(desk.legacy.asked) == 1


def test_view_that_does_not_exist_is_refused_with_the_reason() -> None:
    desk = Desk()
    desk.board.select(Function.DOCUMENTS)
    desk.board.choose(View.NEW)
    assert desk.glass.decisions[-1].view is View.LEGACY
    assert "no new page" in desk.glass.notices[-1]


def test_patient_is_opened_in_both_panes_also_in_the_one_that_is_not_on_the_glass() -> None:
    desk = Desk()
    desk.open(SARAH)
    wanted = HostPatient(fhir_id="p1", patient_number="104417")
    assert desk.legacy.asked[-1][1] == wanted
    assert desk.cloud.asked[-1][1] == wanted
    assert desk.glass.patients[-1] == SARAH


@pytest.mark.hazard("H01")
def test_pane_is_covered_from_the_change_until_its_read_back_agrees() -> None:
    desk = Desk()
    desk.board.open_patient(SARAH)
    covered = [(desk.legacy.is_covered, desk.cloud.is_covered)]
    desk.obey()
    covered.append((desk.legacy.is_covered, desk.cloud.is_covered))
    assert covered == [(True, True), (False, False)]


@pytest.mark.hazard("H01")
def test_card_over_the_window_does_not_uncover_a_veiled_pane_when_it_goes() -> None:
    desk = Desk()
    desk.board.open_patient(SARAH)
    desk.board.overlay(is_open=True)
    desk.board.overlay(is_open=False)
    assert desk.legacy.is_covered


@pytest.mark.hazard("H02")
def test_unsaved_work_is_asked_about_and_saved_on_every_side_before_the_patient_changes() -> None:
    desk = Desk()
    desk.open(SARAH)
    for pane in (desk.legacy, desk.cloud):
        desk.show(pane, pane.asked[-1][1], unsaved=True)
    desk.board.open_patient(SANDRA)
    wanted, sides = desk.glass.votes[-1]
    assert (wanted, set(sides)) == (SANDRA, {Side.LEGACY, Side.CLOUD})
    desk.board.vote(Vote.SAVE)
    assert (desk.legacy.work, desk.cloud.work) == (["save"], ["save"])
    assert desk.board.hub.patient == SANDRA


@pytest.mark.hazard("H02")
def test_work_that_cannot_be_saved_keeps_the_patient() -> None:
    desk = Desk()
    desk.open(SARAH)
    desk.cloud.can_settle = False
    desk.show(desk.cloud, desk.cloud.asked[-1][1], unsaved=True)
    desk.board.open_patient(SANDRA)
    desk.board.vote(Vote.SAVE)
    assert desk.board.hub.patient == SARAH
    assert "could not be saved" in desk.glass.notices[-1]


@pytest.mark.hazard("H11")
@pytest.mark.parametrize("stage", list(Stage))
def test_edit_of_the_flags_moves_nothing_while_a_patient_is_open(stage: Stage) -> None:
    desk = Desk()
    desk.open(SARAH)
    before = desk.board.decision
    asked = len(desk.legacy.asked) + len(desk.cloud.asked)
    desk.stages[Function.PATIENTS] = stage
    desk.board.flags_changed()
    assert desk.board.decision == before
    assert len(desk.legacy.asked) + len(desk.cloud.asked) == asked
    desk.open(None)
    after = desk.glass.decisions[-1]
    assert after == desk.board.decision
    assert (after == before) == (stage is Stage.LEAD)


@pytest.mark.hazard("H11")
def test_stopped_page_is_told_at_once_and_no_view_moves_until_the_patient_is_closed() -> None:
    desk = Desk()
    desk.open(SARAH)
    desk.stopped.add(Function.PATIENTS)
    desk.board.flags_changed()
    assert desk.cloud.stopped == {"patients"}
    assert not desk.glass.decisions[-1].module_may_write
    assert any("stopped" in reason for reason in desk.board.decision.reasons)
    desk.open(None)
    desk.stopped.clear()
    desk.board.flags_changed()
    assert desk.cloud.stopped == frozenset()
    views = [one.view for one in desk.glass.decisions[-3:]]
    assert views == [View.NEW, View.LEGACY, View.NEW]


def test_stopped_page_can_be_chosen_to_be_read_by_the_next_patient_too() -> None:
    desk = Desk()
    desk.board.choose(View.NEW)
    desk.stopped.add(Function.PATIENTS)
    desk.board.flags_changed()
    desk.open(SARAH)
    desk.board.choose(View.NEW)
    assert [one.view for one in desk.glass.decisions[-2:]] == [View.LEGACY, View.NEW]
    assert not desk.glass.decisions[-1].module_may_write


def test_page_that_asks_for_a_patient_is_heard_and_a_legacy_program_that_does_is_not() -> None:
    desk = Desk()
    desk.board.on_patient_wanted(Side.CLOUD, "p2")
    desk.board.on_patient_wanted(Side.LEGACY, "104981")
    assert desk.glass.wanted == ["p2"]


@pytest.mark.hazard("H22")
def test_shell_key_over_a_programs_question_says_that_the_question_comes_first() -> None:
    desk = Desk()
    desk.board.on_question(Side.LEGACY, is_open=True)
    desk.board.on_shell_key("Ctrl+K")
    assert desk.glass.pressed == []
    assert "Answer that first." in desk.glass.notices[-1]
    desk.board.on_question(Side.LEGACY, is_open=False)
    desk.board.on_shell_key("Ctrl+K")
    assert desk.glass.pressed == ["Ctrl+K"]


def test_program_that_ended_no_longer_holds_up_the_other_pane() -> None:
    desk = Desk()
    desk.open(SARAH)
    desk.board.on_gone(Side.LEGACY, "Halden GP has ended.")
    assert desk.glass.gone[Side.LEGACY] == "Halden GP has ended."
    desk.board.open_patient(SANDRA)
    desk.show(desk.cloud, desk.cloud.asked[-1][1])
    assert not desk.cloud.is_covered
    asked = len(desk.legacy.asked)
    desk.board.restart(Side.LEGACY)
    assert desk.legacy.asked[asked:] == [("patients", HostPatient(fhir_id="p2", patient_number="104981"))]
    assert desk.glass.gone[Side.LEGACY] is None


@pytest.mark.hazard("H01")
def test_side_that_is_gone_is_covered() -> None:
    desk = Desk()
    desk.open(SARAH)
    for side, pane in ((Side.LEGACY, desk.legacy), (Side.CLOUD, desk.cloud)):
        desk.board.on_gone(side, "It has ended.")
        assert pane.is_covered
        assert side in desk.glass.veiled


def test_program_that_ended_is_not_started_by_going_to_another_function_or_view() -> None:
    desk = Desk()
    desk.board.choose(View.SIDE_BY_SIDE)
    desk.board.on_gone(Side.LEGACY, "Halden GP has ended.")
    asked = len(desk.legacy.asked)
    desk.board.select(Function.DOCUMENTS)
    desk.board.select(Function.PATIENTS)
    desk.board.choose(View.LEGACY)
    assert len(desk.legacy.asked) == asked


@pytest.mark.hazard("H01")
def test_page_that_was_gone_takes_part_again_when_it_is_gone_to() -> None:
    desk = Desk()
    desk.open(SARAH)
    desk.board.on_gone(Side.CLOUD, "The page could not be opened.")
    desk.board.select(Function.APPOINTMENTS)
    desk.board.choose(View.NEW)
    assert desk.glass.gone[Side.CLOUD] is None
    covered = [desk.cloud.is_covered]
    desk.obey()
    covered.append(desk.cloud.is_covered)
    assert covered == [True, False]
    desk.open(SANDRA)
    assert desk.cloud.asked[-1][1] == HostPatient(fhir_id="p2", patient_number="104981")


def test_sides_with_unsaved_work_are_known_when_the_window_closes() -> None:
    desk = Desk()
    desk.legacy.shown = replace(desk.legacy.shown, unsaved=True)
    assert desk.board.unsaved() == [Side.LEGACY]


def looks_at(desk: Desk, side: Side, function: str | None) -> None:
    """The person works in a pane that shows a function's screen."""
    pane = desk.legacy if side is Side.LEGACY else desk.cloud
    pane.shown = Shown(state=ShownState.NOBODY, read_at=NOW, function=function)
    desk.board.on_active(side)


def test_a_legacy_screen_is_shown_beside_where_it_is_now() -> None:
    desk = Desk()
    desk.board.choose(View.LEGACY)
    looks_at(desk, Side.LEGACY, "appointments")
    desk.board.show_where()
    assert desk.board.function is Function.APPOINTMENTS
    assert desk.board.decision.view is View.SIDE_BY_SIDE
    assert desk.glass.pointed == [Side.CLOUD]
    assert "this is where it is now" in desk.glass.notices[-1]


def test_a_page_is_shown_beside_where_it_was() -> None:
    desk = Desk()
    looks_at(desk, Side.CLOUD, "patients")
    desk.board.on_active(None)  # the palette has the keys
    desk.board.show_where()
    assert (desk.board.function, desk.board.decision.view) == (Function.PATIENTS, View.SIDE_BY_SIDE)
    assert desk.glass.pointed == [Side.LEGACY]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (None, "does not know this legacy screen"),
        ("fax-machine", "does not know this legacy screen"),
        ("consultations", "There is no new page"),
    ],
)
def test_where_nothing_is_to_be_shown_it_is_said_why_and_nothing_moves(
    function: str | None, words: str
) -> None:
    desk = Desk()
    desk.board.choose(View.LEGACY)
    looks_at(desk, Side.LEGACY, function)
    asked = len(desk.legacy.asked + desk.cloud.asked)
    desk.board.show_where()
    assert words in desk.glass.notices[-1]
    assert desk.glass.pointed == []
    assert desk.board.decision.view is View.LEGACY
    assert len(desk.legacy.asked + desk.cloud.asked) == asked


def test_a_window_without_a_legacy_side_says_so_when_it_is_asked_where_something_was() -> None:
    desk = Desk()
    desk.board.start({Side.CLOUD: desk.cloud}, desk.glass, Function.PATIENTS)
    looks_at(desk, Side.CLOUD, "patients")
    desk.board.show_where()
    assert "only one side" in desk.glass.notices[-1]
    assert desk.glass.pointed == []
