"""What waits for a person is said on the patient whom it concerns, and on nobody else."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from shell.main_window.tokens import Scheme
from shell.main_window.wording import unsettled_words
from tests.support.whole import cut_parts
from tests.support.widgets import texts
from tests.support.window_stage import GWYNETH, SANDRA, SARAH, WindowStage
from web_modules.decision.words import Function, Stage
from web_modules.fhir.mirror_tasks import TaskKind, Unsettled

pytestmark = pytest.mark.hazard("H14")

BEGAN = datetime(2026, 11, 17, 9, tzinfo=UTC)
NO_LENGTH = "The slot's length is missing or negative, so it has no end: correct it in the legacy program."


def line(stage: WindowStage) -> str:
    """What the banner says of it; empty while it says nothing."""
    said = [one for one in stage.window.banner.findChildren(QLabel) if "of this patient" in one.text()]
    return " ".join(one.accessibleName() for one in said if one.isVisible())


class Painted(QObject):
    """Notes whose name stands on the banner whenever a part of it with certain words is painted."""

    def __init__(self, stage: WindowStage, words: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self._banner, self._words = stage.window.banner, words
        for part in (self._banner, *self._banner.findChildren(QWidget)):
            part.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Look at each paint."""
        is_paint = event.type() is QEvent.Type.Paint
        if is_paint and isinstance(watched, QLabel) and self._words in watched.text():
            self.names.append(self._banner.accessibleName().partition(", born")[0])
        return False


def test_what_is_held_back_is_said_on_its_patient_and_counted_for_the_practice(
    stage: WindowStage, qtbot: QtBot
) -> None:
    stage.leave_unsettled(TaskKind.QUARANTINE, SARAH, NO_LENGTH)
    stage.leave_unsettled(TaskKind.CONFLICT, GWYNETH, "Both screens changed the name.")
    stage.leave_unsettled(TaskKind.QUARANTINE, None, "A session has no start.")
    stage.open(SARAH)
    stage.cloud.start()
    qtbot.waitUntil(lambda: line(stage) != "")
    assert line(stage) == f"1 change of this patient is held back. {NO_LENGTH}"
    stage.open(SANDRA)
    assert line(stage) == ""
    stage.open(GWYNETH)
    assert line(stage) == (
        "1 conflict of this patient waits for a decision. Both screens changed the name."
    ), "known from the last pulse, at once"
    stage.open(None)
    assert line(stage) == ""
    bar = " ".join(one.text() for one in stage.window.status_bar.findChildren(QLabel) if one.isVisible())
    assert "1 needs a decision" in bar
    assert "2 held back" in bar


def test_the_line_of_the_patient_before_is_never_painted(stage: WindowStage, qtbot: QtBot) -> None:
    stage.leave_unsettled(TaskKind.QUARANTINE, SARAH, NO_LENGTH)
    stage.cloud.start()
    stage.open(SARAH)
    painted = Painted(stage, "of this patient")
    qtbot.waitUntil(lambda: painted.names != [])
    for patient in (SANDRA, SARAH, GWYNETH, None, SARAH, SANDRA):
        stage.open(patient)
        QApplication.processEvents()
        stage.window.banner.grab()
    assert set(painted.names) == {"SMITH, Sarah (Mrs)"}


def test_the_line_goes_when_it_is_settled_and_comes_when_something_new_waits(
    stage: WindowStage, qtbot: QtBot
) -> None:
    stage.open(SARAH)
    stage.cloud.start()
    stage.leave_unsettled(TaskKind.QUARANTINE, SARAH, NO_LENGTH)
    qtbot.waitUntil(lambda: "1 change" in line(stage), timeout=5000)
    stage.leave_unsettled(TaskKind.CONFLICT, SARAH, NO_LENGTH)
    qtbot.waitUntil(lambda: "and 1 conflict waits" in line(stage), timeout=5000)
    stage.transport.tasks.clear()
    qtbot.waitUntil(lambda: line(stage) == "", timeout=5000)


def test_while_the_cloud_is_silent_the_line_stays_and_says_as_of_when(
    stage: WindowStage, qtbot: QtBot
) -> None:
    stage.leave_unsettled(TaskKind.QUARANTINE, SARAH, NO_LENGTH)
    stage.open(SARAH)
    stage.cloud.start()
    qtbot.waitUntil(lambda: line(stage) != "")
    stage.transport.is_reachable = False
    qtbot.waitUntil(lambda: line(stage).startswith("As of "), timeout=5000)
    assert "1 change of this patient is held back." in line(stage)
    stage.transport.is_reachable = True
    qtbot.waitUntil(lambda: line(stage).startswith("1 change "), timeout=5000)


def test_a_record_that_is_read_again_keeps_the_line(stage: WindowStage, qtbot: QtBot) -> None:
    stage.leave_unsettled(TaskKind.QUARANTINE, SARAH, NO_LENGTH)
    stage.open(SARAH)
    stage.cloud.start()
    qtbot.waitUntil(lambda: line(stage) != "")
    stage.transport.records[0]["birthDate"] = "1961-03-13"
    qtbot.waitUntil(lambda: "13-Mar-1961" in stage.window.banner.accessibleName(), timeout=5000)
    assert "1 change" in line(stage)


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.CONTRAST])
def test_no_word_of_the_line_is_cut_however_large_the_text(
    make_stage: Callable[..., WindowStage], qtbot: QtBot, scale: float, scheme: Scheme
) -> None:
    stage = make_stage(scale=scale, scheme=scheme)
    stage.window.resize(1280, 800)
    stage.leave_unsettled(TaskKind.QUARANTINE, SARAH, NO_LENGTH)
    stage.leave_unsettled(TaskKind.CONFLICT, SARAH, NO_LENGTH)
    stage.open(SARAH)
    stage.cloud.start()
    qtbot.waitUntil(lambda: line(stage) != "", timeout=5000)
    qtbot.waitUntil(lambda: cut_parts(stage.window.content) == [])


@pytest.mark.hazard("H01")
def test_identity_is_whole_in_the_smallest_window_whatever_else_has_to_be_said(
    make_stage: Callable[..., WindowStage], qtbot: QtBot
) -> None:
    stage = make_stage(scale=2.0)
    stage.window.resize(1280, 800)
    stage.publish()
    stage.leave_unsettled(TaskKind.QUARANTINE, SARAH, NO_LENGTH)
    stage.open(SARAH)
    stage.cloud.start()
    qtbot.waitUntil(lambda: line(stage) != "")
    stage.transport.is_reachable = False
    qtbot.waitUntil(stage.window.silence.isVisible, timeout=5000)
    banner = stage.window.banner
    qtbot.waitUntil(lambda: banner.height() >= banner.heightForWidth(banner.width()))
    assert cut_parts(banner) == []
    assert NO_LENGTH in line(stage), "a screen reader has room"
    shown = [one.text() for one in stage.window.banner.findChildren(QLabel) if one.isVisible()]
    assert not [one for one in shown if NO_LENGTH in one], "the page says it, and needs the room"


def test_several_say_where_to_begin_and_nothing_says_nothing() -> None:
    assert unsettled_words(Unsettled(), BEGAN) == ("", "")
    assert unsettled_words(Unsettled(held_back=2, oldest="Correct it."), None) == (
        "2 changes of this patient are held back.",
        "Begin with the oldest: Correct it.",
    )
    assert unsettled_words(Unsettled(conflicts=1, oldest="Decide."), BEGAN) == (
        "As of 09:00, 1 conflict of this patient waits for a decision.",
        "Decide.",
    )


@pytest.mark.hazard("H03")
def test_age_of_the_copy_is_whole_in_the_smallest_window(
    make_stage: Callable[..., WindowStage], qtbot: QtBot
) -> None:
    stage = make_stage(scale=2.0)
    stage.window.resize(1280, 800)
    stage.flags.stages[Function.PATIENTS] = Stage.LEGACY
    stage.board.flags_changed()
    stage.open(SARAH)
    banner = stage.window.banner
    qtbot.waitUntil(lambda: "check the legacy screen" in texts(banner))
    qtbot.waitUntil(lambda: cut_parts(banner) == [])
