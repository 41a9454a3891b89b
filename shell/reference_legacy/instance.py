"""One running program for each user, database and practice; a later start hands its wishes to it."""

import getpass
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QDir, QLockFile, QObject, QThread
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from sqlalchemy.engine import make_url

from shell.reference_legacy.arguments import Request, patient_number
from shell.reference_legacy.errors import AlreadyRunningError
from shell.reference_legacy.title import Screen

ANSWER_MILLISECONDS = 5000
"""A running program answers at once unless it is just starting or waits for a locked database."""

_BETWEEN_TRIES_MILLISECONDS = 50
_LONGEST_LINE = 1000


def instance_name(database: str, practice: str) -> str:
    """The name of the meeting place of one user, database and practice."""
    url = make_url(database)
    if url.get_backend_name() == "sqlite" and url.database:
        url = url.set(database=str(Path(url.database).resolve()))
    what = "\n".join((getpass.getuser(), url.render_as_string(hide_password=True), practice))
    return f"halden-gp-{hashlib.sha256(what.encode()).hexdigest()[:16]}"


class Instance(QObject):
    """The place where starts of the program meet.

    `claim` first. If it says no, `hand_over`; if it says yes, `listen`.
    """

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._lock = QLockFile(QDir(QDir.tempPath()).filePath(f"{name}.lock"))
        self._lock.setStaleLockTime(0)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)
        self._receive: Callable[[Request], str | None] | None = None

    def claim(self) -> bool:
        """Whether this is the only one; the lock of a process that died counts as none."""
        return self._lock.tryLock(0)

    def listen(self, receive: Callable[[Request], str | None]) -> None:
        """Take requests from later starts.

        Args:
            receive: called in the thread of the event loop; its answer is a sentence when the request is
                refused, None when it is taken.

        Raises:
            AlreadyRunningError: the meeting place cannot be opened.
        """
        self._receive = receive
        QLocalServer.removeServer(self._name)
        if not self._server.listen(self._name):
            reason = self._server.errorString()
            raise AlreadyRunningError(f"Later starts of the program cannot be received: {reason}.")

    def hand_over(self, request: Request) -> str | None:
        """Give a request to the running program. Blocks up to twice `ANSWER_MILLISECONDS`.

        Returns:
            A sentence when it was refused, None when it was taken.

        Raises:
            AlreadyRunningError: the running program does not answer.
        """
        socket = QLocalSocket()
        screen = request.screen.value if request.screen is not None else None
        line = json.dumps({"patient": request.patient, "screen": screen}) + "\n"
        if _connect(socket, self._name):
            socket.write(line.encode())
            while socket.waitForReadyRead(ANSWER_MILLISECONDS):
                if socket.canReadLine():
                    answer = json.loads(bytes(socket.readLine().data()))
                    return str(answer["refused"]) if answer.get("refused") else None
        raise AlreadyRunningError(
            "The program runs already with this database but does not answer: close it, or try again."
        )

    def close(self) -> None:
        """Leave the meeting place."""
        self._server.close()
        self._lock.unlock()

    def _on_connection(self) -> None:
        socket = self._server.nextPendingConnection()
        socket.disconnected.connect(socket.deleteLater)
        socket.readyRead.connect(lambda: self._on_line(socket))

    def _on_line(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() > _LONGEST_LINE:
                socket.abort()
            return
        try:
            request = _request(bytes(socket.readLine().data()))
        except (ValueError, TypeError, KeyError):
            refused: str | None = "The request could not be read."
        else:
            refused = self._receive(request) if self._receive is not None else None
        socket.write((json.dumps({"refused": refused}) + "\n").encode())
        socket.flush()
        socket.disconnectFromServer()


def _connect(socket: QLocalSocket, name: str) -> bool:
    """Connect, also to a program that is only just starting."""
    deadline = QDeadlineTimer(ANSWER_MILLISECONDS)
    while not deadline.hasExpired():
        socket.connectToServer(name)
        if socket.waitForConnected(ANSWER_MILLISECONDS):
            return True
        QThread.msleep(_BETWEEN_TRIES_MILLISECONDS)
    return False


def _request(line: bytes) -> Request:
    got = json.loads(line)
    patient, screen = got["patient"], got["screen"]
    return Request(
        patient=patient_number(patient) if patient is not None else None,
        screen=Screen(screen) if screen is not None else None,
    )
