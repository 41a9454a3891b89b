"""A cloud of two pages, and an outside that pages must not reach; both list what they were asked for."""

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGE = """<!doctype html>
<html data-function="{function}" data-patient="{patient}" data-unsaved="false"
      data-environment="{environment}">
<head><title>{function}</title><link rel="icon" href="data:,"></head>
<body><h1>{function} {patient}</h1>
<textarea id="field" style="width: 90%; height: 360px" autofocus></textarea>
<p><a id="outside" href="{outside}/page">outside</a> <a id="file" href="/file">file</a>
<a id="window" href="{outside}/window" target="_blank">window</a></p>
<script>
  const root = document.documentElement;
  if (sessionStorage.late) {{
    const {{patient}} = root.dataset;
    delete root.dataset.patient;
    setTimeout(() => {{ root.dataset.patient = patient; }}, Number(sessionStorage.late));
  }}
  const say = (message, headers) => fetch("banyan://shell/message", {{
    method: "POST", body: JSON.stringify(message),
    headers: headers ?? {{"X-Banyan-Message": "1", "Content-Type": "application/json"}},
  }}).then(answer => answer.ok, () => false);
  const work = (unsaved) => {{
    root.dataset.unsaved = String(unsaved);
    return say({{messageType: "banyan.work", payload: {{unsaved}}}});
  }};
  const note = () => {{
    const fields = [{{name: "field", value: field.value, was: ""}}];
    if (field.value) root.dataset.draft = JSON.stringify({{form: "note", at: location.pathname, fields}});
    else delete root.dataset.draft;
  }};
  field.addEventListener("input", () => {{ note(); work(true); }});
  window.banyan = {{
    save() {{ delete root.dataset.draft; work(false); }},
    discard() {{ field.value = ""; note(); work(false); }},
    resume(draft) {{
      if (draft.patient !== root.dataset.patient) return;
      field.value = draft.fields[0].value;
      note();
      work(true);
    }},
  }};
</script></body></html>
"""


@dataclass(slots=True, kw_only=True)
class PageServer:
    """A running server on loopback."""

    url: str
    outside: str
    asked: list[str] = field(default_factory=list)
    """Method and path of each request."""
    agents: set[str] = field(default_factory=set)
    environment: str = "reference"
    fault: str = ""
    """What becomes of a page: `hang`, `drip` (a byte a second) or `503`; empty: nothing."""
    is_ending: threading.Event = field(default_factory=threading.Event)
    stop: Callable[[], None] = field(default=lambda: None)
    """Ends the server before its time: the cloud is gone."""


@contextlib.contextmanager
def page_server(*, outside: str = "", certificate: tuple[Path, Path] | None = None) -> Iterator[PageServer]:
    """Serve the two pages on a free port; over TLS with a certificate and its key."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    scheme = "http"
    if certificate is not None:
        scheme, context = "https", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    state = PageServer(url=f"{scheme}://127.0.0.1:{server.server_port}", outside=outside)
    _Pages.states[server.server_port] = state
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()

    def stop() -> None:
        state.is_ending.set()
        if thread.is_alive():
            server.shutdown()
            server.server_close()
            thread.join()

    state.stop = stop
    try:
        yield state
    finally:
        stop()


class _Pages(BaseHTTPRequestHandler):
    states: dict[int, PageServer] = {}  # noqa: RUF012 - filled by `page_server`, a port each

    def do_GET(self) -> None:
        assert isinstance(self.server, ThreadingHTTPServer)
        state = self.states[self.server.server_port]
        state.asked.append(f"GET {self.path}")
        state.agents.add(self.headers.get("User-Agent", ""))
        path = self.path.partition("?")[0]
        if state.fault:
            self._fail(state)
            return
        if path == "/file":
            self._answer(200, b"content", {"Content-Disposition": 'attachment; filename="../../x.exe"'})
        elif path == "/leave":
            self._answer(302, b"", {"Location": f"{state.outside}/redirected"})
        elif "banyan_session=s3ss10n" not in self.headers.get("Cookie", "") and state.outside:
            self._answer(401, b"<!doctype html><html><body>sign in</body></html>", {})
        else:
            _, function, *rest = path.split("/")
            page = PAGE.format(
                function=function,
                patient=rest[0] if rest else "",
                environment=state.environment,
                outside=state.outside,
            )
            self._answer(200, page.encode(), {})

    def _fail(self, state: PageServer) -> None:
        if state.fault == "503":
            self._answer(503, b"<!doctype html><html><body>Service Unavailable</body></html>", {})
            return
        if state.fault == "drip":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", "100000")
            self.end_headers()
        while not state.is_ending.wait(1) and state.fault:
            if state.fault == "drip":
                self.wfile.write(b" ")
                self.wfile.flush()

    def do_POST(self) -> None:
        self.states[self.server.server_port].asked.append(f"POST {self.path}")  # type: ignore[attr-defined]
        self._answer(200, b"done", {})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "text/html; charset=utf-8"} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""
