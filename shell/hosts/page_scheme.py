"""The one door by which a page speaks to the shell: POST to `banyan://shell/message`, from a known origin.

No QWebChannel: that follows a page to any origin, and does not say who calls.
"""

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtWebEngineCore import QWebEngineUrlRequestJob, QWebEngineUrlScheme, QWebEngineUrlSchemeHandler

from shell.hosts.page_messages import MESSAGE_BYTES, PageMessage, RateLimit, read_message
from shell.hosts.walls import APP_SCHEME, PAGE_SCHEME, Walls

DOOR: Final = f"{PAGE_SCHEME}://shell/message"
_MARK: Final = "x-banyan-message"
"""A header of our own: a plain form can POST too, but cannot set one."""
_Flag = QWebEngineUrlScheme.Flag


def register_scheme() -> None:
    """Make the schemes known to Chromium. Must be called before the application is made.

    Pages of the cloud say in their policy that they use theirs; of an application's nobody can know.
    """
    for name, more in ((PAGE_SCHEME, _Flag(0)), (APP_SCHEME, _Flag.ContentSecurityPolicyIgnored)):
        scheme = QWebEngineUrlScheme(name.encode())
        scheme.setSyntax(QWebEngineUrlScheme.Syntax.Host)
        scheme.setFlags(_Flag.SecureScheme | _Flag.CorsEnabled | _Flag.FetchApiAllowed | more)
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
