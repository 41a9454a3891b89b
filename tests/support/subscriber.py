"""A program that is told of changes: a real HTTP server that remembers what it got."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from web_modules.fhir_store.documents import decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One notification as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def resource(self) -> Any:
        """The payload."""
        return decode(self.body)


@dataclass(slots=True)
class Subscriber:
    """What a subscriber got, and how it answers.

    Attributes:
        address: of its endpoint.
        status: what it answers with.
        location: where it redirects to, or empty.
        told: the notifications, oldest first.
        going: while it is not set, nothing is answered.
    """

    address: str
    status: int = 200
    location: str = ""
    told: list[Told] = field(default_factory=list)
    going: threading.Event = field(default_factory=threading.Event)

    def families(self) -> list[str]:
        """The family names of the Patients that came, in order."""
        return [one.resource["name"][0]["family"] for one in self.told]


@contextmanager
def subscriber(*, port: int = 0) -> Iterator[Subscriber]:
    """One that listens on this machine until the context ends."""
    found: list[Subscriber] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            one = found[0]
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            one.told.append(Told(method=self.command, path=self.path, headers=headers, body=body))
            one.going.wait(60)
            self.send_response(one.status)
            if one.location:
                self.send_header("location", one.location)
            self.send_header("content-length", "0")
            self.end_headers()

        do_PUT = do_POST  # noqa: N815
        do_GET = do_POST  # noqa: N815

        def log_message(self, *_words: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_words: Any) -> None:
            pass  # who asked may hang up before they are answered

    with Server(("127.0.0.1", port), Handler) as server:
        found.append(Subscriber(f"http://127.0.0.1:{server.server_address[1]}/hook"))
        found[0].going.set()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield found[0]
        finally:
            found[0].going.set()
            server.shutdown()
            thread.join()
