"""Serves something over HTTP from a thread of this process, for as long as a test needs it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import uvicorn

from tests.support.waiting import until
from web_modules.fhir.transport import FhirRequest, Transport

BASE = "/Y99002/fhir"


@contextmanager
def asgi_served(application: Any, listening: socket.socket) -> Iterator[None]:
    """Serve an ASGI application on a socket that listens."""
    config = uvicorn.Config(application, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        until(lambda: server.started, "the server is there")
        yield
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def transport_served(transport: Transport) -> Iterator[str]:
    """Serve a FHIR base that is in this process; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            answer = transport.send(
                FhirRequest(
                    method=self.command,
                    path=parts.path.removeprefix(BASE).strip("/"),
                    query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=body,
                )
            )
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name != "content-length":
                    self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}{BASE}"
        finally:
            server.shutdown()
            thread.join()


def listening_socket() -> socket.socket:
    """A socket on a free port of loopback, which takes connections."""
    return socket.create_server(("127.0.0.1", 0))
