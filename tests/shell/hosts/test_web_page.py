"""The cloud's pages in a pane: the walls around them, the one door, what happens when they end or hang."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.certificates import own_certificate
from tests.support.nobody import can_be_nobody
from tests.support.page_server import page_server
from tests.support.panes import GuestPane, WebPane, end_guest, legacy_arguments, web_pane
from tests.support.staged_hosts import StagedHosts
from tests.support.virtual_screen import VirtualScreen
from tests.support.waiting import until

pytestmark = pytest.mark.browser
PRESSES = (["click", "1"], ["key", "Return"])
SANDBOXED_FRAME = """new Promise(done => {
  const frame = document.createElement('iframe');
  frame.sandbox = 'allow-scripts';
  frame.srcdoc = `<script>fetch('banyan://shell/message', {
    method: 'POST', headers: {'X-Banyan-Message': '1'},
    body: JSON.stringify({messageType: 'banyan.patient-open', payload: {patient: 'p9'}}),
  }).then(a => parent.postMessage(a.ok, '*'), () => parent.postMessage(false, '*'))<` + `/script>`;
  onmessage = event => done(event.data);
  document.body.append(frame);
})"""


@pytest.fixture(scope="module")
def pane(bare_screen: VirtualScreen) -> Iterator[WebPane]:
    """Pages in a pane, shared by the tests of this module: each opens what it needs.

    Chromium's sandbox is on, as in a practice, wherever the machine lets somebody without rights have it.
    """
    with web_pane(bare_screen, is_nobody=True) as web:
        yield web


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc for what holds a renderer")
def test_pages_lie_in_chromiums_sandbox(pane: WebPane) -> None:
    renderer = Path(f"/proc/{pane.stage.tell('renderer')}")
    said = dict(line.split(":\t", 1) for line in (renderer / "status").read_text().splitlines())
    is_sandboxed = os.geteuid() != 0 or can_be_nobody()
    assert (said["Seccomp"] == "2") is is_sandboxed  # 2: every call to the kernel goes through a filter
    if is_sandboxed:
        assert int(said["CapEff"], 16) == 0
        assert os.stat(renderer).st_uid != 0
        assert len(said["NSpid"].split()) > 1  # it sees no process but its own kind


def test_a_page_is_told_that_it_is_in_the_shell_and_who_is_signed_in(pane: WebPane) -> None:
    # without the session's cookie the server answers 401, and nothing would have been read back
    assert all(agent.endswith(" BanyanShell/0.1") for agent in pane.server.agents)


def test_a_page_is_not_loaded_again_as_long_as_patient_and_context_stay(pane: WebPane) -> None:
    pane.open("patients", "31")
    pane.open("appointments", "31")
    asked = list(pane.server.asked)
    pane.script("field.value = 'half a word'")
    pane.open("patients", "31")
    pane.open("appointments", "31")
    assert pane.server.asked == asked
    assert pane.typed() == "half a word"
    pane.open("appointments", "31", context="c2")
    assert pane.server.asked[len(asked) :] == ["GET /appointments/p31?context=c2"]


def test_the_page_that_is_on_its_way_before_its_pane_is_taken_as_it_is(bare_screen: VirtualScreen) -> None:
    first = "/patients/p104417?context=c1"
    with web_pane(bare_screen, "--first", first, "--zoom", "1.5") as pane:
        assert pane.server.asked == [f"GET {first}"]
        assert pane.script("devicePixelRatio") == 1.5
        assert pane.script("document.documentElement.dataset.theme") == "contrast"
        pane.open("patients", "104418")
        assert pane.server.asked[1:] == ["GET /patients/p104418?context=c1"]


def test_a_page_on_its_way_is_not_taken_for_another_patients(bare_screen: VirtualScreen) -> None:
    with web_pane(bare_screen, "--first", "/patients/p104418?context=c1") as pane:
        assert "GET /patients/p104417?context=c1" in pane.server.asked  # the two may come in any order
        assert pane.script("document.documentElement.dataset.patient") == "p104417"


def test_a_page_that_was_prepared_is_there_at_once(pane: WebPane) -> None:
    pane.open("patients", "32")
    pane.stage.tell("prepare", number="32")
    until(lambda: "GET /appointments/p32?context=c1" in pane.server.asked, "it is loaded behind the other")
    asked = list(pane.server.asked)
    pane.open("appointments", "32")
    assert pane.server.asked == asked


def test_the_context_token_is_read_back_from_the_page(pane: WebPane) -> None:
    assert pane.open("patients", "104417", context="c7")["token"] == "c7"


@pytest.mark.hazard("H01")
def test_unsaved_work_of_a_page_behind_the_other_is_still_unsaved_work(pane: WebPane) -> None:
    pane.open("patients", "33")
    pane.script("work(true)")
    pane.stage.wait_for("shown", unsaved=True, identifier="p33")
    assert pane.open("appointments", "33")["unsaved"] is True
    since = len(pane.stage.events)
    pane.do("save_work")
    assert pane.stage.wait_for("work_done", since=since)["done"] is True
    assert pane.open("patients", "33")["unsaved"] is False


@pytest.mark.hazard("H21")
def test_a_page_of_another_environment_is_nobodys(pane: WebPane) -> None:
    pane.server.environment = "live"
    since = len(pane.stage.events)
    pane.stage.open("cloud", "patients", "34")
    until(lambda: pane.script("root.dataset.patient") == "p34", "the page is there")
    pane.do("refresh_read_back")
    pane.script("1")
    pane.server.environment = "reference"
    assert {event["state"] for event in pane.stage.events[since:] if event["event"] == "shown"} == {"unknown"}


@pytest.mark.hazard("H01")
def test_the_last_of_two_patients_in_quick_succession_is_read_back(pane: WebPane) -> None:
    for pause in range(100):
        pane.stage.open("cloud", "patients", f"1{pause}")
        threading.Event().wait(pause % 20 / 1000)
        since = len(pane.stage.events)
        pane.open("patients", f"2{pause}")
        shown = [event["identifier"] for event in pane.stage.events[since:] if event["event"] == "shown"]
        assert shown[-1] == f"p2{pause}"


def test_a_page_that_says_late_whom_it_shows_is_asked_again(pane: WebPane) -> None:
    pane.script("sessionStorage.late = 700")
    pane.open("patients", "39")
    pane.script("delete sessionStorage.late")


@pytest.mark.parametrize("way", ["location.href = outside.href", "location.href = '/leave'"])
def test_a_page_does_not_get_outside_by_link_or_by_redirect(pane: WebPane, way: str) -> None:
    pane.open("patients", "35")
    since = len(pane.stage.events)
    pane.script(way)
    assert "outside" in pane.stage.wait_for("notice", since=since)["words"]
    pane.stage.open("cloud", "patients", "35")
    pane.stage.wait_for("shown", since=since, identifier="p35")
    assert pane.outside.asked == []


@pytest.mark.parametrize(
    "way",
    [
        "fetch(outside.href, {mode: 'no-cors'})",
        "new WebSocket(outside.href.replace('http', 'ws'))",
        "document.body.append(Object.assign(new Image(), {src: outside.href}))",
        "document.body.append(Object.assign(document.createElement('iframe'), {src: outside.href}))",
        "navigator.sendBeacon(outside.href, 'x')",
        "window.open(outside.href)",
    ],
)
def test_no_part_of_a_page_reaches_outside(pane: WebPane, way: str) -> None:
    pane.open("patients", "36")
    pane.script(f"try {{ {way} }} catch (error) {{}}; 1")
    pane.script("fetch('/after').then(() => 1)")
    until(lambda: pane.server.asked[-1] == "GET /after", "what was asked for later has come through")
    assert pane.outside.asked == []


def test_a_scripts_window_is_refused_in_words_and_that_of_a_held_key_without(
    pane: WebPane,
) -> None:
    pane.open("patients", "39")
    pane.script(
        "window.link = Object.assign(document.createElement('a'), {href: '/patients/p39'}); link.presses = 0;"
        "link.style = 'position: fixed; inset: 0'; document.body.append(link); link.focus();"
        "for (const press of ['click', 'auxclick']) link.addEventListener(press, () => link.presses++); 0"
    )
    since = len(pane.stage.events)
    at = [str(place) for place in pane.stage.middle("cloud")]

    def is_under_the_mouse() -> bool:
        pane.screen.do("mousemove_relative", "5", "5", "mousemove", *at)
        return pane.script("link.matches(':hover')") is True

    until(is_under_the_mouse, "the page knows where the mouse is")
    presses = [["click", "2"]]
    presses += [["keydown", key, *press, "keyup", key] for key in ("ctrl", "shift") for press in PRESSES]
    for number, press in enumerate(presses):
        pane.screen.do("mousemove", *at, *press)
        until(lambda: pane.script("link.presses") == number + 1, f"the link was pressed by {press}")  # noqa: B023
    pane.script("location.href = outside.href")
    assert "outside" in pane.stage.wait_for("notice", since=since)["words"]
    pane.script("link.onclick = event => { event.preventDefault(); window.open(link.href, '', 'popup'); }; 0")
    since = len(pane.stage.events)
    pane.screen.do("mousemove", *at, "click", "1")
    assert "a window of its own" in pane.stage.wait_for("notice", since=since)["words"]


@pytest.mark.hazard("H11")
def test_a_stopped_page_is_told_and_sends_nothing_that_it_would_write(pane: WebPane) -> None:
    pane.open("patients", "61")
    write = "fetch('/patients/p61/edit', {method: 'POST'}).then(answer => { window.wrote = answer.ok; },"
    write += " () => { window.wrote = false; })"
    find = write.replace("/patients/p61/edit", "/patients")
    other = write.replace("/patients/", "/appointments/")

    def wrote(code: str) -> object:
        pane.script(f"window.wrote = null; {code}; 0")
        return until(
            lambda: pane.script("String(window.wrote)") not in (None, "null") and [pane.script("wrote")], code
        )

    assert wrote(write) == [True]
    pane.script("field.value = 'half a word'")
    pane.stage.tell("stop", functions=["patients"])
    until(lambda: pane.script("document.documentElement.dataset.stopped") == "true", "the page is told")
    asked = list(pane.server.asked)
    assert wrote(write) == [False]
    assert pane.server.asked == asked
    assert pane.typed() == "half a word"
    assert wrote(find) == [True], "who is looked for goes in a body"
    assert wrote(other) == [True]
    pane.open("patients", "62", context="c7")
    until(lambda: pane.script("document.documentElement.dataset.stopped") == "true", "the next page too")
    pane.script("work(true)")
    since = len(pane.stage.events)
    pane.do("save_work")
    assert pane.stage.wait_for("work_done", since=since)["done"] is False
    pane.do("discard_work")
    pane.stage.wait_for("work_done", since=since, done=True)
    pane.stage.tell("stop", functions=[])
    until(lambda: pane.script("document.documentElement.dataset.stopped") == "false", "it may write again")
    assert wrote(write) == [True]


def test_a_download_is_refused_in_words(pane: WebPane) -> None:
    pane.open("patients", "37")
    since = len(pane.stage.events)
    pane.script("location.href = '/file'")
    assert "keeps no files" in pane.stage.wait_for("notice", since=since)["words"]


def test_a_page_asks_for_a_patient_through_the_door(pane: WebPane) -> None:
    pane.open("patients", "38")
    since = len(pane.stage.events)
    pane.script("say({messageType: 'banyan.patient-open', payload: {patient: 'p9'}})")
    assert pane.stage.wait_for("patient_wanted", since=since)["identifier"] == "p9"


@pytest.mark.parametrize(
    "knock",
    [
        "say({messageType: 'banyan.patient-open', payload: {patient: 'p9'}}, {})",
        "say({messageType: 'banyan.patient-open', payload: {patient: '../../x'}})",
        "say({messageType: 'banyan.patient-open', payload: {patient: 'p9', more: 1}})",
        "say({messageType: 'banyan.run', payload: {command: 'x'}})",
        "say({messageType: 'banyan.patient-open', payload: {patient: 'p9'}, filler: 'x'.repeat(5000)})",
        "fetch('banyan://shell/message').then(a => a.ok, () => false)",
        "fetch('banyan://shell/other', {method: 'POST', headers: {'X-Banyan-Message': '1'}, "
        "body: JSON.stringify({messageType: 'banyan.patient-open', payload: {patient: 'p9'}})})"
        ".then(a => a.ok, () => false)",
        SANDBOXED_FRAME,
    ],
    ids=["no-header", "no-id", "more-keys", "unknown", "too-long", "get", "other-path", "sandboxed-frame"],
)
def test_the_door_refuses_what_is_no_message(pane: WebPane, knock: str) -> None:
    pane.open("patients", "39")
    since = len(pane.stage.events)
    pane.script(f"window.knocked = null; ({knock}).then(ok => {{ window.knocked = String(ok); }}); 1")
    assert until(lambda: pane.script("window.knocked"), "the knock was answered") == "false"
    assert not [event for event in pane.stage.events[since:] if event["event"] == "patient_wanted"]


@pytest.mark.hazard("H23")
def test_a_page_whose_renderer_is_killed_is_opened_again_and_says_so(pane: WebPane) -> None:
    pane.open("patients", "40")
    since = len(pane.stage.events)
    os.kill(pane.stage.tell("renderer"), signal.SIGKILL)
    assert "opened again" in pane.stage.wait_for("notice", since=since)["words"]
    pane.stage.wait_for("shown", since=since, state="unknown")
    pane.stage.wait_for("shown", since=since, identifier="p40")


@pytest.mark.hazard("H01")
def test_a_page_that_does_not_answer_is_not_taken_at_its_last_word(pane: WebPane) -> None:
    pane.open("patients", "41")
    renderer = pane.stage.tell("renderer")
    os.kill(renderer, signal.SIGSTOP)
    try:
        since = len(pane.stage.events)
        pane.do("refresh_read_back")
        assert pane.stage.wait_for("shown", since=since)["state"] == "unknown"
    finally:
        os.kill(renderer, signal.SIGCONT)
    assert pane.open("patients", "41")["state"] == "somebody"


def test_a_cloud_that_cannot_be_reached_is_said_in_words_and_the_end_is_clean(
    bare_screen: VirtualScreen,
) -> None:
    with web_pane(bare_screen) as own:
        own.server.stop()
        own.stage.open("cloud", "patients", "42")
        assert "cannot be reached" in own.stage.wait_for("gone")["reason"]
        own.stage.end()
        assert own.stage.process.returncode == 0
        assert not [line for line in own.stage.complaints if "Release of profile" in line]


def _click_and_type(at: tuple[int, int], away: tuple[int, int], text: str) -> list[str]:
    press = ["mousemove", str(at[0]), str(at[1]), "click", "1", "mousemove", str(away[0]), str(away[1])]
    return [*press, "key", "--delay", "0", *text]


@pytest.mark.hazard("H25")
@pytest.mark.parametrize("kind", ["tk", "qt"])
@pytest.mark.parametrize("manager", ["bare", "openbox"])
def test_keys_for_the_page_never_land_in_the_legacy_program_nor_the_other_way_round(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, manager: str
) -> None:
    screen = request.getfixturevalue("managed_screen" if manager == "openbox" else "bare_screen")
    with web_pane(screen, *legacy_arguments(kind, tmp_path)) as page:
        guest = GuestPane(stage=page.stage, side="legacy", screen=screen, folder=tmp_path)
        try:
            guest.open("patients", "104417")
            over_page, over_guest = page.stage.middle("cloud"), page.stage.middle("legacy")
            for number in range(3):
                # a little further each time: two clicks at one place would be a double click
                over_page = (over_page[0], over_page[1] + 40)
                over_guest = (over_guest[0], over_guest[1] + 40)
                # in one call: no time between the click and the keys, and the pointer elsewhere by then
                screen.do(*_click_and_type(over_page, over_guest, "web"))
                until(lambda: page.typed() == "web" * (number + 1), "the page has it")  # noqa: B023
                screen.do(*_click_and_type(over_guest, over_page, "old"))
                until(lambda: guest.typed() == "old" * (number + 1), "the legacy program has it")  # noqa: B023
            assert (page.typed(), guest.typed()) == ("web" * 3, "old" * 3)
        finally:
            end_guest(tmp_path)


def test_a_cloud_whose_certificate_nobody_vouches_for_gets_nothing_and_shows_nothing(
    bare_screen: VirtualScreen, tmp_path: Path
) -> None:
    with (
        page_server(certificate=own_certificate(tmp_path)) as server,
        StagedHosts(bare_screen, "--web", server.url) as stage,
    ):
        stage.open("cloud", "patients", "104417")
        said = stage.wait_for("notice", side="cloud")["words"]
        assert said.startswith("The cloud's certificate is not one that this computer trusts.")
        gone = stage.wait_for("gone", side="cloud")["reason"]
        assert gone.endswith("The legacy screen works as usual.")
        assert server.asked == []
        assert not any(one.get("state") == "somebody" for one in stage.events)
