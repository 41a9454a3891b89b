"""The wire that can be cut, or go silent."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from legacy_bridge.rehearsal.relay import Relay


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A relay to somebody who says everything again."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        Thread(target=_answer, args=(door,), daemon=True).start()
        made = Relay(door.getsockname()[1])
        yield made
        made.close()


def _answer(door: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = door.accept()
            Thread(target=_say_again, args=(connection,), daemon=True).start()


def _say_again(connection: socket.socket) -> None:
    with suppress(OSError), connection:
        while piece := connection.recv(100):
            connection.sendall(piece)


@contextmanager
def connected(relay: Relay) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", relay.port), timeout=10) as made:
        yield made


def said_again(connection: socket.socket, words: bytes) -> bytes:
    connection.sendall(words)
    return connection.recv(100)


def test_what_is_said_is_carried_both_ways(relay: Relay) -> None:
    with connected(relay) as one, connected(relay) as other:
        assert said_again(one, b"one") == b"one"
        assert said_again(other, b"other") == b"other"


def test_a_cut_wire_breaks_connections_and_takes_none_until_it_is_mended(relay: Relay) -> None:
    with connected(relay) as old:
        assert said_again(old, b"before") == b"before"
        relay.cut()
        with suppress(ConnectionError):
            assert old.recv(100) == b""
    with connected(relay) as new, suppress(ConnectionError):
        assert said_again(new, b"lost") == b""
    relay.mend()
    with connected(relay) as new:
        assert said_again(new, b"after") == b"after"


def test_a_silent_wire_says_nothing_and_then_everything_that_waited(relay: Relay) -> None:
    with connected(relay) as one:
        assert said_again(one, b"before") == b"before"
        relay.fall_silent()
        one.sendall(b"waits")
        one.settimeout(0.3)
        with pytest.raises(TimeoutError):
            one.recv(100)
        one.settimeout(10)
        relay.mend()
        assert one.recv(100) == b"waits"
