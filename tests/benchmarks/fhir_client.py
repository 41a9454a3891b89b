"""A client so light that the server is what is measured: bytes made beforehand over kept-open sockets.

Each client is a process with one connection that sends its next request when the last was answered. While the
clock runs nothing is parsed but status and length; the last answer is looked at afterwards.
"""

import json
import multiprocessing
import socket
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, cycle, pairwise
from multiprocessing.synchronize import Barrier
from queue import Empty
from typing import Any

from demo.errors import DemoError

ANSWER_SECONDS = 120.0
"""Only a server that hangs takes so long; the peer needs some seconds for a transaction of 200."""


class LoadFailed(DemoError):
    """A server did not do what was asked, so a number would mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is sent, the same to every server.

    Attributes:
        requests: for each client its requests, sent over and over.
        entries: how many entries without an error the answer has to have; None: it is no Bundle.
        resources: what one request counts for.
    """

    requests: Sequence[Sequence[bytes]]
    entries: int | None = None
    resources: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What one server did.

    Attributes:
        per_second: resources, of all clients together.
        milliseconds: from a request to its answer, the median, which other programs' bursts move little.
    """

    per_second: float
    milliseconds: float


def request(method: str, path: str, body: bytes = b"") -> bytes:
    """A whole request below the FHIR base `/fhir`, which is the same at every server."""
    head = f"{method} /fhir{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/fhir+json\r\n"
    if body:
        head += f"Content-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


class Connection:
    """One kept-open connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, message: bytes) -> bytes:
        """Send a request; answer the body of what came back.

        Raises:
            LoadFailed: it was refused, or the connection ended.
        """
        self._socket.sendall(message)
        head, separator, body = b"", b"", b""
        while not separator:
            head += self._receive()
            head, separator, body = head.partition(b"\r\n\r\n")
        length = int(_header(head, b"content-length:"))
        parts, missing = [body], length - len(body)
        while missing > 0:
            parts.append(self._receive())
            missing -= len(parts[-1])
        answer = b"".join(parts)
        if head[9:10] != b"2":
            asked, status = (text.partition(b"\r\n")[0].decode() for text in (message, head))
            raise LoadFailed(f"{asked}: {status} {answer[:600].decode('utf-8', 'replace')}")
        return answer

    def close(self) -> None:
        """End it."""
        self._socket.close()

    def _receive(self) -> bytes:
        received = self._socket.recv(1 << 18)
        if not received:
            raise LoadFailed("The server ended the connection.")
        return received


def run_load(port: int, load: Load, seconds: float) -> Rate:
    """Let all clients send for that long, each at least once; what was begun is waited for.

    Raises:
        LoadFailed: a server did not do what was asked.
    """
    context = multiprocessing.get_context("fork")  # the requests are shared, not sent
    ready = context.Barrier(len(load.requests))
    results: multiprocessing.Queue[list[float] | str] = context.Queue()
    clients = [
        context.Process(target=_client, args=(port, one, load.entries, seconds, ready, results), daemon=True)
        for one in load.requests
    ]
    for client in clients:
        client.start()
    try:
        done = [_result(results, seconds) for _ in clients]
    finally:
        for client in clients:
            client.terminate()
            client.join()
    return Rate(
        per_second=sum(len(taken) * load.resources / sum(taken) for taken in done),
        milliseconds=1000 * statistics.median(chain.from_iterable(done)),
    )


def _result(results: "multiprocessing.Queue[list[float] | str]", seconds: float) -> list[float]:
    try:
        result = results.get(timeout=seconds + ANSWER_SECONDS)
    except Empty as error:
        raise LoadFailed("A client got no answer in time.") from error
    if isinstance(result, str):
        raise LoadFailed(result)
    return result


def _client(
    port: int,
    requests: Sequence[bytes],
    entries: int | None,
    seconds: float,
    ready: Barrier,
    results: "multiprocessing.Queue[list[float] | str]",
) -> None:
    try:
        connection = Connection(port)
        connection.send(request("GET", "/Patient/known-0"))  # the connection is there, nothing is cold
        ready.wait(ANSWER_SECONDS)
        answer, times = b"", [time.perf_counter()]
        for message in cycle(requests):
            answer = connection.send(message)
            times.append(time.perf_counter())
            if times[-1] - times[0] >= seconds:
                break
        _check(json.loads(answer), entries)
    except (LoadFailed, OSError, ValueError) as error:
        results.put(str(error))
    else:
        results.put([after - before for before, after in pairwise(times)])


def _check(answer: Any, entries: int | None) -> None:
    if entries is None:
        return
    statuses = [entry.get("response", {}).get("status", "200") for entry in answer.get("entry", ())]
    if len(statuses) != entries or any(not status.startswith("2") for status in statuses):
        raise LoadFailed(f"{entries} entries were expected, not {statuses}.")


def _header(head: bytes, name: bytes) -> bytes:
    lower = head.lower()
    start = lower.find(name)
    if start < 0:
        raise LoadFailed(f"An answer without {name.decode()} {head[:300].decode()}")
    return head[start + len(name) : len(head) if (end := head.find(b"\r", start)) < 0 else end]
