"""The window as a whole: what it draws when the switchboard speaks, and what it tells it."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from shell.banner.banner import ALLERGIES_ELSEWHERE
from shell.context.shown import Side
from shell.hosts import legacy
from shell.hosts.legacy.description_file import read_description
from shell.main_window.choices import Choices
from shell.main_window.freshness import PRACTICE_ZONE
from shell.main_window.shell_keys import ShellKeys
from shell.main_window.tokens import Scheme
from shell.patient import Patient
from tests.support.whole import cut_parts
from tests.support.widgets import hit, press, texts
from tests.support.window_stage import GWYNETH, LONG, SANDRA, SARAH, WindowStage, host_patient
from web_modules.decision.words import Environment, Function, Stage, View
from web_modules.fhir.mirror_tasks import TaskKind


def view_of(stage: WindowStage) -> View:
    """The view on the glass."""
    return stage.board.decision.view


def test_open_patient_is_on_the_banner_and_in_both_strips(stage: WindowStage) -> None:
    stage.open(SARAH)
    assert "SMITH, Sarah (Mrs)" in texts(stage.window.banner)
    assert "12-Mar-1961 (65y)" in texts(stage.window.banner)
    assert "999 123 4578" in texts(stage.window.banner)
    assert "104417 = <b>SMITH, Sarah</b>" in texts(stage.window.panes[Side.LEGACY].strip)


def test_banner_never_says_that_there_are_no_allergies(stage: WindowStage) -> None:
    stage.open(SARAH)
    assert "Allergies: see the legacy screen" in texts(stage.window.banner)
    assert "none" not in texts(stage.window.banner).lower()


def test_patient_of_the_same_name_is_said_with_date_of_birth_and_number(
    stage: WindowStage, qtbot: QtBot
) -> None:
    stage.window.banner.show_same_name([SANDRA], stage.window.today())
    assert "born 12-Mar-1964 (62y), NHS No. 999 204 1188" in texts(stage.window.banner)


@pytest.mark.hazard("H01")
def test_switch_in_the_legacy_program_covers_the_page_within_the_same_event(stage: WindowStage) -> None:
    stage.open(SARAH)
    stage.pages.show(host_patient(SARAH), unsaved=True)
    stage.legacy.show(host_patient(SANDRA))
    assert stage.window.panes[Side.CLOUD].is_veiled
    assert stage.pages.is_covered


@pytest.mark.hazard("H01")
def test_dispute_shows_both_identities_in_full_and_two_choices_none_of_them_chosen(
    stage: WindowStage, qtbot: QtBot
) -> None:
    stage.board.choose(View.SIDE_BY_SIDE)
    stage.open(SARAH)
    stage.pages.show(host_patient(SARAH), unsaved=True)
    stage.legacy.show(host_patient(SANDRA))
    qtbot.waitUntil(lambda: stage.board.hub.dispute is not None)
    words = texts(stage.window.panes[Side.CLOUD].veil)
    for identity in ("SMITH, Sarah (Mrs)", "12-Mar-1961 (65y)", "999 123 4578", "SMITH, Sandra (Mrs)"):
        assert identity in words
    assert "12-Mar-1964 (62y)" in words
    choices = [
        part
        for part in stage.window.panes[Side.CLOUD].veil.findChildren(QPushButton)
        if part.isVisibleTo(stage.window)
    ]
    assert [part.text() for part in choices] == [
        "Put the legacy screen back to SMITH, Sarah",
        "Open SMITH, Sandra in both",
    ]
    assert not any(part.hasFocus() or part.isDefault() for part in choices)
    assert "Check who is in front of you." in texts(stage.window.banner)
    assert "writing is stopped" in texts(stage.window.status_bar)


def test_dispute_can_be_settled_from_the_legacy_view_too(stage: WindowStage, qtbot: QtBot) -> None:
    stage.board.choose(View.LEGACY)
    stage.open(SARAH)
    stage.pages.show(host_patient(SARAH), unsaved=True)
    stage.legacy.show(host_patient(SANDRA))
    qtbot.waitUntil(stage.window.elsewhere.isVisible)
    asked = len(stage.legacy.asked)
    press(stage.window.elsewhere, "Put the legacy screen back to SMITH, Sarah")
    assert stage.legacy.asked[asked:][-1][1] == host_patient(SARAH)
    stage.legacy.obey()
    assert not stage.window.elsewhere.isVisible()


@pytest.mark.hazard("H01")
def test_choosing_a_view_does_not_settle_a_dispute(stage: WindowStage, qtbot: QtBot) -> None:
    stage.board.choose(View.SIDE_BY_SIDE)
    stage.open(SARAH)
    stage.pages.show(host_patient(SARAH), unsaved=True)
    stage.legacy.show(host_patient(SANDRA))
    qtbot.waitUntil(lambda: stage.board.hub.dispute is not None)
    asked = len(stage.legacy.asked)
    stage.board.choose(View.LEGACY)
    assert len(stage.legacy.asked) == asked


@pytest.mark.hazard("H25")
def test_clipboard_does_not_carry_over_from_patient_to_patient(stage: WindowStage) -> None:
    stage.open(SARAH)
    QGuiApplication.clipboard().setText("07700 900318")
    stage.open(GWYNETH)
    assert QGuiApplication.clipboard().text() == ""


def test_window_without_unsaved_work_closes(stage: WindowStage) -> None:
    stage.open(SARAH)
    assert stage.window.close()


@pytest.mark.hazard("H11")
def test_edit_of_the_flags_moves_view_and_leading_side_only_after_the_patient_is_closed(
    stage: WindowStage,
) -> None:
    stage.board.select(Function.APPOINTMENTS)
    stage.open(SARAH)
    stage.flags.stages[Function.APPOINTMENTS] = Stage.LEAD
    stage.board.flags_changed()
    assert view_of(stage) == View.LEGACY
    assert stage.window.panes[Side.LEGACY].isVisible()
    stage.open(None)
    assert view_of(stage) == View.NEW
    assert stage.window.panes[Side.CLOUD].isVisible()
    assert not stage.window.panes[Side.LEGACY].isVisible()


@pytest.mark.hazard("H11")
def test_change_that_waits_is_said_plainly_until_the_patient_is_closed(stage: WindowStage) -> None:
    stage.board.select(Function.APPOINTMENTS)
    stage.open(SARAH)
    assert not stage.window.waiting.isVisible()
    stage.flags.stages[Function.APPOINTMENTS] = Stage.LEAD
    stage.board.flags_changed()
    words = texts(stage.window.waiting)
    assert "Appointments will open in the new view for the next patient." in words
    assert "The cloud leads already." in words
    stage.open(None)
    assert not stage.window.waiting.isVisible()


@pytest.mark.hazard("H03")
def test_mirror_that_ends_under_an_open_patient_is_said_everywhere_at_once(
    stage: WindowStage, qtbot: QtBot
) -> None:
    stage.publish()
    stage.cloud.start()
    stage.open(SARAH)
    qtbot.waitUntil(lambda: "Both ways" in texts(stage.window.status_bar))
    assert "check the legacy screen" not in texts(stage.window.banner)
    stage.flags.stages[Function.PATIENTS] = Stage.LEGACY
    stage.board.flags_changed()
    assert view_of(stage) == View.NEW
    for part in (stage.window.function_bar, stage.window.panes[Side.CLOUD], stage.window.status_bar):
        assert "Both ways" not in texts(part)
        assert "leads ·" not in texts(part)
    assert "as at " in texts(stage.window.function_bar)
    assert "Not mirrored" in texts(stage.window.status_bar)
    assert "Not mirrored · as at " in texts(stage.window.panes[Side.CLOUD])
    assert "It is not mirrored any more" in texts(stage.window.waiting)
    assert "check the legacy screen" in texts(stage.window.banner)
    stage.flags.stages[Function.PATIENTS] = Stage.LEAD
    stage.board.flags_changed()
    assert "check the legacy screen" not in texts(stage.window.banner)
    assert "Both ways" in texts(stage.window.status_bar)


@pytest.mark.hazard("H11")
def test_stopped_page_is_said_for_as_long_as_it_is_stopped(stage: WindowStage) -> None:
    stage.open(SARAH)
    stage.flags.stopped.add(Function.PATIENTS)
    stage.board.flags_changed()
    said = "The new patients page was stopped. It can be read; what you typed is kept."
    assert said in texts(stage.window.waiting)
    assert stage.pages.stopped == {"patients"}
    stage.open(SANDRA)
    assert said in texts(stage.window.waiting)
    stage.open(None)
    assert said in texts(stage.window.waiting)
    stage.flags.stopped.clear()
    stage.board.flags_changed()
    assert not stage.window.waiting.isVisible()


def test_the_stripe_says_of_closing_the_window_only_what_it_was_told(
    make_stage: Callable[..., WindowStage],
) -> None:
    assert "Close the window" not in texts(make_stage().window.content)
    assert "Close the window" in texts(make_stage(warnings=("Close the window",)).window.content)


def test_window_without_a_flag_file_says_so_and_not_that_nothing_is_mirrored(
    make_stage: Callable[..., WindowStage], qtbot: QtBot
) -> None:
    stage = make_stage(has_flags=False)
    stage.publish()
    stage.cloud.start()
    qtbot.waitUntil(lambda: "No flag file" in texts(stage.window.status_bar))
    assert "Not mirrored" not in texts(stage.window.content)
    assert "No flag file was named" in texts(stage.window.waiting)
    assert "--flags" in texts(stage.window.waiting)


def test_edit_of_the_flags_that_cannot_be_read_is_said_and_that_the_old_stages_go_on(
    stage: WindowStage,
) -> None:
    before = view_of(stage)
    stage.flags.trouble = "The flag file is torn."
    stage.board.flags_changed()
    words = texts(stage.window.waiting)
    assert "The last edit of the rollout cannot be read." in words
    assert "Every function stays at the stage it had." in words
    assert view_of(stage) == before
    stage.flags.trouble = None
    stage.board.flags_changed()
    assert not stage.window.waiting.isVisible()


def test_invitation_is_not_shown_while_two_patients_are_on_the_glass(
    stage: WindowStage, qtbot: QtBot
) -> None:
    stage.board.select(Function.APPOINTMENTS)
    stage.open(SARAH)
    assert stage.window.invitation.isVisible()
    stage.pages.show(host_patient(SARAH), unsaved=True)
    stage.legacy.show(host_patient(SANDRA))
    qtbot.waitUntil(lambda: stage.board.hub.dispute is not None)
    assert not stage.window.invitation.isVisible()
    stage.board.hub.put_back()
    assert stage.window.invitation.isVisible()


@pytest.mark.hazard("H01")
@pytest.mark.parametrize("view", [View.SIDE_BY_SIDE, View.LEGACY])
def test_save_that_fails_is_said_beside_the_choices(stage: WindowStage, qtbot: QtBot, view: View) -> None:
    stage.board.choose(view)
    stage.open(SARAH)
    stage.pages.show(host_patient(SARAH), unsaved=True)
    stage.legacy.show(host_patient(SANDRA))
    qtbot.waitUntil(lambda: stage.board.hub.dispute is not None)
    stage.pages.can_save = False
    stage.board.hub.follow()
    hit(qtbot, stage.window.overlay.card, Qt.Key.Key_S)
    where = stage.window.elsewhere if view is View.LEGACY else stage.window.panes[Side.CLOUD].veil
    assert "The work could not be saved; nothing was changed. Put the legacy screen back" in texts(where)
    assert stage.board.hub.patient == SARAH
    stage.board.hub.put_back()
    stage.legacy.obey()
    assert "could not be saved" not in texts(stage.window)


def test_invitation_sticks_when_it_was_refused(stage: WindowStage, tmp_path: Path) -> None:
    stage.board.select(Function.APPOINTMENTS)
    assert stage.window.invitation.isVisible()
    press(stage.window.invitation, "Not today")
    stage.board.select(Function.PATIENTS)
    stage.board.select(Function.APPOINTMENTS)
    assert not stage.window.invitation.isVisible()
    assert Choices(tmp_path / "choices.json").refused == {Function.APPOINTMENTS}


def test_view_that_was_chosen_is_remembered(stage: WindowStage, tmp_path: Path) -> None:
    stage.board.choose(View.SIDE_BY_SIDE)
    assert Choices(tmp_path / "choices.json").views == {Function.PATIENTS: View.SIDE_BY_SIDE}


@pytest.mark.hazard("H03")
def test_cloud_that_cannot_be_reached_is_said_with_the_time_and_what_still_works(
    stage: WindowStage, qtbot: QtBot
) -> None:
    stage.publish()
    stage.cloud.start()
    qtbot.waitUntil(lambda: "up to date" in texts(stage.window.function_bar), timeout=5000)
    stage.transport.is_reachable = False
    qtbot.waitUntil(stage.window.silence.isVisible, timeout=5000)
    words = texts(stage.window.silence)
    assert "The cloud cannot be reached since" in words
    assert "The legacy screen works as usual" in words
    assert "Cloud cannot be reached" in texts(stage.window.status_bar)
    stage.transport.is_reachable = True
    qtbot.waitUntil(lambda: not stage.window.silence.isVisible(), timeout=5000)


@pytest.mark.hazard("H03")
def test_function_of_which_the_mirror_never_spoke_has_no_known_time(stage: WindowStage, qtbot: QtBot) -> None:
    stage.cloud.start()
    qtbot.waitUntil(lambda: "time not known" in texts(stage.window.function_bar), timeout=5000)


@pytest.mark.hazard("H03")
def test_page_without_the_cloud_is_as_at_the_mirrors_watermark(stage: WindowStage, qtbot: QtBot) -> None:
    stage.publish(age_seconds=3700)
    stage.cloud.start()
    qtbot.waitUntil(lambda: "as at" in texts(stage.window.function_bar), timeout=5000)
    stage.transport.is_reachable = False
    qtbot.waitUntil(stage.window.silence.isVisible, timeout=5000)
    watermark = stage.published[-1].astimezone(PRACTICE_ZONE)
    assert f"as they were at {watermark:%H:%M:%S}" in texts(stage.window.silence)


def test_every_key_that_is_taken_from_the_legacy_program_does_something(stage: WindowStage) -> None:
    description = read_description(Path(legacy.__file__).parents[1] / "descriptions" / "halden_gp.toml")
    (keys,) = stage.window.findChildren(ShellKeys)
    places = {f"Ctrl+{place}" for place in range(1, 10)}  # as many as the cloud has functions
    assert set(description.shell_keys) - places <= set(keys._actions)


def test_a_pane_alone_offers_to_show_where_the_other_side_has_it(stage: WindowStage, qtbot: QtBot) -> None:
    window, board = stage.window, stage.window._board
    legacy, cloud = (window.panes[side].strip for side in (Side.LEGACY, Side.CLOUD))
    board.choose(View.SIDE_BY_SIDE)
    assert "Where" not in texts(legacy) + texts(cloud)  # both are there
    board.choose(View.LEGACY)
    stage.legacy.shown = replace(stage.legacy.shown, function="patients")
    press(legacy, "Where is this now?")
    assert board.decision.view is View.SIDE_BY_SIDE
    assert cloud.property("pointed") == "true"
    assert "this is where it is now" in texts(window.said)
    qtbot.waitUntil(lambda: cloud.property("pointed") == "false", timeout=5000)
    board.select(Function.CONSULTATIONS)
    assert "Where" not in texts(legacy)  # it has no new page


def test_no_other_widget_is_a_window_of_its_own(stage: WindowStage, qtbot: QtBot) -> None:
    stage.open(SARAH)
    stage.window.press("Ctrl+K")
    assert [one for one in QApplication.topLevelWidgets() if one.isVisible()] == [stage.window]


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_nothing_overlaps_and_no_name_is_cut_at_any_text_size(
    make_stage: Callable[..., WindowStage], qtbot: QtBot, scale: float
) -> None:
    stage = make_stage(scale=scale)
    stage.open(SARAH)
    window = stage.window
    window.resize(1280, 800)

    def cut() -> list[str]:
        return [
            part.text()
            for part in window.banner.findChildren(QLabel)
            if part.isVisible() and not part.wordWrap() and part.width() < part.sizeHint().width()
        ]

    qtbot.waitUntil(lambda: cut() == [])
    column = [window.top_bar, window.banner, window.splitter, window.status_bar]
    for upper, lower in pairwise(column):
        bottom = upper.mapTo(window.content, upper.rect().bottomLeft()).y()
        assert bottom <= lower.mapTo(window.content, lower.rect().topLeft()).y()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1440, 900)])
def test_panes_have_room_at_twice_the_text_and_who_is_open_stays(
    make_stage: Callable[..., WindowStage], qtbot: QtBot, width: int, height: int
) -> None:
    stage = make_stage(scale=2.0)
    stage.publish(age_seconds=5)
    stage.cloud.start()
    stage.open(SARAH)
    window = stage.window
    window.resize(width, height)
    qtbot.waitUntil(lambda: window.splitter.height() >= height // 3, timeout=5000)
    said = [part.text() for part in window.banner.findChildren(QLabel) if part.isVisible()]
    assert {"SMITH, Sarah (Mrs)", "12-Mar-1961 (65y)", "Female", "999 123 4578"} <= set(said)
    assert ALLERGIES_ELSEWHERE in said
    assert "Address" not in said
    window.resize(2560, 1600)
    qtbot.waitUntil(lambda: "Address" in texts(window.banner), timeout=5000)


@pytest.mark.hazard("H14")
def test_what_is_held_back_is_never_left_out_for_want_of_room(
    make_stage: Callable[..., WindowStage], qtbot: QtBot
) -> None:
    stage = make_stage(scale=2.0)
    stage.window.resize(960, 600)
    bar = stage.window.status_bar
    bar.show_trouble("The panes show two patients; writing is stopped")
    bar.show_drafts("Drafts only in this window", is_warning=True)
    bar.show_counts(1, 0)
    qtbot.waitUntil(lambda: "0 held back" not in texts(bar), timeout=5000)
    bar.show_counts(1, 3)
    assert "3 held back" in texts(bar)


@pytest.mark.hazard("H01")
@pytest.mark.parametrize("scale", [1.0, 1.5])
@pytest.mark.parametrize("patient", [SARAH, LONG], ids=["usual", "long"])
def test_no_word_of_a_dispute_is_cut_however_large_the_text(
    make_stage: Callable[..., WindowStage], qtbot: QtBot, scale: float, patient: Patient
) -> None:
    stage = make_stage(scale=scale)
    stage.transport.records[0]["name"][0]["family"] = patient.family
    stage.window.resize(1280, 800)
    stage.publish(age_seconds=3700)
    for kind in (*[TaskKind.CONFLICT] * 12, *[TaskKind.QUARANTINE] * 3):
        stage.leave_unsettled(kind, None)
    stage.cloud.start()
    stage.open(patient)
    stage.pages.show(host_patient(patient), unsaved=True)
    stage.legacy.show(host_patient(SANDRA))
    qtbot.waitUntil(lambda: "As at" in texts(stage.window.status_bar), timeout=5000)
    qtbot.waitUntil(lambda: cut_parts(stage.window.content) == [])
    words = texts(stage.window.status_bar)
    assert "The panes show two patients; writing is stopped" in words
    assert "12 need a decision" in words
    assert "3 held back" in words


@pytest.mark.parametrize("scheme", list(Scheme))
def test_window_is_drawn_in_every_scheme(make_stage: Callable[..., WindowStage], scheme: Scheme) -> None:
    stage = make_stage(scheme=scheme)
    stage.open(SARAH)
    assert not stage.window.grab().isNull()


@pytest.mark.hazard("H21")
def test_training_window_is_striped_framed_and_titled_and_none_of_it_can_be_hidden(
    make_stage: Callable[..., WindowStage],
) -> None:
    stage = make_stage(environment=Environment.TRAINING)
    window = stage.window
    assert window.windowTitle().startswith("TRAINING – ")
    assert stage.board.decision.view is View.SIDE_BY_SIDE
    window.training_frame.hide()
    window.training_stripe.hide()
    QApplication.processEvents()
    picture = window.grab().toImage()
    amber = {"#ffb81c", "#ffcb57"}
    for x, y in ((2, 450), (1437, 450), (700, 897)):
        assert picture.pixelColor(x, y).name() in amber
    assert picture.pixelColor(600, 3).name() in amber
    plum = window.top_bar.mapTo(window, window.top_bar.rect().center())
    assert picture.pixelColor(plum.x(), plum.y()).name() == "#7c2855"


def test_root_window_says_that_the_browser_has_no_sandbox(make_stage: Callable[..., WindowStage]) -> None:
    stage = make_stage(warnings=("Run as root: the browser has no sandbox.",))
    assert "Run as root: the browser has no sandbox." in texts(stage.window)
