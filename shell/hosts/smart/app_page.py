"""One SMART application in a pane: a browser of its own behind its own walls, from its launch to its end."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QEvent, QIODevice, QObject, Qt, QTimer, QUrl
from PySide6.QtGui import QColor
from PySide6.QtWebEngineCore import (
    QWebEngineDownloadRequest,
    QWebEngineLoadingInfo,
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineScript,
    QWebEngineUrlRequestJob,
    QWebEngineUrlSchemeHandler,
)
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QWidget

from shell.errors import CloudError
from shell.hosts.guarded_page import GuardedPage
from shell.hosts.smart.launching import AppLaunch, is_of_launch
from shell.hosts.smart.messages import APP_MESSAGE_BYTES, Conversation
from shell.hosts.walls import APP_SCHEME, AppWalls, Walls
from shell.hosts.web_profile import Interceptor, PageLook, off_the_record

APP_DOOR: Final = f"{APP_SCHEME}://shell/message"
_MARK: Final = "x-banyan-message"
_LETTING_IN_AT_MOST: Final = 3
"""A launch counts once; an application that asks again and again to be let in goes round in a circle."""
_ANSWER_MILLISECONDS: Final = 100
"""An application that asks to be closed hears first that it will be."""
_OPENER: Final = """(() => {
  const {origins, ehr, door} = %s;
  if (!origins.includes(location.origin)) return;
  const send = fetch.bind(globalThis), write = JSON.stringify;
  const hear = (data) => {
    const event = new MessageEvent("message", {data, origin: ehr});
    Object.defineProperty(event, "source", {value: opener});
    dispatchEvent(event);
  };
  const opener = Object.freeze({
    closed: false,
    postMessage(message, target) {
      const meant = target !== null && typeof target === "object" ? target.targetOrigin : target;
      if (meant !== ehr) return;
      const headers = {"X-Banyan-Message": "1", "Content-Type": "application/json"};
      send(door, {method: "POST", headers, body: write(message)})
        .then((answer) => answer.json()).then(hear, () => {});
    },
  });
  Object.defineProperty(window, "opener", {value: opener, configurable: false});
})()"""
"""The window that opened the application, as SMART Web Messaging has it: there is none in this browser."""


class AppListener(Protocol):
    """Who is told what becomes of an application."""

    def done(self) -> None:
        """It asks to be closed."""

    def open_activity(self, activity: str, parameters: Mapping[str, Any]) -> str:
        """It asks for a screen of the window; answers why not, or empty when it is open."""

    def failed(self, words: str) -> None:
        """It cannot go on."""

    def drafts_changed(self) -> None:
        """It holds more or fewer drafts than before."""

    def notice(self, words: str) -> None:
        """Something was refused."""

    def let_in(self, address: str, done: Callable[[str | CloudError], None]) -> None:
        """Take its request to be let in to the cloud; answers later where it goes on, or why it does not."""


class AppPage(QObject):
    """The application of one launch.

    Args:
        launch: as the cloud granted it.
        fhir: the cloud's FHIR base, which it may reach.
        look: how it is shown before it has painted, and its zoom.
        listener: told what becomes of it.
        parent: the widget that its view lies in.
    """

    def __init__(
        self, launch: AppLaunch, fhir: str, look: PageLook, listener: AppListener, parent: QWidget
    ) -> None:
        super().__init__(parent)
        app = launch.wish.app
        self._launch = launch
        self._listener = listener
        self._let_in = 0
        self._is_over = False
        walls = AppWalls(
            Walls.around(app.origins).origins,
            Walls.around(app.part_origins).origins,
            (fhir, launch.authorize.rpartition("/")[0]),
        )
        self.conversation = Conversation(app.id, launch.wish.handle, app.messaging, self, time.monotonic)
        self._profile = off_the_record()
        self._wall = Interceptor(walls, APP_DOOR)
        self._profile.setUrlRequestInterceptor(self._wall)
        self._door = _AppDoor(walls, self.conversation)
        self._profile.installUrlSchemeHandler(APP_SCHEME.encode(), self._door)
        self._profile.downloadRequested.connect(self._refuse_download)
        self._profile.scripts().insert(_opener(app.origins, fhir))
        self.view = QWebEngineView(parent)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.view.setAcceptDrops(False)
        self.view.setAccessibleName(app.name)
        self._page = _AppGuard(self._profile, walls, self._refused, self._asks_to_be_let_in, self)
        self.view.setPage(self._page)
        self._page.setBackgroundColor(QColor(look.ground))
        self.view.setZoomFactor(look.zoom)
        self._page.loadingChanged.connect(self._loading_changed)
        self._page.renderProcessTerminated.connect(self._ended)
        self._page.load(QUrl(launch.address))

    @property
    def drafts(self) -> int:
        """How many drafts it keeps in the window, none of them on the record."""
        return len(self.conversation.scratchpad)

    def discard(self) -> None:
        """Throw its drafts away."""
        self.conversation.scratchpad.clear()

    def close(self) -> None:
        """End it, and all that its browser holds."""
        self._is_over = self.conversation.is_cut_off = True
        self._page.loadingChanged.disconnect(self._loading_changed)
        self._page.renderProcessTerminated.disconnect(self._ended)
        self._profile.setUrlRequestInterceptor(None)  # type: ignore[arg-type]  # Qt takes a null pointer as "none"
        self._profile.removeAllUrlSchemeHandlers()
        self.view.close()
        self._page.deleteLater()
        self.view.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # the page before its profile
        self._profile.deleteLater()
        self.deleteLater()

    # -- what it asks for (messages.Window) ---------------------------------------------------------------

    def done(self) -> None:
        """It asks to be closed; first it is answered."""
        QTimer.singleShot(
            _ANSWER_MILLISECONDS, self, lambda: None if self._is_over else self._listener.done()
        )

    def open_activity(self, activity: str, parameters: Mapping[str, Any]) -> str:
        """It asks for a screen of the window."""
        return self._listener.open_activity(activity, parameters)

    def drafts_changed(self) -> None:
        """It holds more or fewer drafts than before."""
        self._listener.drafts_changed()

    def cut_off(self) -> None:
        """It said too much that is no message."""
        name = self._launch.wish.app.name
        self._listener.notice(f"{name} sent too many messages. The window does not listen to it any more.")

    # -- inside -------------------------------------------------------------------------------------------

    def _asks_to_be_let_in(self, address: str) -> bool:
        """Whether a navigation is to the cloud's sign-in; the window asks there in its place."""
        if address.partition("?")[0] != self._launch.authorize:
            return False
        name = self._launch.wish.app.name
        self._let_in += 1
        if self._let_in > _LETTING_IN_AT_MOST or not is_of_launch(self._launch, address):
            words = f"{name} asked to be let in otherwise than it was opened. It was closed."
            self._fail(words)
        else:
            self._listener.let_in(address, self._is_let_in)
        return True

    def _is_let_in(self, onward: str | CloudError) -> None:
        if self._is_over:
            return
        if isinstance(onward, CloudError):
            self._fail(str(onward))
        else:
            self._page.load(QUrl(onward))

    def _loading_changed(self, loading: QWebEngineLoadingInfo) -> None:
        is_failed = loading.status() is QWebEngineLoadingInfo.LoadStatus.LoadFailedStatus
        if is_failed and not self._page.was_stopped(loading.url().toString()):
            name = self._launch.wish.app.name
            self._fail(f"{name} does not answer. Everything else works as usual.")

    def _ended(self, _status: QWebEnginePage.RenderProcessTerminationStatus, _code: int) -> None:
        name = self._launch.wish.app.name
        self._fail(f"{name} stopped. Open it again, and look at what you did last.")

    def _is_done(self) -> None:
        if not self._is_over:
            self._listener.done()

    def _fail(self, words: str) -> None:
        """Say that it cannot go on; later, as it ends then and Chromium is still in the middle of it."""
        QTimer.singleShot(0, self, lambda: None if self._is_over else self._listener.failed(words))

    def _refused(self, words: str) -> None:
        self._listener.notice(words)

    def _refuse_download(self, download: QWebEngineDownloadRequest) -> None:
        # the suggested file name is never looked at: it may lead anywhere
        download.cancel()
        self._refused("An application offered a file to keep. Banyan keeps no files from applications.")


class _AppGuard(GuardedPage):
    """The application's page; the way to the cloud's sign-in goes through the window."""

    def __init__(
        self,
        profile: QWebEngineProfile,
        walls: Walls,
        refused: Callable[[str], None],
        asks_to_be_let_in: Callable[[str], bool],
        parent: QObject,
    ) -> None:
        super().__init__(profile, walls, refused, parent)
        self._asks = asks_to_be_let_in
        self._stopped: set[str] = set()

    def acceptNavigationRequest(  # noqa: N802 - Qt's name
        self, url: QUrl | str, kind: QWebEnginePage.NavigationType, is_main_frame: bool, /
    ) -> bool:
        """Stay inside; called for redirects and frames too."""
        address = url if isinstance(url, str) else url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
        if is_main_frame and self._asks(address):
            self._stopped.add(_plain(address))
            return False
        is_accepted = super().acceptNavigationRequest(url, kind, is_main_frame)
        if not is_accepted:
            self._stopped.add(_plain(address))
        return is_accepted

    def was_stopped(self, address: str) -> bool:
        """Whether a load ended because the window stopped it."""
        return _plain(address) in self._stopped


class _AppDoor(QWebEngineUrlSchemeHandler):
    """Hands on the messages of an application's own pages and refuses all else."""

    def __init__(self, walls: Walls, conversation: Conversation) -> None:
        super().__init__()
        self._walls = walls
        self._conversation = conversation

    def requestStarted(self, job: QWebEngineUrlRequestJob) -> None:  # noqa: N802 - Qt's name
        """Judge one request."""
        origin = job.initiator().toString().rstrip("/")
        answer: bytes | None = None
        if job.requestUrl().toString() == APP_DOOR and self._walls.allow_speaker(origin):
            answer = self._answer(job)
        else:
            self._conversation.refuse("wrong origin")
        if answer is None:
            job.fail(QWebEngineUrlRequestJob.Error.RequestDenied)
            return
        job.setAdditionalResponseHeaders(
            {QByteArray(b"Access-Control-Allow-Origin"): QByteArray(origin.encode())}
        )
        told = QBuffer(job)
        told.setData(QByteArray(answer))
        told.open(QIODevice.OpenModeFlag.ReadOnly)
        job.reply(QByteArray(b"application/json"), told)

    def _answer(self, job: QWebEngineUrlRequestJob) -> bytes | None:
        headers = {bytes(name.data()).lower() for name in job.requestHeaders()}
        body = job.requestBody()
        if job.requestMethod() != b"POST" or _MARK.encode() not in headers:
            self._conversation.refuse("no message")
            return None
        if not body.isOpen() and not body.open(QIODevice.OpenModeFlag.ReadOnly):
            return None
        return self._conversation.hear(bytes(body.read(APP_MESSAGE_BYTES + 1).data()))


def _opener(origins: frozenset[str], fhir: str) -> QWebEngineScript:
    parts = urlsplit(fhir)
    ehr = f"{parts.scheme}://{parts.netloc}"
    script = QWebEngineScript()
    script.setName("opener")
    known = json.dumps({"origins": sorted(origins), "ehr": ehr, "door": APP_DOOR})
    script.setSourceCode(_OPENER % known)
    script.setInjectionPoint(QWebEngineScript.InjectionPoint.DocumentCreation)
    script.setWorldId(QWebEngineScript.ScriptWorldId.MainWorld.value)
    script.setRunsOnSubFrames(False)
    return script


def _plain(address: str) -> str:
    """Without query and fragment: Qt says them in several spellings."""
    return address.partition("#")[0].partition("?")[0]
