"""A wire between the bridge and the cloud that can be cut, or go silent."""

import contextlib
import socket
from threading import Event, Lock, Thread
from typing import Final

_PIECE: Final = 65536


class Relay:
    """Carries TCP connections from a free port of this machine to another port of it.

    Args:
        port: where the connections go.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._passing = Event()
        self._passing.set()
        self._is_cut = False
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        Thread(target=self._take, daemon=True).start()

    def cut(self) -> None:
        """Break every connection, and let none begin."""
        with self._lock:
            self._is_cut = True
            broken, self._open = self._open, set()
        for one in broken:
            _break(one)

    def fall_silent(self) -> None:
        """Keep the connections, and let nothing pass."""
        self._passing.clear()

    def mend(self) -> None:
        """Carry again, what waited too."""
        self._is_cut = False
        self._passing.set()

    def close(self) -> None:
        """End for good."""
        self.cut()
        self._passing.set()
        _break(self._door)

    def _take(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            try:
                if self._is_cut:
                    raise OSError
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                _break(near)
                continue
            with self._lock:
                self._open |= {near, far}
            for one, other in ((near, far), (far, near)):
                Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := one.recv(_PIECE):
                self._passing.wait()
                other.sendall(piece)
        with self._lock:
            self._open -= {one, other}
        _break(one)
        _break(other)


def _break(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
