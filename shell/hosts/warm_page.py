"""One live page of one function, and what it says of itself."""

import json
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer, QUrl
from PySide6.QtGui import QColor
from PySide6.QtWebEngineCore import QWebEngineLoadingInfo, QWebEnginePage, QWebEngineScript
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QWidget

from shell.drafts.draft import Draft
from shell.hosts.interface import Shown, ShownState
from shell.hosts.page_drafts import READ_TYPED
from shell.hosts.web_profile import WebProfile

_READ_BACK: Final = """(() => {
  const said = document.documentElement.dataset;
  said.stopped = String(STOPPED.includes(said.function));
  return JSON.stringify({
    function: said.function ?? null, patient: said.patient ?? null, unsaved: said.unsaved === "true",
    environment: said.environment ?? null, token: new URLSearchParams(location.search).get("context"),
    at: location.href,
  });
})()"""
_WORK: Final = """(() => {
  const does = window.banyan && window.banyan.%s;
  if (!does) return false;
  does.call(window.banyan);
  return true;
})()"""
_PAINT: Final = """(() => {
  globalThis.paintedFor ??= 0;
  requestAnimationFrame(() => requestAnimationFrame(() => { globalThis.paintedFor = %d; }));
})()"""
_PAINTED: Final = "globalThis.paintedFor"
_PAINT_LOOK_MILLISECONDS: Final = 15
_PAINT_LOOKS: Final = 100
"""After so many the page is on no glass, and is looked at less often."""
_PAINT_SLOW_MILLISECONDS: Final = 250
_PAINT_ARRIVES_MILLISECONDS: Final = 60
"""From the page's own frame to the glass: the software renderer on a busy machine took up to 50."""
_AGAIN_MILLISECONDS: Final = 200
_ANSWER_MILLISECONDS: Final = 2000
"""A page that does not say whom it shows for so long is treated like one that shows somebody else."""


_LOADING_MILLISECONDS: Final = 15_000
"""A page that is not there by then is not waited for: a cloud that hangs, or sends a byte a second."""
_UNANSWERED: Final = 15
"""A page that leaves so many looks at what is typed unanswered (some ten seconds) hangs."""


class WarmPage(QObject):
    """A web view kept alive, with its last read-back.

    Args:
        profile: outlives the page.
        environment: what the page must say that it belongs to (hazard H21).
        changed: told after each read-back.
        parent: the widget that the view lies in.

    `bound_to`, `draft`, `taking_up`, `is_left` and `is_told` are as `shell.hosts.page_drafts.Owned` says;
    `parted` is told that a document with its draft is gone. `is_hung` is whether it was ended because it did
    not answer, `is_late` whether it did not come in time or came as an error, `deaths` are when its renderer
    ended (for the host to count).
    `may_show_past` is whether the view may still have the picture of what was loaded before (hazard H01).
    """

    def __init__(
        self, profile: WebProfile, environment: str, changed: Callable[["WarmPage"], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._profile = profile
        self._environment = environment
        self._changed = changed
        self._reads = 0
        self.view = QWebEngineView(parent)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.view.setAcceptDrops(False)
        self.page = profile.new_page(self)
        self.view.setPage(self.page)
        self.page.setBackgroundColor(QColor(profile.look.ground))
        self.view.setZoomFactor(profile.look.zoom)
        self.wanted: str | None = None
        self._has_arrived = False
        self._has_loaded = False
        self.failed: Callable[[WarmPage], None] = _nobody_hears
        self.died: Callable[[WarmPage], None] = _nobody_hears
        self.shown = Shown(state=ShownState.UNKNOWN, read_at=datetime.now(UTC))
        self.bound_to: tuple[str, str, str | None] | None = None
        self.draft: Draft | None = None
        self.taking_up: Draft | None = None
        self.is_left = False
        self.is_told = False
        self.is_hung = False
        self.is_late = False
        self.deaths: list[float] = []
        self.parted: Callable[[WarmPage], None] = _nobody_hears
        self._documents = 0
        self._unanswered = 0
        self._is_failing_late = False
        self._loading_timer = QTimer(self, singleShot=True, interval=_LOADING_MILLISECONDS)
        self._loading_timer.timeout.connect(self._did_not_come)
        self._answer_timer = QTimer(self, singleShot=True, interval=_ANSWER_MILLISECONDS)
        self._answer_timer.timeout.connect(self._did_not_answer)
        self._again_timer = QTimer(self, singleShot=True, interval=_AGAIN_MILLISECONDS)
        self._again_timer.timeout.connect(self.read_back)
        self._paints = 0
        self.is_painted = False
        self._has_begun = False
        self.may_show_past = False
        self._paint_looks = 0
        self.painted: Callable[[WarmPage], None] = _nobody_hears
        self._paint_timer = QTimer(self, interval=_PAINT_LOOK_MILLISECONDS)
        self._paint_timer.timeout.connect(self._look_at_paint)
        self.page.loadStarted.connect(self._load_started)
        self.page.loadingChanged.connect(self._loading_changed)
        self.page.urlChanged.connect(self.read_back)
        self.page.renderProcessTerminated.connect(self._renderer_ended)

    def load(self, address: str, bound_to: tuple[str, str, str | None] | None = None) -> None:
        """Go to an address for a function, patient and context; the read-back says whether it came to be."""
        self._part()
        self.bound_to = bound_to
        self.wanted = address
        self._loading_timer.start()
        self._has_arrived = self._has_loaded = False
        self._reads += 1  # what was asked of the page before is the past as well
        self._unpaint()
        self._forget()
        # what is on the glass from here on is the past: say so before anything is fetched (hazard H01)
        self._changed(self)
        self._profile.when_ready(self._load_wanted)

    def read_back(self) -> None:
        """Ask the page what it shows; `changed` is called with the answer, or with none."""
        self._reads += 1
        number = self._reads
        self._answer_timer.start()
        # a world of its own: what the page's scripts did to JSON or URLSearchParams is not seen
        self.page.runJavaScript(
            _READ_BACK.replace("STOPPED", json.dumps(sorted(self._profile.stopped))),
            QWebEngineScript.ScriptWorldId.ApplicationWorld.value,
            lambda answer: self._answered(number, answer),
        )

    def look(self, take: Callable[["WarmPage", dict[str, object]], None]) -> None:
        """Ask what is typed; `take` gets the answer, if one comes. A page that never answers is ended."""
        number = self._documents

        def answered(answer: object) -> None:
            self._unanswered = 0
            if number == self._documents:
                take(self, _said(answer))

        self._unanswered += 1
        if self._unanswered > _UNANSWERED:
            self._end_renderer()
            return
        self.page.runJavaScript(READ_TYPED, QWebEngineScript.ScriptWorldId.ApplicationWorld.value, answered)

    def take_up(self, draft: Draft) -> None:
        """Have the page put a draft back into its form; it says for itself where it cannot."""
        self.taking_up = draft
        content = json.loads(draft.content) | {"patient": draft.patient}
        self.page.runJavaScript(
            f"void (window.banyan && window.banyan.resume && window.banyan.resume({json.dumps(content)}))",
            QWebEngineScript.ScriptWorldId.MainWorld.value,
        )

    def do_work(self, verb: str, done: Callable[[bool], None]) -> None:
        """Have the page `save` or `discard`; `done(False)` when it cannot."""
        self.page.runJavaScript(
            _WORK % verb,
            QWebEngineScript.ScriptWorldId.MainWorld.value,
            lambda answer: done(answer is True),
        )

    def close(self) -> None:
        """End view and page, in the order that Chromium needs; the profile goes after them."""
        self._loading_timer.stop()
        self._answer_timer.stop()
        self._again_timer.stop()
        self._paint_timer.stop()
        self.page.loadingChanged.disconnect(self._loading_changed)
        self.page.renderProcessTerminated.disconnect(self._renderer_ended)
        self.view.close()
        self.page.deleteLater()
        self.view.deleteLater()

    def _unpaint(self) -> None:
        self.is_painted = False
        self.may_show_past = self._has_begun
        self._paints += 1
        self._paint_timer.stop()

    def _watch_paint(self) -> None:
        """Find out when the page has painted itself; one that nobody sees does not paint."""
        self._paints += 1
        self._paint_looks = 0
        self.page.runJavaScript(_PAINT % self._paints, QWebEngineScript.ScriptWorldId.ApplicationWorld.value)
        self._paint_timer.start(_PAINT_LOOK_MILLISECONDS)

    def _look_at_paint(self) -> None:
        number = self._paints
        self._paint_looks += 1
        if self._paint_looks == _PAINT_LOOKS:
            self._paint_timer.start(_PAINT_SLOW_MILLISECONDS)
        self.page.runJavaScript(
            _PAINTED,
            QWebEngineScript.ScriptWorldId.ApplicationWorld.value,
            lambda painted: self._paint_answered(number, painted),
        )

    def _paint_answered(self, number: int, painted: object) -> None:
        if number == self._paints and painted == number and self._paint_timer.isActive():
            self._paint_timer.stop()
            QTimer.singleShot(_PAINT_ARRIVES_MILLISECONDS, self, lambda: self._paint_arrived(number))

    def _paint_arrived(self, number: int) -> None:
        if number == self._paints:
            self.is_painted = True
            self.may_show_past = False
            self.painted(self)

    def _load_wanted(self) -> None:
        if self.wanted is None:
            return
        url = QUrl(self.wanted)
        if not self._has_begun and self.page.is_bringing(url):
            self._has_begun = True
            self._has_loaded = not self.page.isLoading()
            self.read_back()
        else:
            self.page.load(url)

    def _forget(self) -> None:
        self.shown = Shown(state=ShownState.UNKNOWN, read_at=datetime.now(UTC))

    def _part(self) -> None:
        """From here on another document is looked at."""
        self._documents += 1
        self.is_late = False
        self._unanswered = 0
        self.parted(self)

    def _end_renderer(self) -> None:
        """Chromium has no end for a page that hangs but that of its process."""
        self._unanswered = 0
        process = self.page.renderProcessPid()
        self.is_hung = True
        try:
            if process > 0:
                os.kill(process, getattr(signal, "SIGKILL", signal.SIGTERM))
        except ProcessLookupError:
            self._has_ended()  # before, and nobody said so

    @property
    def _has_come(self) -> bool:
        """Whether it shows what was wanted last: until then the page before may still answer."""
        return (self._has_arrived or self._has_loaded) and self.shown.state is not ShownState.UNKNOWN

    def _did_not_come(self) -> None:
        if not self._has_come:
            self.wanted = None
            self.is_late = True
            self.failed(self)
            self.page.triggerAction(QWebEnginePage.WebAction.Stop)

    def _load_started(self) -> None:
        self._is_failing_late = False
        self._has_loaded = False
        self._part()
        self._unpaint()
        self._has_begun = True
        self._forget()

    def _loading_changed(self, loading: QWebEngineLoadingInfo) -> None:
        if loading.status() is QWebEngineLoadingInfo.LoadStatus.LoadFailedStatus:
            if self._is_failing_late:
                return  # of the load that ended with its renderer: another one is on its way
            self.wanted = None
            domain = loading.errorDomain()
            self.is_late = domain is QWebEngineLoadingInfo.ErrorDomain.HttpStatusCodeDomain
            self._loading_timer.stop()
            self._forget()
            self.failed(self)
        elif loading.status() is not QWebEngineLoadingInfo.LoadStatus.LoadStartedStatus:
            if loading.status() is QWebEngineLoadingInfo.LoadStatus.LoadSucceededStatus:
                self._has_loaded = True
            self.read_back()

    def _renderer_ended(self, _status: QWebEnginePage.RenderProcessTerminationStatus, _code: int) -> None:
        self._has_ended()

    def _has_ended(self) -> None:
        self._is_failing_late = True
        self._part()
        self._loading_timer.stop()
        self._forget()
        self.died(self)
        self.is_hung = False

    def _answered(self, number: int, answer: object) -> None:
        if number != self._reads:
            return
        self._answer_timer.stop()
        said = _said(answer)
        self._has_arrived = self._has_arrived or QUrl(str(said.get("at"))) == QUrl(self.wanted or "")
        self.shown = self._reading(said)
        if self._has_come:
            self._loading_timer.stop()
        self._ask_again()
        if not self.is_painted and not self._paint_timer.isActive():
            self._watch_paint()
        self._changed(self)

    def _did_not_answer(self) -> None:
        self._reads += 1
        self._forget()
        self._ask_again()
        self._changed(self)

    def _ask_again(self) -> None:
        """A question in the moment of a page's change has no answer, or the old page's, and no signal."""
        if self.wanted is not None and not (self._has_arrived and self.shown.state is not ShownState.UNKNOWN):
            self._again_timer.start()

    def _reading(self, said: dict[str, object]) -> Shown:
        """What the page said, trusted with nothing but being text."""
        unknown = Shown(state=ShownState.UNKNOWN, read_at=datetime.now(UTC))
        if said.get("environment") not in (None, self._environment):
            return unknown
        patient, function, token = said.get("patient"), said.get("function"), said.get("token")
        if not isinstance(patient, str) or not isinstance(function, str):
            return unknown
        return Shown(
            state=ShownState.SOMEBODY if patient else ShownState.NOBODY,
            read_at=datetime.now(UTC),
            identifier=patient or None,
            function=function,
            unsaved=said.get("unsaved") is True,
            context_token=token if isinstance(token, str) else None,
        )


def _said(answer: object) -> dict[str, object]:
    """The answer of `_READ_BACK`; empty when a page did not give one."""
    try:
        said = json.loads(answer) if isinstance(answer, str) else None
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _nobody_hears(_page: WarmPage) -> None:
    """Before a host listens."""
