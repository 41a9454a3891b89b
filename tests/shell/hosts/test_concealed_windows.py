"""A legacy program's own dialogues while the shell is locked: nobody sees them, and none is lost."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from shell.native.process import read_process
from tests.support.panes import GuestPane, guest_pane
from tests.support.waiting import until

FIND = "^Find patient$"


@pytest.fixture(params=["tk-bare", "tk-openbox", "qt-bare", "qt-openbox"])
def pane(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GuestPane]:
    """A guest in a pane of the test's own."""
    kind, _, manager = request.param.partition("-")
    screen = request.getfixturevalue("managed_screen" if manager == "openbox" else "bare_screen")
    with guest_pane(screen, kind, tmp_path) as guest:
        yield guest


def _is_seen(pane: GuestPane) -> bool:
    return bool(pane.screen.run_if_found("xdotool", "search", "--onlyvisible", "--name", FIND))


def _focus_name(pane: GuestPane) -> str:
    return pane.screen.run_if_found("xdotool", "getwindowname", pane.screen.do("getwindowfocus"))


def _ask(pane: GuestPane) -> None:
    pane.do("take_keys")
    pane.screen.key("F2")
    until(lambda: _focus_name(pane) == "Find patient", "the dialogue has the keys")


def _conceal(pane: GuestPane, *, is_concealed: bool) -> None:
    pane.stage.tell("conceal", side="legacy", is_concealed=is_concealed)


def test_a_dialogue_is_put_away_while_locked_and_is_answered_afterwards(pane: GuestPane) -> None:
    since = len(pane.stage.events)
    _ask(pane)
    pane.do("cover")
    _conceal(pane, is_concealed=True)
    pane.stage.tell("focus_line")
    until(lambda: not _is_seen(pane), "the dialogue is off the screen")
    pane.screen.type("x")
    until(lambda: pane.stage.tell("text") == "x", "keys go to the shell")
    _conceal(pane, is_concealed=False)
    pane.do("uncover")
    until(lambda: _is_seen(pane), "the dialogue is back")
    said = [one["is_open"] for one in pane.stage.events[since:] if one["event"] == "question"]
    assert said[-1] is True
    pane.screen.click(*pane.stage.middle("legacy"))
    until(lambda: _focus_name(pane) == "Find patient", "a click on the pane gives it the keys")
    pane.screen.key("Return")
    pane.stage.wait_for("question", since=since, is_open=False)
    assert not _is_seen(pane)


def test_a_dialogue_that_comes_up_while_locked_is_put_away_at_once(pane: GuestPane) -> None:
    pane.do("take_keys")
    pid = pane.process().pid
    os.kill(pid, signal.SIGSTOP)
    since = len(pane.stage.events)
    try:
        pane.screen.key("F2")
        pane.do("cover")
        _conceal(pane, is_concealed=True)
    finally:
        os.kill(pid, signal.SIGCONT)
    pane.stage.wait_for("question", since=since, is_open=True)
    until(lambda: not _is_seen(pane), "the dialogue is off the screen")
    _conceal(pane, is_concealed=False)
    until(lambda: _is_seen(pane), "the dialogue is there for whoever comes back")


@pytest.mark.parametrize("end", ["kill", "release"])
def test_a_dialogue_that_was_put_away_comes_back_when_the_shell_goes(pane: GuestPane, end: str) -> None:
    _ask(pane)
    _conceal(pane, is_concealed=True)
    until(lambda: not _is_seen(pane), "the dialogue is off the screen")
    if end == "kill":
        pane.stage.kill()
    else:
        pane.do("release")
    until(lambda: _is_seen(pane), "the program can be used alone")
    assert read_process(pane.process().pid) == pane.process()
