"""What every host of a pane keeps: legacy windows of two toolkits, pages; with a window manager or none."""

from collections.abc import Iterator

import pytest

from tests.support.panes import Pane, guest_pane, web_pane
from tests.support.waiting import until

PANES = ("tk-bare", "tk-openbox", "qt-bare", "qt-openbox", "web-bare", "web-openbox")


@pytest.fixture(
    scope="module",
    params=[pytest.param(pane, marks=pytest.mark.browser if "web" in pane else ()) for pane in PANES],
)
def pane(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pane]:
    """A pane of each kind, one after the other; a stage each, shared by the tests of this module."""
    kind, _, manager = str(request.param).partition("-")
    screen = request.getfixturevalue("managed_screen" if manager == "openbox" else "bare_screen")
    if kind == "web":
        with web_pane(screen) as web:
            yield web
    else:
        with guest_pane(screen, kind, tmp_path_factory.mktemp(kind)) as guest:
            yield guest


def test_what_is_opened_is_read_back_from_the_pane(pane: Pane) -> None:
    assert pane.open("appointments", "7")["unsaved"] is False
    assert pane.open("patients", "104417")["identifier"] == pane.identifier("104417")


def test_nobody_is_said_to_be_nobody(pane: Pane) -> None:
    assert pane.open("patients", None)["state"] == "nobody"


def test_a_read_back_that_was_asked_for_answers_though_nothing_changed(pane: Pane) -> None:
    pane.open("patients", "104417")
    since = len(pane.stage.events)
    pane.do("refresh_read_back")
    assert pane.stage.wait_for("shown", since=since, side=pane.side)["state"] == "somebody"


@pytest.mark.hazard("H25")
def test_keys_follow_the_active_pane_and_not_the_mouse(pane: Pane) -> None:
    pane.open("patients", "104417")
    pane.screen.point(*pane.stage.middle(pane.side))
    pane.do("take_keys")
    pane.screen.point(*pane.stage.middle("line"))
    before = pane.typed()
    pane.screen.type("pane")
    until(lambda: pane.typed() == before + "pane", "the text is in the pane")
    pane.stage.tell("clear")
    pane.stage.tell("focus_line")
    pane.screen.point(*pane.stage.middle(pane.side))
    pane.screen.type("shell")
    until(lambda: pane.stage.tell("text") == "shell", "the text is in the shell's line")
    assert pane.typed() == before + "pane"


@pytest.mark.hazard("H25")
def test_a_click_makes_a_pane_active_and_a_click_in_the_shell_takes_the_keys_back(pane: Pane) -> None:
    pane.type_into_line("one")
    since = len(pane.stage.events)
    pane.screen.click(*pane.stage.middle(pane.side))
    pane.stage.wait_for("active", since=since, side=pane.side)
    before = pane.typed()
    pane.screen.type("two")
    until(lambda: len(pane.typed()) == len(before) + 3, "the text is in the pane")
    since = len(pane.stage.events)
    pane.type_into_line("three")
    pane.stage.wait_for("active", since=since, side=None)
    assert len(pane.typed()) == len(before) + 3


@pytest.mark.hazard("H01")
def test_no_key_and_no_click_reaches_a_covered_pane(pane: Pane) -> None:
    pane.open("patients", "104417")
    pane.do("take_keys")
    before = pane.typed()
    pane.do("cover")
    pane.screen.type("lost")
    pane.screen.click(*pane.stage.middle(pane.side))
    pane.do("take_keys")
    pane.screen.type("lost")
    pane.type_into_line("kept")
    assert pane.typed() == before
    assert pane.open("appointments", "7")["state"] == "somebody"
    pane.do("uncover")
    pane.open("patients", "104417")
    pane.screen.click(*pane.stage.middle(pane.side))
    before = pane.typed()
    pane.screen.type("back")
    until(lambda: len(pane.typed()) == len(before) + 4, "the text is in the pane again")


@pytest.mark.parametrize("settle", ["save_work", "discard_work"])
def test_unsaved_work_is_seen_and_is_settled_by_the_panes_own_means(pane: Pane, settle: str) -> None:
    pane.open("patients", "104417")
    since = len(pane.stage.events)
    pane.do("discard_work")
    pane.stage.wait_for("work_done", since=since)
    pane.do("take_keys")
    since = len(pane.stage.events)
    pane.screen.type("x")
    pane.stage.wait_for("shown", since=since, side=pane.side, unsaved=True)
    since = len(pane.stage.events)
    pane.do(settle)
    assert pane.stage.wait_for("work_done", since=since)["done"] is True
    assert pane.stage.last("shown") == pane.stage.wait_for(
        "shown", since=since, side=pane.side, unsaved=False
    )


def test_keys_go_back_to_the_pane_that_had_them_when_the_window_is_given_the_focus(pane: Pane) -> None:
    pane.open("patients", "104417")
    pane.do("take_keys")
    window = pane.screen.do("search", "--name", "^Stage$").split()[0]
    pane.screen.point(*pane.stage.middle("line"))
    pane.screen.do("windowfocus", window)
    before = pane.typed()
    pane.screen.type("y")
    until(lambda: pane.typed() == before + "y", "the key reached the pane that was active")
