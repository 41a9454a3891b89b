"""Sends notifications to one rest-hook over a connection of its own. FHIR R4 subscription.html#rest-hook.

Without a payload an empty POST goes to the endpoint; with one, the endpoint is a FHIR base and each version
is PUT to it under its type and id. Redirects are not followed, since nobody allowed where they lead.
"""

import contextlib
import socket
import ssl
import threading
import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection, RemoteDisconnected
from typing import cast

from web_modules.fhir_store.database.records import StoredVersion
from web_modules.fhir_store.subscriptions.wanted import PAYLOAD, Endpoint, Wanted

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
DEADLINE_SECONDS = 15.0
"""For one notification from the connection to the end of the answer, however slowly it drips in."""

MOST_ANSWER_BYTES = 65_536
"""Nothing in an answer but its status matters; what is longer is not read to its end."""

IDLE_SECONDS = 4.0
"""Servers commonly close a connection that was not used for five."""


class Undelivered(Exception):
    """A notification that the subscriber has not confirmed; the words go into `Subscription.error`."""


class Hook:
    """One subscriber. `send` blocks and belongs to one thread; `cut` may be called from any other."""

    def __init__(self, wanted: Wanted, endpoint: Endpoint, via: str) -> None:
        """Tell a subscriber.

        Args:
            wanted: what is asked for.
            endpoint: where to.
            via: what is said of the way of what is sent; see `circles`.
        """
        self._wanted = wanted
        self._via = via
        self._endpoint = endpoint
        self._connection: HTTPConnection | None = None
        self._used_at = 0.0
        self._lock = threading.Lock()
        self._began_at: float | None = None
        self._is_cut = False

    def send(self, version: StoredVersion) -> None:
        """Tell of a version, and wait until the subscriber has confirmed it.

        Raises:
            Undelivered: it has not.
        """
        self.rest()
        with self._lock:
            self._began_at, self._is_cut = time.monotonic(), False
        try:
            try:
                is_used = self._connection is not None
                status = self._answer_to(version)
            except (ConnectionError, RemoteDisconnected):
                if not is_used or self._is_cut:
                    raise
                self.close()  # the subscriber had closed a connection that lay idle
                status = self._answer_to(version)
            if self._is_cut:
                raise TimeoutError  # perhaps in the middle of the answer's headers
        except (OSError, HTTPException, ValueError) as error:
            self.close()
            late = self._is_cut or isinstance(error, TimeoutError)
            words = "The endpoint did not answer in time." if late else _reason(error)
            raise Undelivered(words) from error
        finally:
            with self._lock:
                self._began_at = None
        self._used_at = time.monotonic()
        if not 200 <= status < 300:
            self.close()
            raise Undelivered(f"The endpoint answered with HTTP status {status}.")

    def cut(self) -> None:
        """End an answer that takes longer than the deadline."""
        with self._lock:
            began_at, connection = self._began_at, self._connection
            if began_at is None or time.monotonic() - began_at < DEADLINE_SECONDS:
                return
            self._is_cut = True
        sock = None if connection is None else cast("socket.socket | None", connection.sock)
        if sock is not None:
            with contextlib.suppress(OSError):  # the base's own: TLS would say goodbye first, and wait
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def rest(self) -> None:
        """Leave the subscriber when there was nothing to tell for a while."""
        if time.monotonic() - self._used_at > IDLE_SECONDS:
            self.close()

    def close(self) -> None:
        """Leave the subscriber; a later `send` connects anew."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _answer_to(self, version: StoredVersion) -> int:
        if self._connection is None:
            self._connection = self._connect()
        connection = self._connection
        headers = {**dict(self._wanted.headers), "User-Agent": "Banyan", "Via": self._via}
        method, path, body = "POST", self._endpoint.path or "/", b""
        if self._wanted.has_payload:
            method, body = "PUT", version.content or b""
            path = f"{self._endpoint.path}/{version.type}/{version.id}"
            headers["Content-Type"] = PAYLOAD
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        if len(answer.read(MOST_ANSWER_BYTES)) == MOST_ANSWER_BYTES or answer.will_close:
            self.close()
        return answer.status

    def _connect(self) -> HTTPConnection:
        host, port = self._endpoint.host.strip("[]"), self._endpoint.port
        connection = HTTPConnection(host, port, timeout=CONNECT_SECONDS)
        if self._endpoint.is_secure:
            context = ssl.create_default_context()
            connection = HTTPSConnection(host, port, timeout=CONNECT_SECONDS, context=context)
        connection.connect()
        connection.sock.settimeout(ANSWER_SECONDS)
        return connection


def _reason(error: Exception) -> str:
    """In words that repeat nothing of what was sent or answered."""
    if isinstance(error, ssl.SSLError):
        return "The endpoint's certificate or TLS was not accepted."
    if isinstance(error, ConnectionRefusedError):
        return "Nothing answers at the endpoint."
    if isinstance(error, socket.gaierror):
        return "The endpoint's host is not known."
    return "The connection to the endpoint broke off."
