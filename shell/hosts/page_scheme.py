"""The one door by which a page speaks to the shell: POST to `banyan://shell/message`, from a known origin.

No QWebChannel: that follows a page to any origin, and does not say who calls.
"""

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtWebEngineCore import QWebEngineUrlRequestJob, QWebEngineUrlScheme, QWebEngineUrlSchemeHandler

from shell.hosts.page_messages import MESSAGE_BYTES, PageMessage, RateLimit, read_message
from shell.hosts.walls import PAGE_SCHEME, Walls

DOOR: Final = f"{PAGE_SCHEME}://shell/message"
_MARK: Final = "x-banyan-message"
"""A header of our own: a plain form can POST too, but cannot set one."""


def register_scheme() -> None:
    """Make the scheme known to Chromium. Must be called before the application is made."""
    scheme = QWebEngineUrlScheme(PAGE_SCHEME.encode())
    scheme.setSyntax(QWebEngineUrlScheme.Syntax.Host)
    scheme.setFlags(
        QWebEngineUrlScheme.Flag.SecureScheme
        | QWebEngineUrlScheme.Flag.CorsEnabled
        | QWebEngineUrlScheme.Flag.FetchApiAllowed
    )
    QWebEngineUrlScheme.registerScheme(scheme)


class PageDoor(QWebEngineUrlSchemeHandler):
    """Hands on the messages of pages inside the walls and refuses all else.

    Args:
        walls: who may speak.
        hear: takes a message that passed every check.
    """

    def __init__(self, walls: Walls, hear: Callable[[PageMessage], None]) -> None:
        super().__init__()
        self._walls = walls
        self._hear = hear
        self._rate = RateLimit(time.monotonic)

    def requestStarted(self, job: QWebEngineUrlRequestJob) -> None:  # noqa: N802 - Qt's name
        """Judge one request."""
        message = self._judge(job)
        if message is None:
            job.fail(QWebEngineUrlRequestJob.Error.RequestDenied)
            return
        job.setAdditionalResponseHeaders(
            {QByteArray(b"Access-Control-Allow-Origin"): QByteArray(_origin(job).encode())}
        )
        answer = QBuffer(job)
        answer.setData(QByteArray(b"{}"))
        answer.open(QIODevice.OpenModeFlag.ReadOnly)
        job.reply(QByteArray(b"application/json"), answer)
        self._hear(message)

    def _judge(self, job: QWebEngineUrlRequestJob) -> PageMessage | None:
        headers = {bytes(name.data()).lower() for name in job.requestHeaders()}
        if (
            job.requestUrl().toString() != DOOR
            or job.requestMethod() != b"POST"
            or not self._walls.allow_speaker(_origin(job))
            or _MARK.encode() not in headers
            or not self._rate.allow()
        ):
            return None
        body = job.requestBody()
        if not body.isOpen() and not body.open(QIODevice.OpenModeFlag.ReadOnly):
            return None
        return read_message(bytes(body.read(MESSAGE_BYTES + 1).data()))


def _origin(job: QWebEngineUrlRequestJob) -> str:
    """The true origin of a request: a frame shows its own, a sandboxed one `null`."""
    return job.initiator().toString().rstrip("/")
