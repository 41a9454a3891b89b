"""A SMART application in a pane of the real window, opened by real keys: its launch, its walls, its end.

One window for the whole file; each test leaves it with nobody open.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from sys import executable
from typing import Any

import pytest

from demo.check.hands import Hands
from demo.programs import Program, end, start
from tests.support.served_cloud import SERVICE_TOKEN, served_cloud
from tests.support.smart_app import NAME, SmartApp, smart_app
from tests.support.virtual_screen import VirtualScreen, virtual_screen
from tests.support.waiting import until
from web_modules.decision.decision import Standing
from web_modules.decision.flags import flagd_document
from web_modules.decision.words import Function, Stage
from web_modules.fhir.client import FhirClient
from web_modules.fhir.transport import HttpTransport

pytestmark = pytest.mark.end_to_end
SECONDS = 30.0
GIVEN = {"Ashworth": "Sarah", "Birchall": "Sandra"}


@dataclass(slots=True, kw_only=True)
class World:
    """A cloud, an application, and a window in which Dr Nair is signed in.

    Attributes:
        patients: FHIR ids by family name.
    """

    screen: VirtualScreen
    hands: Hands
    app: SmartApp
    cloud: str
    patients: dict[str, str]
    log: Path

    def find(self, words: str) -> None:
        """Open what the palette finds, by keys alone."""
        self.hands.press("ctrl+k")
        self.hands.write(words)
        self.hands.press("Return")

    def open_patient(self, family: str) -> None:
        """Have a patient open, whose page is seen."""
        self.hands.press("ctrl+k")
        self.hands.write(family)

        def is_open() -> bool:
            self.hands.press("Return")
            return GIVEN[family] in self.hands.copy()

        until(is_open, f"{family} is open", seconds=SECONDS)

    def open_app(self) -> dict[str, Any]:
        """Open the application; what it told once it had read the patient."""
        before = len(self.app.told)
        self.find(NAME.lower())
        until(lambda: len(self.app.told) > before, f"it is open: {self.log.read_text()}", seconds=SECONDS)
        return self.app.told[-1]

    def is_logged(self, words: str) -> bool:
        """Whether the window's log says so."""
        return words in self.log.read_text()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All of it, running."""
    folder = tmp_path_factory.mktemp("apps")
    with ExitStack() as stack:
        app = stack.enter_context(smart_app())
        (folder / "clients.json").write_text(json.dumps({"clients": [app.registered()]}))
        settings = {"BANYAN_CLOUD_CLIENTS": str(folder / "clients.json")}
        cloud = stack.enter_context(served_cloud(f"sqlite:///{folder / 'cloud.sqlite'}", folder, settings))
        screen = stack.enter_context(virtual_screen(window_manager=True, size="1440x900"))
        standings = {
            function: Standing(
                stage=Stage.LEAD if function is Function.PATIENTS else Stage.TRIAL, is_stopped=False
            )
            for function in Function
        }
        (folder / "flags.json").write_text(json.dumps(flagd_document(standings)))
        command = [executable, "-m", "shell", "--cloud", cloud.origin, "--sign-in", "priya.nair"]
        command += ["--flags", str(folder / "flags.json")]
        variables = {**screen.environment(), "XDG_STATE_HOME": str(folder)}
        window = start(Program(name="window", command=command, variables=variables, log=folder / "said"))
        stack.callback(end, window)
        hands = Hands(screen.environment())
        patients = _fill(cloud.base)
        until(lambda: hands.windows(name="^Banyan – "), "the window", seconds=60)
        (log,) = folder.rglob("shell.log")
        yield World(screen=screen, hands=hands, app=app, cloud=cloud.origin, patients=patients, log=log)


@pytest.fixture(autouse=True)
def _nobody_is_open(world: World) -> Iterator[None]:
    yield
    world.hands.press("ctrl+1", "ctrl+shift+x")
    # the page of nobody has the keys in its empty field
    until(lambda: not world.hands.copy(), "nobody is open", seconds=SECONDS)


def _fill(base: str) -> dict[str, str]:
    transport = HttpTransport(base, token=SERVICE_TOKEN)
    try:
        fhir = FhirClient(transport)
        gmc = {"system": "https://fhir.hl7.org.uk/Id/gmc-number", "value": "7076397"}
        doctor = {"identifier": [gmc], "name": [{"family": "Nair", "given": ["Priya"]}]}
        fhir.create({"resourceType": "Practitioner", **doctor})
        found = {}
        for family, given in GIVEN.items():
            name = [{"use": "official", "family": family, "given": [given], "prefix": ["Mrs"]}]
            made = fhir.create(
                {"resourceType": "Patient", "name": name, "birthDate": "1961-03-12", "gender": "female"}
            )
            found[family] = str(made["id"])
        return found
    finally:
        transport.close()


def try_all(app: SmartApp, ways: Sequence[str]) -> None:
    """Have the application try each of several ways, whatever comes of them, and still be there."""
    for way in ways:
        app.run(f"(() => {{ try {{ {way.format(outside=app.outside)} }} catch (error) {{}}; return 1; }})()")
    assert app.run("fetch('/plain').then((answer) => answer.ok)") is True


@pytest.mark.hazard("H01")
def test_it_reads_the_patient_shares_nothing_and_is_closed_with_the_patient(world: World) -> None:
    world.open_patient("Ashworth")
    told = world.open_app()
    assert (told["id"], told["family"]) == (world.patients["Ashworth"], "Ashworth")
    assert told["user"] == "Nair"
    assert told["banner"] is False, "the window's own banner stands above it"
    assert told["background"] == "#FFFFFF"
    assert (told["cookies"], told["kept"]) == ("", 0)
    assert not [one for one in world.app.headers if {"authorization", "cookie"} & set(one)]
    page = f"fetch('{world.cloud}/Y99002/patients', {{mode: 'no-cors'}}).then(() => 'read', () => 'refused')"
    assert world.app.run(page) == "refused"
    assert world.app.run("String(window.opener.document)") == "undefined"
    until(lambda: "Born" in world.hands.copy(), "the keys are the application's")
    world.open_patient("Birchall")
    assert "Read by" not in world.hands.copy()
    again = world.open_app()
    assert (again["id"], again["me"] == told["me"]) == (world.patients["Birchall"], False)


OUTWARD = (
    "fetch('{outside}/fetch', {{mode: 'no-cors'}})",
    "new WebSocket('{outside}/socket'.replace('http', 'ws'))",
    "document.body.append(Object.assign(new Image(), {{src: '{outside}/picture'}}))",
    "document.body.append(Object.assign(document.createElement('iframe'), {{src: '{outside}/frame'}}))",
    "document.body.append(Object.assign(document.createElement('script'), {{src: '{outside}/script'}}))",
    "navigator.sendBeacon('{outside}/beacon', 'x')",
    "window.open('{outside}/window')",
    "document.body.append(Object.assign(document.createElement('form'), "
    "{{method: 'post', action: '{outside}/form'}})); document.forms[0].submit()",
    "location.href = '{outside}/page'",
    "location.href = '/leave?to={outside}/left'",
    "location.href = 'data:text/html,x'",
    "location.href = 'file:///etc/passwd'",
    "location.href = '/file'",
)


def test_nothing_of_it_reaches_outside(world: World) -> None:
    world.open_patient("Ashworth")
    world.open_app()
    try_all(world.app, OUTWARD)
    assert world.app.asked_outside == []
    inward = f"location.href = '{world.cloud}/Y99002/patients'"
    try_all(world.app, [inward])
    assert world.app.run("document.title") == "app"
    # Qt asks about a redirected part too late to keep the request back; what is answered goes nowhere
    there = f"/leave?to={world.app.outside}"
    load = (
        "new Promise((done) => document.body.append(Object.assign(document.createElement('{kind}'), "
        "{{src: '{there}/{kind}', onload: () => done('loaded'), onerror: () => done('refused')}})))"
    )
    for kind in ("script", "img"):
        assert world.app.run(load.format(kind=kind, there=there)) == "refused"
    assert world.app.run("window.outside ?? null") is None
    read = f"fetch('{there}/fetch').then((answer) => answer.text(), () => 'refused')"
    assert world.app.run(read) == "refused"


def test_it_gets_nothing_that_it_asks_the_desktop_for(world: World) -> None:
    world.open_patient("Ashworth")
    world.open_app()
    assert world.app.run("Notification.requestPermission()") == "denied"
    where = "new Promise((done) => navigator.geolocation.getCurrentPosition(() => done(1), () => done(0)))"
    assert world.app.run(where) == 0
    assert world.app.run("[alert('x') ?? null, confirm('y'), prompt('z')]") == [None, False, None]
    for way in (
        "navigator.clipboard.readText()",
        "navigator.mediaDevices.getUserMedia({audio: true})",
        "navigator.mediaDevices.getDisplayMedia()",
        "document.documentElement.requestFullscreen()",
        "showOpenFilePicker()",
    ):
        assert world.app.run(f"{way}.then(() => 'got', () => 'refused')") == "refused", way


SANDBOXED_FRAME = """new Promise((done) => {
  const frame = document.createElement("iframe");
  const body = {messagingHandle: window.handle, messageId: "1", messageType: "ui.done", payload: {}};
  const post = {method: "POST", headers: {"X-Banyan-Message": "1"}, body: JSON.stringify(body)};
  addEventListener("message", (event) => event.source === frame.contentWindow && done(event.data));
  frame.sandbox = "allow-scripts";
  frame.srcdoc = `<script>fetch("banyan-app://shell/message", ${JSON.stringify(post)})
    .then((answer) => parent.postMessage(answer.ok, "*"), () => parent.postMessage(false, "*"))<\\/script>`;
  document.body.append(frame);
})"""


def test_it_speaks_by_its_own_origin_and_handle_alone_and_a_flood_is_cut_off(world: World) -> None:
    world.open_patient("Ashworth")
    world.open_app()
    run = world.app.run
    assert run("send('status.handshake', {})") == {}
    assert run("send('status.handshake', {}, {messagingHandle: 'x'})") == "no answer"
    assert world.is_logged("reason=wrong handle")
    knock = "fetch('{door}', {{method: 'POST', headers: {{'X-Banyan-Message': '1'}}, body: '{{}}'}})"
    for door in ("banyan://shell/message", "banyan-app://shell/other"):
        assert run(f"{knock.format(door=door)}.then((answer) => answer.ok, () => false)") is False
    assert run(SANDBOXED_FRAME) is False, "it knows the handle, and is of no origin"
    assert world.is_logged("reason=wrong origin")
    flood = "Promise.all([...Array(150)].map(() => send('status.handshake', {}))).then(() => 1)"
    assert world.app.run(flood) == 1
    assert world.is_logged("application cut off: app=growth-charts")
    assert world.app.run("send('status.handshake', {})") == "no answer"


@pytest.mark.hazard("H02")
def test_it_opens_a_function_comes_back_and_its_drafts_are_asked_about(world: World) -> None:
    world.open_patient("Ashworth")
    world.open_app()
    run = world.app.run
    wanted = {"activityType": "patients", "activityParameters": {"patient": "Patient/somebody-else"}}
    assert run(f"send('ui.launchActivity', {json.dumps(wanted)})")["status"] == "error"
    wanted["activityParameters"] = {}
    assert run(f"send('ui.launchActivity', {json.dumps(wanted)})") == {"status": "success"}
    until(lambda: "Demographics" in world.hands.copy(), "the page is in front", seconds=SECONDS)
    before = len(world.app.told)
    world.find(NAME.lower())
    until(lambda: "Read by" in world.hands.copy(), "the application is in front again", seconds=SECONDS)
    assert len(world.app.told) == before
    made = run("send('scratchpad.create', {resource: {resourceType: 'ServiceRequest', status: 'draft'}})")
    assert made["location"] == "ServiceRequest/1"
    world.find("Birchall")
    world.hands.press("Escape", "Escape")
    assert len(run("send('scratchpad.read', {})")["scratchpad"]) == 1
    assert run("send('scratchpad.delete', {location: 'ServiceRequest/1'})") == {"status": "200 OK"}
    world.app.tell("send('ui.done', {})")
    until(lambda: "Demographics" in world.hands.copy(), "it is closed", seconds=SECONDS)
