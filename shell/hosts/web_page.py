"""The cloud's pages in a pane: one live page a function, all behind the same walls."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QSizePolicy, QStackedLayout, QWidget

from shell.hosts.interface import HostListener, HostPatient, Shown, ShownState, Side
from shell.hosts.key_frame import KeyFrame
from shell.hosts.page_address import PageAddress
from shell.hosts.page_messages import PageMessage, PatientOpenMessage
from shell.hosts.warm_page import WarmPage
from shell.hosts.web_profile import WebProfile

_WORK_TIMEOUT_SECONDS: Final = 10
_WORK_LOOK_MILLISECONDS: Final = 150
_DEATHS_FORGIVEN: Final = 3
"""In a minute. A page whose renderer ends more often is not opened again by itself."""


class WebPageHost(QObject):
    """See `shell.hosts.interface.Host`. `widget` goes into the window's layout.

    Signals:
        painted: a page that the person asked for is on the glass.

    Args:
        profile: outlives this host.
        pages: function id → addresses.
        frame: who has the keys.
        listener: told what happens.
    """

    painted = Signal()

    def __init__(
        self,
        profile: WebProfile,
        pages: Mapping[str, PageAddress],
        frame: KeyFrame,
        listener: HostListener,
    ) -> None:
        super().__init__(frame)
        self._profile = profile
        self._pages = pages
        self._frame = frame
        self._listener = listener
        self._warm: dict[str, WarmPage] = {}
        self._current: WarmPage | None = None
        self._is_covered = False
        self._deaths: list[float] = []
        self._work_done: Callable[[bool], None] | None = None
        self._work_until = 0.0
        self._said: Shown | None = None
        self._answer_always = False
        self.widget = QWidget()
        self.widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._stack = QStackedLayout(self.widget)
        self._blank = QWidget()
        self._blank.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._stack.addWidget(self._blank)
        self._lid = _Lid(self.widget)
        self._work_timer = QTimer(self, interval=_WORK_LOOK_MILLISECONDS)
        self._work_timer.timeout.connect(self._look_at_work)
        profile.listen(self._heard, self._refused)
        frame.register_page(self._is_page)

    # -- Host -------------------------------------------------------------------------------------

    @property
    def side(self) -> Side:
        """The cloud side."""
        return Side.CLOUD

    @property
    def shown(self) -> Shown:
        """The last read-back of the page on the glass; unsaved when any page kept alive is."""
        current = self._current
        shown = current.shown if current else Shown(state=ShownState.UNKNOWN, read_at=datetime.now(UTC))
        return replace(shown, unsaved=any(page.shown.unsaved for page in self._warm.values()))

    def open(self, function: str, patient: HostPatient | None, context_token: str) -> None:
        """Show a function's page; one that is alive in this context is only put in front."""
        page = self._page_of(function)
        if page is None:
            self._listener.on_notice(Side.CLOUD, "This function has no page in the cloud yet.")
            return
        had_keys = self._frame.active is Side.CLOUD
        self._current = page
        self._show()
        if had_keys and not self._is_covered:
            page.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self._answer_always = True
        self._bring(page, self._pages[function].of(patient, context_token))

    def prepare(self, function: str, patient: HostPatient | None, context_token: str) -> None:
        """Load a function's page behind the one that is shown, so that switching to it is quick."""
        page = self._page_of(function)
        if page is not None and page is not self._current:
            address = self._pages[function].of(patient, context_token)
            if page.wanted != address:
                page.load(address)

    def refresh_read_back(self) -> None:
        """Ask every page that is alive what it shows."""
        self._answer_always = True
        for page in self._warm.values():
            page.read_back()

    def take_keys(self) -> None:
        """Give the page the keys."""
        if self._current is not None and not self._is_covered:
            self._frame.give_to_shell(self._current.view)

    def save_work(self, done: Callable[[bool], None]) -> None:
        """Have every page with unsaved work save it."""
        self._settle_work("save", done)

    def discard_work(self, done: Callable[[bool], None]) -> None:
        """Have every page with unsaved work throw it away."""
        self._settle_work("discard", done)

    def stop_writing(self, functions: frozenset[str]) -> None:
        """Send nothing more that these functions' pages would write, and have them say so."""
        addresses = [self._pages[function] for function in functions if function in self._pages]
        self._profile.stop_writing(functions, tuple(addresses))
        for page in self._warm.values():
            page.read_back()

    def cover(self) -> None:
        """Lay a lid over the page; it swallows what is typed and clicked."""
        self._is_covered = True
        self._show()
        if self._frame.active is Side.CLOUD:
            self._lid.setFocus(Qt.FocusReason.OtherFocusReason)

    def uncover(self) -> None:
        """Show the page again."""
        self._is_covered = False
        self._show()

    def release(self) -> None:
        """Nothing of a page is borrowed: it stays as it is."""

    def close(self) -> None:
        """End all pages. The profile may be closed after this, not before."""
        self._finish_work(done=False)
        self._frame.register_page(_is_none)
        for page in self._warm.values():
            self._stack.removeWidget(page.view)
            page.close()
        self._warm.clear()
        self._current = None
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    # -- pages ------------------------------------------------------------------------------------

    def _page_of(self, function: str) -> WarmPage | None:
        if function not in self._pages:
            return None
        if function not in self._warm:
            page = WarmPage(
                self._profile, self._profile.identity.environment, self._page_changed, self.widget
            )
            page.failed, page.died, page.painted = self._page_failed, self._page_died, self._page_painted
            self._stack.addWidget(page.view)
            self._warm[function] = page
        return self._warm[function]

    def _bring(self, page: WarmPage, address: str) -> None:
        if page.wanted == address:
            page.read_back()
        else:
            page.load(address)

    def _show(self) -> None:
        page = self._current
        self._stack.setCurrentWidget(self._blank if page is None else page.view)
        # a page that is covered goes on painting: else its view would show its last picture when uncovered,
        # which may be another patient's (hazard H01)
        self._lid.setGeometry(self.widget.rect())
        self._lid.setVisible(self._is_covered or (page is not None and page.may_show_past))
        self._lid.raise_()

    def _page_painted(self, page: WarmPage) -> None:
        if page is self._current:
            self._show()
            self.painted.emit()

    def _is_page(self, widget: QWidget) -> bool:
        return widget not in (self._blank, self._lid) and self.widget.isAncestorOf(widget)

    def _page_changed(self, page: WarmPage) -> None:
        shown = self.shown
        is_news = self._said is None or replace(self._said, read_at=shown.read_at) != shown
        if is_news or (self._answer_always and page is self._current):
            self._answer_always = False
            self._said = shown
            self._listener.on_shown(Side.CLOUD, shown)

    def _page_failed(self, page: WarmPage) -> None:
        self._page_changed(page)
        if page is self._current:
            self._listener.on_gone(
                Side.CLOUD,
                "The page could not be opened: the cloud cannot be reached. "
                "The legacy screen works as usual.",
            )

    def _page_died(self, page: WarmPage) -> None:
        now = time.monotonic()
        self._deaths = [then for then in self._deaths if now - then < 60] + [now]
        self._page_changed(page)
        address = page.wanted
        if len(self._deaths) > _DEATHS_FORGIVEN or address is None:
            page.wanted = None
            self._listener.on_gone(Side.CLOUD, "The page stopped several times and was not opened again.")
            return
        self._listener.on_notice(
            Side.CLOUD, "The page stopped and was opened again. Look at what you typed last."
        )
        page.load(address)

    # -- what pages say ---------------------------------------------------------------------------

    def _heard(self, message: PageMessage) -> None:
        if isinstance(message, PatientOpenMessage):
            self._listener.on_patient_wanted(Side.CLOUD, message.payload.patient)
            return
        # the door does not tell pages of one origin apart: each is asked
        for page in self._warm.values():
            page.read_back()

    def _refused(self, words: str) -> None:
        self._listener.on_notice(Side.CLOUD, words)

    # -- work -------------------------------------------------------------------------------------

    def _settle_work(self, verb: str, done: Callable[[bool], None]) -> None:
        self._finish_work(done=False)
        unsaved = [page for page in self._warm.values() if page.shown.unsaved]
        if not unsaved or (
            verb == "save" and any(page.shown.function in self._profile.stopped for page in unsaved)
        ):
            done(not unsaved)
            return
        self._work_done = done
        self._work_until = time.monotonic() + _WORK_TIMEOUT_SECONDS
        for page in unsaved:
            page.do_work(verb, self._work_begun)
        self._work_timer.start()

    def _work_begun(self, can: bool) -> None:
        if not can:
            self._finish_work(done=False)

    def _look_at_work(self) -> None:
        pages = self._warm.values()
        if all(page.shown.state is not ShownState.UNKNOWN and not page.shown.unsaved for page in pages):
            self._finish_work(done=True)
        elif time.monotonic() > self._work_until:
            self._finish_work(done=False)
        else:
            for page in pages:
                page.read_back()

    def _finish_work(self, *, done: bool) -> None:
        self._work_timer.stop()
        answer, self._work_done = self._work_done, None
        if answer is not None:
            answer(done)


class _Lid(QWidget):
    """Lies over the whole pane, opaque."""

    def __init__(self, pane: QWidget) -> None:
        super().__init__(pane)
        self.setAutoFillBackground(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        pane.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Stay as large as the pane."""
        if event.type() is QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return super().eventFilter(watched, event)


def _is_none(_widget: QWidget) -> bool:
    """After the pages have gone."""
    return False
