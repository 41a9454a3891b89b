"""A legacy program's own window in a pane: what is particular to it beside the contract of all hosts."""

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shell.native.process import read_process
from tests.support.guests import link
from tests.support.panes import GuestPane, end_guest, guest_pane, legacy_arguments
from tests.support.staged_hosts import ROOT, StagedHosts
from tests.support.virtual_screen import VirtualScreen, virtual_screen
from tests.support.waiting import until

GUESTS = ("tk-bare", "tk-openbox", "qt-bare", "qt-openbox")


def _screen(guest: str, request: pytest.FixtureRequest) -> tuple[str, VirtualScreen]:
    kind, _, manager = guest.partition("-")
    return kind, request.getfixturevalue("managed_screen" if manager == "openbox" else "bare_screen")


@pytest.fixture(scope="module", params=GUESTS)
def pane(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuestPane]:
    """A guest in a pane; a stage each, shared by the tests that leave it as it was."""
    kind, screen = _screen(request.param, request)
    with guest_pane(screen, kind, tmp_path_factory.mktemp(kind)) as guest:
        yield guest


@pytest.fixture(params=GUESTS)
def own_pane(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GuestPane]:
    """A guest in a pane of the test's own."""
    kind, screen = _screen(request.param, request)
    with guest_pane(screen, kind, tmp_path) as guest:
        yield guest


def _window(pane: GuestPane, title: str | None = None) -> str | None:
    name = title or f"^Test Guest .* - {re.escape(pane.folder.name)}$"
    found = pane.screen.run_if_found("xdotool", "search", "--name", name)
    return found.split()[0] if found else None


def _box(pane: GuestPane, title: str | None = None) -> tuple[int, int, int, int]:
    """A window of the guest's on the screen: x, y, width, height."""
    window = until(lambda: _window(pane, title) or "", "the guest has the window")
    said = pane.screen.run("xwininfo", "-id", window)
    x, y, width, height = (
        int(re.search(rf"{name}:\s+(-?\d+)", said)[1])  # type: ignore[index]
        for name in ("Absolute upper-left X", "Absolute upper-left Y", "Width", "Height")
    )
    return x, y, width, height


def _is_whole(box: tuple[int, int, int, int]) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[0] + box[2] <= 1280 and box[1] + box[3] <= 800


def _give_keys_alone(pane: GuestPane) -> None:
    """Give the guest the keys as the desktop does; without a window manager a click alone does not."""
    box = _box(pane)
    pane.screen.click(box[0] + box[2] // 2, box[1] + box[3] // 2)
    if not pane.screen.is_managed:
        pane.screen.do("windowfocus", "--sync", _window(pane) or "")


def _is_around(box: tuple[int, int, int, int], place: tuple[int, int]) -> bool:
    return box[0] < place[0] < box[0] + box[2] and box[1] < place[1] < box[1] + box[3]


@pytest.mark.parametrize("lock", [None, "Caps_Lock", "Num_Lock"])
def test_a_shell_key_is_heard_and_the_program_never_sees_it(pane: GuestPane, lock: str | None) -> None:
    pane.open("patients", "104417")
    pane.do("take_keys")
    before = pane.typed()
    if lock is not None:
        pane.screen.key(lock)
    try:
        for key in ("Ctrl+K", "Alt+2", "Ctrl+Shift+X", "Ctrl+slash"):
            since = len(pane.stage.events)
            pane.screen.key(key.lower())
            pane.stage.wait_for("shell_key", since=since, key=key.replace("slash", "/"))
            pane.do("take_keys")
    finally:
        if lock is not None:
            pane.screen.key(lock)
    pane.screen.type("z")
    until(lambda: pane.typed() == before + "z", "a key that is not the shell's goes on to the program")


def test_what_is_typed_after_a_shell_key_goes_to_the_shell(pane: GuestPane) -> None:
    pane.open("patients", "104417")
    pane.stage.tell("focus_line")
    pane.stage.tell("clear")
    pane.do("take_keys")
    before = pane.typed()
    # one call: no time between the key and what follows it
    pane.screen.do("key", "--delay", "0", "ctrl+k", "s", "m", "i", "t", "h")
    until(lambda: pane.stage.tell("text") == "smith", "all of it is in the shell's line")
    assert pane.typed() == before


@pytest.mark.hazard("H22")
def test_a_program_is_never_made_smaller_than_it_can_be_and_the_pane_says_so(pane: GuestPane) -> None:
    pane.stage.tell("sizes", sizes=[220, 860])
    until(lambda: _box(pane)[2:] >= (300, 200) and pane.stage.tell("edge"), "the edge says it")
    assert "needs 300 × 200" in pane.stage.tell("edge")
    assert _box(pane)[2] == 300
    pane.stage.tell("sizes", sizes=[700, 380])
    until(lambda: _box(pane)[2] > 500, "the program has the pane's width again")
    assert pane.stage.tell("edge") is None


def test_the_window_follows_its_pane_when_the_shell_is_moved_and_resized(pane: GuestPane) -> None:
    pane.stage.tell("resize", width=1000, height=560)
    pane.stage.tell("move", x=30, y=30)
    until(lambda: _is_around(_box(pane), pane.stage.middle("legacy")), "the window is where its pane is")
    pane.stage.tell("resize", width=1100, height=640)
    until(lambda: _is_around(_box(pane), pane.stage.middle("legacy")), "the window is where its pane is")


@pytest.mark.hazard("H22")
def test_a_modal_dialogue_is_whole_on_the_screen_above_the_shell_and_has_the_keys(pane: GuestPane) -> None:
    pane.open("patients", "104417")
    pane.do("take_keys")
    pane.screen.key("F2")
    window = until(lambda: _window(pane, "^Find patient$") or "", "the dialogue is there")
    until(lambda: _is_whole(_box(pane, "^Find patient$")), "it is whole on the screen")
    pane.screen.click(*pane.stage.middle("line"))
    pane.screen.click(*pane.stage.middle("legacy"))
    until(
        lambda: pane.screen.do("getwindowfocus", "-f") == window or _focus_name(pane) == "Find patient",
        "a click on the pane brings the dialogue to the front, with the keys",
    )
    pane.screen.key("Return")
    until(lambda: _window(pane, "^Find patient$") is None, "the dialogue is answered")
    before = pane.typed()
    until(lambda: _types(pane, "q", before), "the keys are the program's again")


@pytest.mark.hazard("H22")
def test_a_shell_key_is_heard_over_a_dialogue_and_the_keys_stay_there(pane: GuestPane) -> None:
    pane.open("patients", "104417")
    pane.do("take_keys")
    since = len(pane.stage.events)
    pane.screen.key("F2")
    until(lambda: _focus_name(pane) == "Find patient", "the dialogue has the keys")
    pane.stage.wait_for("question", since=since, is_open=True)
    pane.screen.key("ctrl+k")
    pane.stage.wait_for("shell_key", since=since, key="Ctrl+K")
    assert _focus_name(pane) == "Find patient"
    pane.screen.key("Return")
    until(lambda: _window(pane, "^Find patient$") is None, "the dialogue is answered")
    pane.stage.wait_for("question", since=since, is_open=False)


def test_saving_while_the_program_asks_is_refused_at_once(pane: GuestPane) -> None:
    pane.open("patients", "104417")
    pane.do("take_keys")
    pane.screen.type("w")
    since = len(pane.stage.events)
    pane.screen.key("F2")
    pane.stage.wait_for("question", since=since, is_open=True)
    pane.do("save_work")
    assert pane.stage.wait_for("work_done", since=since)["done"] is False
    until(lambda: _focus_name(pane) == "Find patient", "the dialogue has the keys")
    pane.screen.key("Return")
    pane.stage.wait_for("question", since=since, is_open=False)
    pane.do("save_work")


@pytest.mark.hazard("H25")
def test_a_dialogue_that_comes_up_by_itself_takes_no_keys_until_it_is_pressed(pane: GuestPane) -> None:
    pane.open("patients", "104417")
    pane.do("take_keys")
    pid = pane.process().pid
    os.kill(pid, signal.SIGSTOP)
    try:
        pane.screen.key("F2")
        pane.type_into_line("typed")
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: _window(pane, "^Find patient$"), "the dialogue is there")
    until(lambda: _focus_name(pane) != "Find patient", "it gives back what the window manager gave it")
    pane.stage.tell("clear")
    pane.screen.type("still here")
    until(lambda: pane.stage.tell("text") == "still here", "the line keeps the keys")
    pane.screen.click(*pane.stage.middle("legacy"))
    until(lambda: _focus_name(pane) == "Find patient", "a click on the pane gives them to the dialogue")
    until(lambda: (pane.stage.last("active") or {}).get("side") == "legacy", "and the pane is marked")
    pane.screen.key("Return")
    until(lambda: _window(pane, "^Find patient$") is None, "the dialogue is answered")


def _focus_name(pane: GuestPane) -> str:
    focused = pane.screen.do("getwindowfocus")
    return pane.screen.run_if_found("xdotool", "getwindowname", focused)


def _types(pane: GuestPane, key: str, before: str) -> bool:
    pane.screen.type(key)
    return len(pane.typed()) > len(before)


@pytest.mark.hazard("H23")
def test_the_program_survives_the_death_of_the_shell_and_is_hosted_again(
    own_pane: GuestPane, tmp_path: Path
) -> None:
    process = own_pane.process()
    own_pane.do("take_keys")
    until(lambda: _types(own_pane, "k", ""), "something is typed")
    own_pane.stage.kill()
    assert read_process(process.pid) == process
    _give_keys_alone(own_pane)
    own_pane.screen.type("2")
    until(lambda: "2" in own_pane.typed(), "it can be used alone")
    kind = "tk" if "tk_guest" in (tmp_path / "guest.toml").read_text() else "qt"
    with StagedHosts(own_pane.screen, *legacy_arguments(kind, tmp_path)) as again:
        again.open("legacy", "appointments", None)
        shown = again.wait_for("shown")
        assert shown["identifier"] == "104417", "it is taken over as it is, and not asked to change"
        again.open("legacy", "appointments", "7")
        again.wait_for("shown", identifier="7", function="appointments")
        assert own_pane.process() == process
        again.tell("take_keys", side="legacy")
        again.screen.type("3")
        until(lambda: "3" in own_pane.typed(), "it has the keys in the new shell")


@pytest.mark.hazard("H23")
def test_a_program_that_another_shell_shows_is_left_there_and_taken_once_it_is_free(
    own_pane: GuestPane, tmp_path: Path
) -> None:
    with StagedHosts(own_pane.screen, *legacy_arguments("qt", tmp_path)) as second:
        second.open("legacy", "patients", "104418")
        gone = second.wait_for("gone", side="legacy")
        assert "is open in another Banyan window." in gone["reason"]
        assert not any(one.get("identifier") == "104418" for one in own_pane.stage.events)
        own_pane.stage.end()
        second.open("legacy", "patients", "104418")
        # what outlived a window with a patient open is taken as it is
        second.wait_for("shown", identifier="104417")


def test_a_window_that_is_given_back_is_as_large_as_before_and_works(own_pane: GuestPane) -> None:
    own_pane.do("release")
    until(lambda: _box(own_pane)[2:] == (500, 360), "the window is on the screen, as large as before")
    own_pane.stage.end()
    _give_keys_alone(own_pane)
    own_pane.screen.type("alone")
    until(lambda: own_pane.typed() == "alone", "it has the keys by itself")


def test_a_shell_that_ends_gives_the_window_back(own_pane: GuestPane) -> None:
    process = own_pane.process()
    own_pane.stage.end()
    assert read_process(process.pid) == process
    until(lambda: _box(own_pane)[2:] == (500, 360), "the window is on the screen, as large as before")
    assert not [line for line in own_pane.stage.complaints if "BadWindow" in line or "Error" in line]


def test_a_program_that_dies_is_said_to_be_gone_and_opening_starts_it_again(own_pane: GuestPane) -> None:
    own_pane.do("take_keys")
    os.kill(own_pane.process().pid, signal.SIGKILL)
    assert own_pane.stage.wait_for("gone")["reason"] == "Test Guest has ended."
    own_pane.type_into_line("the shell has the keys")
    assert own_pane.open("appointments", "7")["function"] == "appointments"
    own_pane.do("take_keys")
    before = own_pane.typed()
    until(lambda: _types(own_pane, "n", before), "it has the keys")


def test_closing_asks_the_program_to_close(own_pane: GuestPane) -> None:
    process = own_pane.process()
    own_pane.do("close")
    until(lambda: read_process(process.pid) is None, "the program has ended")
    assert own_pane.stage.last("gone") is None


def test_a_window_of_the_same_program_on_another_database_is_not_taken(
    bare_screen: VirtualScreen, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with guest_pane(bare_screen, "qt", tmp_path / "one") as one:
        one.do("release")
        with guest_pane(bare_screen, "qt", tmp_path / "two") as two:
            assert two.process() != one.process()
            assert two.open("patients", "2")["identifier"] == "2"


def test_a_patient_without_a_number_is_not_asked_for_and_the_pane_says_so(pane: GuestPane) -> None:
    pane.open("patients", "104417")
    since = len(pane.stage.events)
    patient = {"fhir_id": "p1", "patient_number": None}
    pane.stage.tell("open", side="legacy", function="patients", patient=patient, token="c1")
    assert "no number" in pane.stage.wait_for("notice", since=since)["words"]
    assert pane.stage.wait_for("shown", since=since)["identifier"] == "104417"


def test_the_last_of_several_openings_is_the_one_that_stays(pane: GuestPane) -> None:
    for number in ("1", "2", "3", "4"):
        pane.stage.open("legacy", "patients", number)
    pane.stage.wait_for("shown", identifier="4")
    assert pane.open("patients", "5")["identifier"] == "5"


def test_a_program_that_cannot_be_started_is_said_to_be_gone_in_words(
    bare_screen: VirtualScreen, tmp_path: Path
) -> None:
    arguments = legacy_arguments("qt", tmp_path)
    description = tmp_path / "guest.toml"
    description.write_text(description.read_text().replace("{python}", "no-such-program"))
    with StagedHosts(bare_screen, *arguments) as stage:
        stage.open("legacy", "patients", "1")
        assert "does not run on this machine" in stage.wait_for("gone")["reason"]


def test_a_program_whose_database_was_not_named_is_not_started_and_the_option_is_named(
    bare_screen: VirtualScreen, tmp_path: Path
) -> None:
    with StagedHosts(bare_screen, *legacy_arguments("qt", tmp_path), "--database", "") as stage:
        stage.open("legacy", "patients", "1")
        reason = stage.wait_for("gone")["reason"]
    assert reason == "No legacy database was named. Name it with --legacy-database URL and open Banyan again."


def test_a_program_that_ends_before_its_window_shows_is_said_to_be_gone(
    bare_screen: VirtualScreen, tmp_path: Path
) -> None:
    arguments = legacy_arguments("qt", tmp_path)
    description = tmp_path / "guest.toml"
    description.write_text(description.read_text().replace("qt_guest", "no_such_guest"))
    with StagedHosts(bare_screen, *arguments) as stage:
        stage.open("legacy", "patients", "1")
        assert "ended before it showed its window" in stage.wait_for("gone")["reason"]
    end_guest(tmp_path)


@pytest.mark.hazard("H25")
@pytest.mark.parametrize("guest", GUESTS)
def test_what_is_typed_while_the_program_comes_up_reaches_the_shell_and_never_the_program(
    guest: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    kind, screen = _screen(guest, request)
    with StagedHosts(screen, *legacy_arguments(kind, tmp_path)) as stage:
        pane = GuestPane(stage=stage, side="legacy", screen=screen, folder=tmp_path)
        try:
            pane.type_into_line("typed")
            stage.open("legacy", "patients", "104417")
            typed = ["typed"]

            def types_until_it_is_there() -> bool:
                typed.append("abcdefgh")
                screen.type(typed[-1])
                return stage.last("shown") is not None

            until(types_until_it_is_there, "the program is in its pane")
            until(
                lambda: stage.tell("text") == "".join(typed),
                "all of it is in the shell's line",
            )
            assert pane.typed() == ""
        finally:
            end_guest(tmp_path)


@pytest.mark.hazard("H25")
@pytest.mark.parametrize("guest", ["late-bare", "late-openbox"])
def test_a_window_that_is_named_before_it_is_shown_is_never_on_the_screen_outside_of_its_pane(
    guest: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    kind, screen = _screen(guest, request)
    with (
        _events_of_the_screen(screen, tmp_path / "events") as events,
        StagedHosts(screen, *legacy_arguments(kind, tmp_path)) as stage,
    ):
        pane = GuestPane(stage=stage, side="legacy", screen=screen, folder=tmp_path)
        try:
            stage.open("legacy", "patients", "104417")
            window = int(until(lambda: _window(pane) or "", "the program has made its window"))
            until(lambda: "ReparentNotify" in events(window), "it lies where nobody sees it")
            second = argparse.Namespace(
                database=str(tmp_path / "practice.db"), screen="patients", patient="104417"
            )
            assert link.handed_over(second), "the program is told to show its window"
            stage.wait_for("shown", identifier="104417")
            # what the server says after this has come after all that it said of the window
            stage_window = int(stage.tell("window_id"))
            before = events(stage_window)
            stage.tell("hide")
            until(lambda: events(stage_window) != before, "the server has said what happened")
            assert events(window) == ["CreateNotify", "ReparentNotify"]
        finally:
            end_guest(tmp_path)


@pytest.mark.parametrize("kind", ["tk", "qt"])
def test_a_window_whose_manager_lost_the_request_to_show_it_comes_all_the_same(
    kind: str, tmp_path: Path
) -> None:
    with (
        virtual_screen() as screen,
        _careless_manager(screen) as manager_says,
        StagedHosts(screen, *legacy_arguments(kind, tmp_path)) as stage,
    ):
        try:
            stage.open("legacy", "patients", "104417")
            with stage.standing_still():
                assert manager_says() == "lost\n"
            stage.wait_for("shown", state="somebody", identifier="104417")
            pane = GuestPane(stage=stage, side="legacy", screen=screen, folder=tmp_path)
            assert "IsViewable" in screen.run("xwininfo", "-id", _window(pane) or "none")
        finally:
            end_guest(tmp_path)


@contextlib.contextmanager
def _careless_manager(screen: VirtualScreen) -> Iterator[Callable[[], str]]:
    """See `tests.support.careless_manager`; gives what it says next."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.careless_manager"],
        cwd=ROOT,
        env=screen.environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as manager:
        said = manager.stdout
        assert said is not None
        assert said.readline() == "manages\n"
        try:
            yield said.readline
        finally:
            manager.terminate()


@contextlib.contextmanager
def _events_of_the_screen(screen: VirtualScreen, said: Path) -> Iterator[Callable[[int], list[str]]]:
    """What happens on the screen itself; gives, of a window, the kinds of its events."""
    if shutil.which("xev") is None:
        pytest.skip("needs the program xev (x11-utils)")
    with said.open("wb") as output:
        watcher = subprocess.Popen(
            ["stdbuf", "-oL", "xev", "-root", "-event", "substructure"],
            env=screen.environment(),
            stdout=output,
        )

    def events(window: int) -> list[str]:
        return re.findall(rf"^(\w+) event.*\n.*window {window:#x}\b", said.read_text(), re.MULTILINE)

    try:
        until(lambda: screen.run("xwininfo", "-root", "-events").count("SubstructureNotify"), "it listens")
        yield events
    finally:
        watcher.terminate()
        watcher.wait()
