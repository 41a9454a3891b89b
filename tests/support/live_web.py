"""A module's pages in a real browser, over a real server, for tests of what scripts on the page do."""

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import uvicorn
from PySide6.QtCore import QByteArray, QCoreApplication, QEvent, QEventLoop, QTimer, QUrl
from PySide6.QtNetwork import QNetworkCookie
from PySide6.QtWebEngineCore import QWebEnginePage, QWebEngineProfile

from demo.programs import free_port
from tests.support.module_web import PRACTICE, TODAY
from web_modules.app import create_cloud
from web_modules.fhir.client import FhirClient
from web_modules.fhir.transport import HttpTransport
from web_modules.fhir_store.store import Standard, Store
from web_modules.identity.people import DEVELOPMENT_PEOPLE
from web_modules.identity.sessions import COOKIE, Sessions
from web_modules.settings import CloudSettings

_KEY = bytes(32)
_LOOK_MILLISECONDS = 5
_GIVE_UP_SECONDS = 15.0


class _Page(QWebEnginePage):
    complaints: list[str]

    def javaScriptConsoleMessage(self, level: Any, message: str, line: int, source: str) -> None:  # noqa: N802
        if level is not QWebEnginePage.JavaScriptConsoleMessageLevel.InfoMessageLevel:
            self.complaints.append(f"{source}:{line} {message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePage:
    """One page, open.

    Attributes:
        fhir: the same records.
        page: the browser's.
        origin: of the server.
    """

    fhir: FhirClient
    page: _Page
    origin: str

    def open(self, path: str) -> None:
        """Go to a path below the practice, and wait until the page listens for changes."""
        loop = QEventLoop()
        self.page.loadFinished.connect(loop.quit)
        self.page.load(QUrl(f"{self.origin}/{PRACTICE}/{path}"))
        loop.exec()
        self.until("document.documentElement.dataset.listening === 'true'")

    def run(self, script: str) -> Any:
        """The value of an expression on the page."""
        loop = QEventLoop()
        found: list[Any] = []

        def take(value: object) -> None:
            found.append(value)
            loop.quit()

        self.page.runJavaScript(f"JSON.stringify({script})", take)
        if not found:
            loop.exec()
        return json.loads(found[0]) if isinstance(found[0], str) and found[0] else None

    def until(self, script: str) -> float:
        """Wait until an expression is true; answer after how many seconds it was."""
        began = time.perf_counter()
        while self.run(f"Boolean({script})") is not True:
            assert time.perf_counter() - began < _GIVE_UP_SECONDS, f"not so: {script}"
            _rest()
        return time.perf_counter() - began

    def press(self, key: str, *, ctrl: bool = False) -> None:
        """A key where the focus is, as the page's scripts hear it."""
        options = json.dumps({"key": key, "ctrlKey": ctrl, "bubbles": True, "cancelable": True})
        target = "(document.activeElement ?? document.body)"
        self.run(f"{target}.dispatchEvent(new KeyboardEvent('keydown', {options}))")

    def write(self, selector: str, text: str) -> None:
        """Put a text into a field as typing does."""
        self.run(
            f"(() => {{ const field = document.querySelector({json.dumps(selector)}); field.focus();"
            f" field.value = {json.dumps(text)};"
            " field.dispatchEvent(new Event('input', {bubbles: true})); return true; })()"
        )

    def text(self, selector: str = "#page") -> str:
        """What a person reads in a part of the page."""
        return str(self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))


@contextlib.contextmanager
def live_page(folder: Path, standard: Standard, *, agent: str = "") -> Iterator[LivePage]:
    """Serve a practice on a free port and open a browser with Dawn Hartley signed in.

    A QApplication must be there (fixture `qapp`). The page may not complain in its console.
    """
    url = f"sqlite:///{folder / 'cloud.sqlite'}"
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    settings = CloudSettings(database=url, practice=PRACTICE, today=TODAY, port=port)
    store = Store(url, standard)
    made = create_cloud(settings, store, _KEY, origin)
    server = uvicorn.Server(
        uvicorn.Config(made.app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=0)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    sessions = Sessions(_KEY, practice=PRACTICE, environment="reference")
    token = sessions.issue(next(one for one in DEVELOPMENT_PEOPLE if one.id == "dawn.hartley"))
    try:
        _wait(lambda: server.started)
        with _browser(origin, token, agent) as page:
            yield LivePage(fhir=FhirClient(made.services.fhir), page=page, origin=origin)
            assert page.complaints == []
    finally:
        server.should_exit = True
        thread.join()
        store.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppablePage:
    """A page of a cloud that is a process of its own, which can be suspended.

    Attributes:
        live: the page; its records are reached over HTTP and hang while the cloud does.
        stop: suspend the cloud.
        go_on: undo it.
        end: end the cloud.
        start: start it again.
    """

    live: LivePage
    stop: Callable[[], None]
    go_on: Callable[[], None]
    end: Callable[[], None]
    start: Callable[[], None]


@contextlib.contextmanager
def stoppable_page(folder: Path, *, agent: str = "") -> Iterator[StoppablePage]:
    """Like `live_page`, with the cloud as a user starts it."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "web_modules", "serve", "--port", str(port), "--practice", PRACTICE]
    command += ["--practice-name", "Fernbrook Surgery", "--database", f"sqlite:///{folder / 'cloud.sqlite'}"]
    command += ["--environment", "reference", "--today", TODAY.isoformat()]
    clouds: list[subprocess.Popen[bytes]] = []
    with (folder / "cloud.log").open("wb") as log:

        def start() -> None:
            clouds.append(subprocess.Popen(command, stdout=log, stderr=log))
            _wait(lambda: _is_serving(origin))

        def end() -> None:
            clouds[-1].send_signal(signal.SIGCONT)
            clouds[-1].terminate()
            clouds[-1].wait()

        try:
            start()
            session = requests.post(
                f"{origin}/sign-in",
                data={"person": "dawn.hartley"},
                headers={"Accept": "application/json"},
                timeout=5,
            ).json()["session"]
            transport = HttpTransport(f"{origin}/{PRACTICE}/fhir", token=session)
            with contextlib.closing(transport), _browser(origin, session, agent) as page:
                yield StoppablePage(
                    live=LivePage(fhir=FhirClient(transport), page=page, origin=origin),
                    stop=lambda: clouds[-1].send_signal(signal.SIGSTOP),
                    go_on=lambda: clouds[-1].send_signal(signal.SIGCONT),
                    end=end,
                    start=start,
                )
                assert page.complaints == []
        finally:
            end()


@contextlib.contextmanager
def _browser(origin: str, session: str, agent: str) -> Iterator[_Page]:
    profile = QWebEngineProfile()
    profile.setHttpUserAgent(f"{profile.httpUserAgent()} {agent}".strip())
    cookie = QNetworkCookie(QByteArray(COOKIE.encode()), QByteArray(session.encode()))
    profile.cookieStore().setCookie(cookie, QUrl(origin))
    page = _Page(profile)
    page.complaints = []
    try:
        yield page
    finally:
        page.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        profile.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _is_serving(origin: str) -> bool:
    try:
        return requests.get(f"{origin}/health", timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


def _wait(condition: Callable[[], bool]) -> None:
    began = time.perf_counter()
    while not condition():
        assert time.perf_counter() - began < _GIVE_UP_SECONDS
        _rest()


def _rest() -> None:
    loop = QEventLoop()
    QTimer.singleShot(_LOOK_MILLISECONDS, loop.quit)
    loop.exec()
