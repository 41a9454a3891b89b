"""Who is said to have the keys has them, or it is not said any longer (hazard H25)."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from shell.hosts.interface import Side
from shell.hosts.key_frame import KeyFrame


@pytest.fixture
def frame(qtbot: QtBot) -> Iterator[KeyFrame]:
    """A frame with one line in it, on a desktop without foreign windows."""
    top = QWidget()
    content = QWidget(top)
    QLineEdit(content).setObjectName("line")
    made = KeyFrame(top, content, None, lambda _side: None)
    qtbot.addWidget(top)
    top.show()
    qtbot.waitExposed(top)
    yield made
    made.stop()


def test_a_guest_that_could_not_take_the_keys_yet_is_given_them_again(frame: KeyFrame) -> None:
    given: list[str] = []
    frame.register_guest(lambda: given.append("keys"))
    frame.give_to_guest()
    frame.on_content_focused()
    assert given == ["keys", "keys"]
    frame.guest_focused()
    assert frame.active is Side.LEGACY


def test_a_guest_that_never_takes_the_keys_is_not_said_to_have_them(frame: KeyFrame) -> None:
    given: list[str] = []
    frame.register_guest(lambda: given.append("keys"))
    frame.give_to_guest()
    while frame.active is Side.LEGACY and len(given) < 1000:
        frame.on_content_focused()
        frame.on_frame_focused()
    assert frame.active is None


def test_keys_that_nothing_can_take_go_to_the_window_itself_which_hears_its_own_keys(frame: KeyFrame) -> None:
    line = frame.content.findChild(QLineEdit, "line")
    assert line is not None
    frame.give_to_shell(line)
    line.hide()
    frame.give_to_shell(line)
    assert frame.top.focusWidget() is frame.content


@pytest.mark.hazard("H25")
def test_keys_of_a_guest_that_is_gone_go_to_no_field_that_had_them_before(frame: KeyFrame) -> None:
    line = frame.content.findChild(QLineEdit, "line")
    assert line is not None
    frame.register_guest(lambda: None)
    frame.give_to_shell(line)
    frame.give_to_guest()
    frame.register_guest(None)
    assert frame.top.focusWidget() is frame.content


def test_a_dialogue_of_the_guest_that_keeps_the_keys_is_the_guest(frame: KeyFrame) -> None:
    frame.register_guest(lambda: None, lambda window: window == 7)
    frame.on_other_focused(8)
    assert frame.active is None
    frame.on_other_focused(7)
    assert frame.active is Side.LEGACY
