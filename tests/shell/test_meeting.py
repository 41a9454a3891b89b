"""The cloud is met before there is a window, by the lightest means, and only the one that was meant."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from shell.errors import CloudError, WrongEnvironmentError
from shell.meeting import Candidate, begin_sign_in, fetch, finish_sign_in, meet

_FUNCTIONS = {
    "environment": "reference",
    "today": None,
    "practice": {"ods": "Y99002", "name": "Fernbrook Surgery"},
    "fhir": "http://127.0.0.1/Y99002/fhir",
    "functions": [{"id": "patients", "title": "Patients", "url": "http://127.0.0.1/patients"}],
}


_PEOPLE = [{"id": "priya.nair", "name": "Dr Priya Nair", "role": "gp"}]


class _Cloud(BaseHTTPRequestHandler):
    asked: list[str]
    may_sign_in: dict[str, object]
    of_window: tuple[int, object]

    def do_GET(self) -> None:
        self.asked.append(f"GET {self.path}")
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/functions.json")
            self.end_headers()
        elif self.path == "/sign-in":
            self._answer(200, self.may_sign_in)
        else:
            self._answer(200, _FUNCTIONS)

    def do_POST(self) -> None:
        self.asked.append(f"POST {self.path}")
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if self.path.startswith("/sign-in/window"):
            self._answer(*self.of_window)
            return
        is_known = form["person"] == ["priya.nair"] and self.headers["Accept"] == "application/json"
        person = {"id": "priya.nair", "name": "Dr Priya Nair", "role": "gp"}
        self._answer(200 if is_known else 403, {"person": person, "session": "secret"})

    def _answer(self, status: int, said: object) -> None:
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def cloud() -> Iterator[str]:
    _Cloud.asked = []
    _Cloud.may_sign_in = {"people": _PEOPLE, "provider": ""}
    with ThreadingHTTPServer(("127.0.0.1", 0), _Cloud) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


def test_offer_and_person_are_what_the_cloud_says(cloud: str) -> None:
    met = meet(f"{cloud}/", is_training=False, sign_in_as="priya.nair")
    assert met.person is not None
    assert (met.offer.ods, met.person.name, met.person.session) == ("Y99002", "Dr Priya Nair", "secret")
    assert _Cloud.asked == ["GET /functions.json", "POST /sign-in"]


def test_nobody_is_signed_in_unasked_but_whom_one_may_choose_to_be_is_known(cloud: str) -> None:
    met = meet(f"{cloud}/", is_training=False, sign_in_as="")
    assert met.person is None
    assert met.candidates == [Candidate(id="priya.nair", name="Dr Priya Nair", role="gp")]
    assert _Cloud.asked == ["GET /functions.json", "GET /sign-in"]


def test_cloud_at_which_nobody_can_sign_in_is_said_with_what_to_do(cloud: str) -> None:
    _Cloud.may_sign_in = {"people": [], "provider": ""}
    with pytest.raises(CloudError, match=r"no identity provider\. Ask whoever runs"):
        meet(cloud, is_training=False, sign_in_as="")


def test_where_people_sign_in_with_their_browser_is_known(cloud: str) -> None:
    _Cloud.may_sign_in = {"people": [], "provider": "id.example"}
    met = meet(cloud, is_training=False, sign_in_as="")
    assert (met.candidates, met.provider) == ([], "id.example")


def code_of(address: str) -> dict[str, object]:
    """What a cloud at an address answers to a window that wants to be signed in by a browser."""
    return {
        "device_code": "secret",
        "user_code": "BCDF-GHJK",
        "verification_uri": f"{address}/sign-in/window",
        "verification_uri_complete": f"{address}/sign-in/window?user_code=BCDF-GHJK",
        "expires_in": 600,
        "interval": 2,
    }


def test_window_gets_a_code_and_then_its_person(cloud: str) -> None:
    _Cloud.of_window = (200, code_of(cloud))
    code = begin_sign_in(cloud)
    assert (code.user_code, code.address) == ("BCDF-GHJK", f"{cloud}/sign-in/window?user_code=BCDF-GHJK")
    _Cloud.of_window = (400, {"error": "authorization_pending"})
    assert finish_sign_in(cloud, code) is None
    _Cloud.of_window = (200, {"person": _PEOPLE[0], "session": "of the window"})
    person = finish_sign_in(cloud, code)
    assert person is not None
    assert (person.id, person.session) == ("priya.nair", "of the window")
    for error, words in (("access_denied", "not their window"), ("expired_token", "new one")):
        _Cloud.of_window = (400, {"error": error})
        with pytest.raises(CloudError, match=words):
            finish_sign_in(cloud, code)


@pytest.mark.parametrize("elsewhere", ["https://elsewhere.example", "file:///etc/passwd"])
def test_nothing_but_the_clouds_own_page_is_opened_in_a_persons_browser(cloud: str, elsewhere: str) -> None:
    _Cloud.of_window = (200, code_of(cloud) | {"verification_uri_complete": elsewhere})
    with pytest.raises(CloudError, match="no code"):
        begin_sign_in(cloud)


def test_cloud_that_does_not_say_who_may_sign_in_is_refused(cloud: str) -> None:
    _Cloud.may_sign_in = {"people": [{"id": "priya.nair"}]}
    with pytest.raises(CloudError, match="does not say who may sign in"):
        meet(cloud, is_training=False, sign_in_as="")


@pytest.mark.hazard("H21")
def test_nobody_signs_in_at_a_cloud_of_another_environment(cloud: str) -> None:
    with pytest.raises(WrongEnvironmentError):
        meet(cloud, is_training=True, sign_in_as="priya.nair")
    assert _Cloud.asked == ["GET /functions.json"]


def test_person_whom_the_cloud_does_not_know_is_refused(cloud: str) -> None:
    with pytest.raises(CloudError, match=r"nobody\.here"):
        meet(cloud, is_training=False, sign_in_as="nobody.here")


def test_cloud_that_sends_elsewhere_is_not_followed(cloud: str) -> None:
    with pytest.raises(CloudError, match="302"):
        fetch(f"{cloud}/elsewhere")


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/", "file:///etc/passwd", "fernbrook", "http://a:b/"])
def test_address_that_is_no_cloud_is_said_in_a_sentence(address: str) -> None:
    with pytest.raises(CloudError, match="does not answer"):
        fetch(address)


def test_proxy_of_the_environment_is_not_asked(cloud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert json.loads(fetch(f"{cloud}/functions.json"))["environment"] == "reference"


@pytest.mark.browser
def test_window_asks_for_no_page_while_the_flags_cannot_be_read_yet(cloud: str, tmp_path: Path) -> None:
    """A pipe is the slowest flag file there is; what it says in the end is no flag file."""
    flags = tmp_path / "flags.json"
    os.mkfifo(flags)
    command = [sys.executable, "-m", "shell", "--cloud", cloud, "--flags", str(flags)]
    command += ["--sign-in", "priya.nair"]
    variables = {**os.environ, "DISPLAY": ":none", "QT_QPA_PLATFORM": "offscreen"}
    variables["XDG_STATE_HOME"] = str(tmp_path)
    with subprocess.Popen(
        command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as window:
        with flags.open("w") as said:  # from here on the window is reading
            said.write('{"flags": {')
        _, complaint = window.communicate(timeout=60)
    assert window.returncode == 1
    assert "flags.json is not JSON" in complaint
    assert _Cloud.asked == ["GET /functions.json", "POST /sign-in"]


def test_no_other_thread_loads_anything_while_qt_goes_through_all_that_is_loaded() -> None:
    """Else Qt ends the program at its start, once in some hundreds of starts."""
    program = (
        "import sys, shell.__main__ as main\n"
        "is_early = lambda *_: sys.exit('shiboken6' not in sys.modules)\n"
        "main.ThreadPoolExecutor.submit = is_early\n"
        "main.run(['--cloud', 'http://127.0.0.1:1'])"
    )
    variables = {**os.environ, "DISPLAY": ":none"}
    assert subprocess.run([sys.executable, "-c", program], env=variables, check=False).returncode == 0


def test_what_a_window_does_not_need_to_open_is_not_loaded_for_it() -> None:
    """Each of these costs a tenth of a second; bench.sh start_usable measures the sum."""
    program = (
        "import sys, shell.__main__, shell.meeting, shell.main_window.opened\n"
        "print(*sorted({'grpc', 'requests', 'typer', 'pydantic', 'google.protobuf'} & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert not said.stdout.strip()
