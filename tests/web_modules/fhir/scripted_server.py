"""A server that answers as a test says, over real HTTP: late, not at all, or with nonsense."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENT = {"resourceType": "Patient", "id": "1", "meta": {"versionId": "2"}, "active": True}
CUT = 0
"""The status of an answer that does not come: the request is read, and the connection ends."""

HANG = -1
"""The status of an answer that does not come while the server runs."""


class ScriptedServer:
    """Answers with what the test put there, and keeps what was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], Any]] = []
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.ended = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                length = int(self.headers.get("content-length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                server.asked.append((self.command, self.path, headers, self.rfile.read(length)))
                status, answer_headers, body = server.answers.pop(0)
                if status == HANG:
                    server.ended.wait()
                if status in {CUT, HANG}:
                    self.close_connection = True
                    return
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in answer_headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _answer  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/Y99002/fhir"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        """End, and let go of whoever hangs."""
        self.ended.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()
