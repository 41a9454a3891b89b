"""A process of this user, told apart from a later one with the same number."""

import os
import subprocess
import sys

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from shell.native.process import EndWatch, command_line, read_process


def test_a_running_process_is_known_by_number_session_and_start() -> None:
    me = read_process(os.getpid())
    assert me is not None
    assert me.session == os.getsid(0)
    assert read_process(os.getpid()) == me
    assert command_line(os.getpid())[0]


def test_a_process_that_is_over_is_none(qtbot: QtBot) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert child.stdin is not None
    assert read_process(child.pid) is not None
    heard: list[bool] = []
    parent = QObject()
    EndWatch(child.pid, lambda: heard.append(True), parent)
    child.stdin.close()
    qtbot.waitUntil(lambda: bool(heard))
    # not yet reaped: it is over all the same
    assert read_process(child.pid) is None
    child.wait()
    assert read_process(child.pid) is None
    assert command_line(child.pid) == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root to start a process as somebody else")
def test_a_process_of_somebody_else_is_none() -> None:
    child = subprocess.Popen(["cat"], user=65534, stdin=subprocess.PIPE)
    assert child.stdin is not None
    assert read_process(child.pid) is None
    child.stdin.close()
    child.wait()


def test_a_watch_that_was_stopped_says_nothing(qtbot: QtBot) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert child.stdin is not None
    heard: list[str] = []
    parent = QObject()
    EndWatch(child.pid, lambda: heard.append("stopped"), parent).stop()
    EndWatch(child.pid, lambda: heard.append("watched"), parent)
    child.stdin.close()
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == ["watched"]
    child.wait()
