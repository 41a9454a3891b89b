"""A SMART application made with npm's `fhirclient`, and an outside that it must not reach.

The application is on `localhost` and a cloud on 127.0.0.1: to a browser these are two sites. It does what a
test tells it: its page asks its own server for scripts, runs them, and posts what came of them.
"""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.waiting import until

SCRIPT = Path(__file__).parents[1] / "assets" / "fhirclient" / "fhir-client.pure.min.js"
CLIENT = "growth-charts"
NAME = "Growth charts"
SCOPES = "openid fhirUser launch online_access patient/*.rs messaging/ui messaging/scratchpad"
LAUNCH = """<!DOCTYPE html><title>launch</title><script src="fhirclient.js"></script><script>
FHIR.oauth2.authorize({clientId: "%s", redirectUri: "app.html", pkceMode: "required", scope: "%s"});
</script>"""
APP = """<!DOCTYPE html><html><head><title>app</title><script src="fhirclient.js"></script><style>
  body {margin: 0; padding: 24px; font: 14px/20px sans-serif} h1 {font-size: 20px; margin: 0 0 16px}
  dl {display: grid; grid-template-columns: 120px 1fr; gap: 8px} dd {margin: 0} dt {opacity: .7}
</style></head><body><h1>Growth charts</h1><dl id="facts"></dl><script>
const post = (path, said) => fetch(path, {method: "POST", body: JSON.stringify(said ?? null)});
const answers = {};
addEventListener("message", (event) => {
  if (event.origin !== window.ehr || event.source !== opener) return;
  answers[event.data.responseToMessageId]?.(event.data);
});
const me = crypto.randomUUID();
let number = 0;
window.send = (messageType, payload, more) => new Promise((done) => {
  const messageId = String(++number);
  answers[messageId] = (answer) => done(answer.payload);
  setTimeout(() => done("no answer"), 1500);
  opener.postMessage({messagingHandle: window.handle, messageId, messageType, payload, ...more}, window.ehr);
});
const fact = (name, value) => {
  const [term, said] = [document.createElement("dt"), document.createElement("dd")];
  term.textContent = name; said.textContent = value; facts.append(term, said);
};
const obey = async () => {
  for (;;) {
    const asked = await fetch(`/next?me=${me}`).then((answer) => answer.json(), () => null);
    if (asked === null) continue;
    let value;
    try { value = await (0, eval)(`(async () => (${asked.code}))()`); }
    catch (error) { value = String(error); }
    await post("/did", {number: asked.number, value});
  }
};
FHIR.oauth2.ready().then(async (client) => {
  const told = client.state.tokenResponse;
  window.ehr = told.smart_web_messaging_origin;
  window.handle = told.smart_web_messaging_handle;
  const patient = await client.patient.read();
  const user = await client.user.read();
  const style = await fetch(told.smart_style_url).then((answer) => answer.json());
  document.body.style.background = style.color_background;
  document.body.style.color = style.color_text;
  document.querySelector("h1").style.color = style.color_highlight;
  fact("Patient", `${patient.name[0].family}, ${patient.name[0].given}`);
  fact("Born", patient.birthDate);
  fact("Read by", user.name[0].family);
  await post("/told", {me, id: client.patient.id, family: patient.name[0].family, user: user.name[0].family,
    banner: told.need_patient_banner, background: style.color_background,
    at: location.origin, cookies: document.cookie, kept: Object.keys(localStorage).length});
  obey();
}).catch((error) => post("/told", {error: String(error)}));
</script></body></html>"""


@dataclass(slots=True, kw_only=True)
class SmartApp:
    """A running application.

    Attributes:
        url: its origin.
        outside: an origin that it must not reach.
        told: what it said once it had read the patient, one entry a launch.
        asked_outside: what the outside was asked for.
        headers: of all that the application's server was asked for, names in lower case.
    """

    url: str
    outside: str
    told: list[dict[str, Any]] = field(default_factory=list)
    asked_outside: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    wanted: Queue[dict[str, Any]] = field(default_factory=Queue)
    did: dict[int, Any] = field(default_factory=dict)
    number: int = 0

    def registered(self) -> dict[str, Any]:
        """Its entry in the cloud's file of clients."""
        return {
            "id": CLIENT,
            "name": NAME,
            "redirect_uris": [f"{self.url}/app.html"],
            "launch_url": f"{self.url}/launch.html",
            "scopes": SCOPES,
        }

    def tell(self, code: str) -> int:
        """Have its page run an expression; the number of the order."""
        self.number += 1
        self.wanted.put({"number": self.number, "code": code})
        return self.number

    def run(self, code: str) -> Any:
        """The value of an expression on its page, a promise's too."""
        number = self.tell(code)
        until(lambda: number in self.did, f"the application did {code}")
        return self.did[number]


@contextlib.contextmanager
def smart_app() -> Iterator[SmartApp]:
    """Serve the application and the outside."""
    with contextlib.ExitStack() as stack:
        inside, outside = (ThreadingHTTPServer(("127.0.0.1", 0), kind) for kind in (_Inside, _Outside))
        app = SmartApp(
            url=f"http://localhost:{inside.server_port}", outside=f"http://localhost:{outside.server_port}"
        )
        for server in (inside, outside):
            server.app = app  # type: ignore[attr-defined]
            server.daemon_threads = True
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            stack.callback(server.server_close)
            stack.callback(thread.join)
            stack.callback(server.shutdown)
        yield app


class _Handler(BaseHTTPRequestHandler):
    @property
    def app(self) -> SmartApp:
        found: SmartApp = self.server.app  # type: ignore[attr-defined]
        return found

    def answer(self, body: str, kind: str = "text/html; charset=utf-8", **headers: str) -> None:
        content = body.encode()
        self.send_response(302 if "Location" in headers else 200)
        for name, value in ({"Content-Type": kind, "Content-Length": str(len(content))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        with contextlib.suppress(ConnectionError):  # its page was closed meanwhile
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


class _Inside(_Handler):
    def do_GET(self) -> None:
        app, path = self.app, urlsplit(self.path).path
        app.headers.append({name.lower(): value for name, value in self.headers.items()})
        if path == "/launch.html":
            self.answer(LAUNCH % (CLIENT, SCOPES))
        elif path == "/app.html":
            self.answer(APP)
        elif path == "/fhirclient.js":
            self.answer(SCRIPT.read_text("utf-8"), "text/javascript")
        elif path == "/next":
            self.answer(json.dumps(self._order()), "application/json")
        elif path == "/leave":
            (to,) = parse_qs(urlsplit(self.path).query)["to"]
            self.answer("", Location=to)
        elif path == "/file":
            self.answer("content", Content_Disposition='attachment; filename="../../x.exe"')
        else:
            self.answer("<!DOCTYPE html><title>plain</title>")

    def _order(self) -> dict[str, Any] | None:
        """What the page of the last launch is to do; one that is no more may still be asking."""
        me = urlsplit(self.path).query.removeprefix("me=")
        try:
            order = self.app.wanted.get(timeout=0.3) if self._is_last(me) else None
        except Empty:
            return None
        if order is not None and not self._is_last(me):
            self.app.wanted.put(order)
            return None
        return order

    def _is_last(self, me: str) -> bool:
        return bool(self.app.told) and self.app.told[-1].get("me") == me

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/told":
            self.app.told.append(said)
        else:
            self.app.did[said["number"]] = said.get("value")
        self.answer("{}", "application/json")


class _Outside(_Handler):
    def do_GET(self) -> None:
        self.app.asked_outside.append(self.path)
        if self.path == "/img":
            picture = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
            self.answer(picture, "image/svg+xml")
        else:
            self.answer("window.outside = 1", "text/javascript", Access_Control_Allow_Origin="*")

    def do_POST(self) -> None:
        self.do_GET()
