"""A hook gives up on whoever answers too slowly, too much or not at all, and says so in plain words."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from demo.programs import free_port
from web_modules.fhir_store.database.records import StoredVersion
from web_modules.fhir_store.subscriptions.hook import Hook, Undelivered
from web_modules.fhir_store.subscriptions.wanted import Channel, Endpoint, Wanted

CONTENT = b'{"resourceType":"Patient"}'
VERSION = StoredVersion(type="Patient", id="p", number=1, version=1, updated=1, method="PUT", content=CONTENT)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


def _hook(port: int, *, is_secure: bool = False) -> Hook:
    endpoint = Endpoint(is_secure=is_secure, host="127.0.0.1", port=port, path="/hook")
    wanted = Wanted(resource_type="Patient", pairs=(), channel=Channel.REST_HOOK, endpoint=endpoint)
    return Hook(wanted, endpoint, "1.1 here:80 (Banyan)")


@contextmanager
def _answering(answer: Callable[[socket.socket], None], port: int = 0) -> Iterator[int]:
    """A server that speaks as it likes, to one client."""
    with closing(socket.create_server(("127.0.0.1", port))) as listening:

        def serve() -> None:
            taken, _address = listening.accept()
            with taken:
                taken.recv(65536)
                try:
                    answer(taken)
                except OSError:
                    return  # the hook hung up

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(listening.getsockname()[1])
        thread.join()


def _words(hook: Hook) -> str:
    with closing(hook), pytest.raises(Undelivered) as caught:
        hook.send(VERSION)
    return str(caught.value)


def test_an_answer_that_drips_in_is_cut_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web_modules.fhir_store.subscriptions.hook.DEADLINE_SECONDS", 0.3)
    pause, done = threading.Event(), threading.Event()

    def drip(taken: socket.socket) -> None:
        taken.sendall(b"HTTP/1.1 200 OK\r\n")
        while not done.is_set():
            taken.sendall(b"X")
            pause.wait(0.02)

    with _answering(drip) as port:
        hook = _hook(port)

        def cut() -> None:
            while not done.is_set():
                hook.cut()
                pause.wait(0.02)

        cutting = threading.Thread(target=cut)
        cutting.start()
        try:
            assert _words(hook) == "The endpoint did not answer in time."
        finally:
            done.set()
            cutting.join()


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    def pour(taken: socket.socket) -> None:
        taken.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            taken.sendall(b"x" * 65536)

    with _answering(pour) as port, closing(_hook(port)) as hook:
        hook.send(VERSION)


def test_what_is_no_http_is_a_failure() -> None:
    with _answering(lambda taken: taken.sendall(b"220 mail.example ESMTP\r\n")) as port:
        assert _words(_hook(port)) == "The connection to the endpoint broke off."


def test_nobody_there_is_a_failure() -> None:
    assert _words(_hook(free_port())) == "Nothing answers at the endpoint."


def test_a_certificate_that_nobody_vouches_for_is_a_failure() -> None:
    with _answering(lambda taken: taken.sendall(b"not TLS")) as port:
        assert _words(_hook(port, is_secure=True)) == "The endpoint's certificate or TLS was not accepted."


def test_a_connection_that_the_subscriber_closed_meanwhile_is_no_failure() -> None:
    port = free_port()
    with closing(_hook(port)) as hook:
        for _time in range(2):
            with _answering(lambda taken: taken.sendall(OK), port):
                hook.send(VERSION)
