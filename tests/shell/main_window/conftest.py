"""Fixtures of the window's tests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from shell.main_window.choices import Choices
from tests.support.window_stage import WindowStage


@pytest.fixture
def make_stage(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[..., WindowStage]]:
    """Opens windows that are closed after the test."""
    stages: list[WindowStage] = []

    def make(**wishes: Any) -> WindowStage:
        made = WindowStage(Choices(tmp_path / "choices.json"), **wishes)
        qtbot.addWidget(made.window)
        qtbot.waitExposed(made.window)
        stages.append(made)
        return made

    yield make
    for one in stages:
        one.end()


@pytest.fixture
def stage(make_stage: Callable[..., WindowStage]) -> WindowStage:
    """A window of the reference practice in which nobody is open."""
    return make_stage()
