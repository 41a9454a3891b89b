"""A cloud that refuses is not a cloud that is gone: it is said what this person may not see, and why."""

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from shell.main_window.unread import Unread, unread_of, unread_words
from tests.support.widgets import press, texts
from tests.support.window_stage import SARAH, WindowStage
from web_modules.decision.words import Environment
from web_modules.fhir.errors import FhirForbidden, FhirUnavailable

Make = Callable[..., WindowStage]


def refused(make_stage: Make, role: str, *types: str) -> WindowStage:
    """A window of a person whose role may not see some types of resources."""
    stage = make_stage(role=role)
    stage.transport.refused = dict.fromkeys(types, 403)
    stage.publish()
    stage.cloud.start()
    return stage


def test_role_that_sees_no_patients_is_told_so_and_the_cloud_is_not_called_gone(
    make_stage: Make, qtbot: QtBot
) -> None:
    stage = refused(make_stage, "it", "Task", "Patient")
    qtbot.waitUntil(stage.window.refusal.isVisible, timeout=5000)
    assert "You may not see patients: your role is IT." in texts(stage.window.refusal)
    assert not stage.window.silence.isVisible()
    bar = texts(stage.window.status_bar)
    assert "Decisions –" in bar
    assert "Held back –" in bar
    assert "Up to date" in bar
    assert "cannot be reached" not in texts(stage.window)
    assert not any(pane.is_veiled for pane in stage.window.panes.values())


def test_what_a_role_may_not_see_is_not_asked_for_again(make_stage: Make, qtbot: QtBot) -> None:
    stage = refused(make_stage, "it", "Task", "Patient")
    qtbot.waitUntil(lambda: stage.transport.asked.count("Basic") >= 2, timeout=5000)
    assert stage.transport.asked.count("Task") == 1
    assert stage.transport.asked.count("Patient") == 1


def test_role_that_sees_patients_but_no_tasks_is_not_told_otherwise(make_stage: Make, qtbot: QtBot) -> None:
    stage = refused(make_stage, "nurse", "Task")
    qtbot.waitUntil(lambda: "Decisions –" in texts(stage.window.status_bar), timeout=5000)
    assert not stage.window.refusal.isVisible()
    beats = stage.transport.asked.count("Basic")
    qtbot.waitUntil(lambda: stage.transport.asked.count("Basic") > beats, timeout=5000)
    assert stage.transport.asked.count("Patient") == 1


def test_palette_says_that_this_role_looks_up_no_patients(make_stage: Make, qtbot: QtBot) -> None:
    stage = refused(make_stage, "trainer", "Basic", "Task", "Patient")
    qtbot.waitUntil(stage.window.refusal.isVisible, timeout=5000)
    assert "freshness not shown to you" in texts(stage.window)
    stage.window.cards.open_palette()
    palette = stage.window.cards.palette
    assert palette is not None
    palette.findChildren(QLineEdit)[0].setText("smith")
    qtbot.waitUntil(lambda: "your role is Trainer" in texts(palette), timeout=5000)
    assert "training environment only" in texts(palette)
    assert "does not answer" not in texts(palette)


def test_sign_in_that_ended_is_said_with_the_way_back_and_nothing_is_lost(
    make_stage: Make, qtbot: QtBot
) -> None:
    stage = make_stage()
    stage.open(SARAH)
    stage.transport.refused = dict.fromkeys(("Basic", "Task", "Patient"), 401)
    stage.cloud.start()
    qtbot.waitUntil(stage.window.refusal.isVisible, timeout=5000)
    words = texts(stage.window.refusal)
    assert "Your sign-in has ended." in words
    assert "close Banyan and open it again" in words
    assert not stage.window.silence.isVisible()
    stage.pages.show(stage.pages.asked[-1][1], unsaved=True)
    press(stage.window.refusal, "Close Banyan")
    assert stage.window.isVisible()
    assert "Before you close Banyan" in texts(stage.window.overlay)


def test_cloud_that_is_gone_after_all_is_said_too(make_stage: Make, qtbot: QtBot) -> None:
    stage = refused(make_stage, "it", "Task", "Patient")
    qtbot.waitUntil(stage.window.refusal.isVisible, timeout=5000)
    stage.transport.is_reachable = False
    qtbot.waitUntil(stage.window.silence.isVisible, timeout=5000)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (FhirForbidden("no", status=403), Unread.ROLE),
        (FhirForbidden("no", status=401), Unread.SIGNED_OUT),
        (FhirUnavailable("no"), Unread.SILENT),
        (None, Unread.SILENT),
    ],
)
def test_refusal_and_silence_are_told_apart(error: Exception | None, why: Unread) -> None:
    assert unread_of(error) is why


def test_trainer_is_sent_to_training_from_elsewhere_only() -> None:
    for environment in (Environment.LIVE, Environment.REFERENCE):
        assert "--training" in unread_words(Unread.ROLE, "trainer", environment)[1]
    assert "--training" not in unread_words(Unread.ROLE, "trainer", Environment.TRAINING)[1]
