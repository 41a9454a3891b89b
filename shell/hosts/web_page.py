"""The cloud's pages in a pane: one live page a function, all behind the same walls."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QSizePolicy, QStackedLayout, QWidget

from shell.drafts.draft import Draft
from shell.drafts.shelf import Shelf
from shell.drafts.wording import clock_words
from shell.hosts.interface import HostListener, HostPatient, Shown, ShownState, Side
from shell.hosts.key_frame import KeyFrame
from shell.hosts.page_address import PageAddress
from shell.hosts.page_drafts import LOOK_MILLISECONDS, PageDrafts
from shell.hosts.page_messages import PageMessage, PatientOpenMessage
from shell.hosts.smart.app_page import AppListener, AppPage
from shell.hosts.smart.launching import AppLaunch
from shell.hosts.warm_page import WarmPage
from shell.hosts.web_profile import WebProfile

_WORK_TIMEOUT_SECONDS: Final = 10
_WORK_LOOK_MILLISECONDS: Final = 150
_MOST_DEATHS: Final = 3
_DEATHS_SECONDS: Final = 300
"""A page whose renderer ends so often in so long is switched off until the person wants it tried again."""
_LAST_LOOK_MILLISECONDS: Final = 1500
"""A page that does not say in time what is typed is left with what it said before."""
_OFF: Final = (
    "This page stopped three times in five minutes and is switched off in this window. "
    "The other pages and the legacy screen work as usual."
)
_UNREACHED: Final = (
    "The page could not be opened: the cloud cannot be reached. The legacy screen works as usual."
)
_LATE: Final = (
    "The page could not be opened: the cloud does not answer as it should. The legacy screen works as usual."
)


class WebPageHost(QObject):
    """See `shell.hosts.interface.Host`. `widget` goes into the window's layout.

    Signals:
        painted: a page that the person asked for is on the glass.

    Args:
        profile: outlives this host.
        pages: function id → addresses.
        frame: who has the keys.
        listener: told what happens.
        shelf: where what is typed is kept.
    """

    painted = Signal()

    def __init__(
        self,
        profile: WebProfile,
        pages: Mapping[str, PageAddress],
        frame: KeyFrame,
        listener: HostListener,
        shelf: Shelf,
    ) -> None:
        super().__init__(frame)
        self._profile = profile
        self._pages = pages
        self._frame = frame
        self._listener = listener
        self._warm: dict[str, WarmPage] = {}
        self._current: WarmPage | None = None
        self._app: AppPage | None = None
        self._is_app_in_front = False
        self._is_covered = False
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
        self._drafts = PageDrafts(shelf, self._warm.values, lambda: datetime.now(UTC), self._refused)
        self._draft_timer = QTimer(self, interval=LOOK_MILLISECONDS)
        self._draft_timer.timeout.connect(self._look_at_drafts)
        self._draft_timer.start()
        profile.listen(self._heard, self._refused)
        frame.register_page(self._is_page)

    # -- Host -------------------------------------------------------------------------------------

    @property
    def side(self) -> Side:
        """The cloud side."""
        return Side.CLOUD

    @property
    def shown(self) -> Shown:
        """The last read-back of the page on the glass; unsaved when any page kept alive is, or an app."""
        current = self._current
        shown = current.shown if current else Shown(state=ShownState.UNKNOWN, read_at=datetime.now(UTC))
        return replace(
            shown, unsaved=self.app_drafts > 0 or any(page.shown.unsaved for page in self._warm.values())
        )

    @property
    def on_glass(self) -> WarmPage | None:
        """The page that is seen; None: something lies over it, or its picture may still be of the past."""
        page = None if self._is_app_in_front or self._is_covered else self._current
        return None if page is None or page.may_show_past else page

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
            self._front().setFocus(Qt.FocusReason.OtherFocusReason)
        self._answer_always = True
        if len(page.deaths) >= _MOST_DEATHS:
            QTimer.singleShot(0, self, lambda: self._say_off(page))
            return
        self._bring(
            page, self._pages[function].of(patient, context_token), _bond(function, patient, context_token)
        )

    def prepare(self, function: str, patient: HostPatient | None, context_token: str) -> None:
        """Load a function's page behind the one that is shown, so that switching to it is quick."""
        page = self._page_of(function)
        if page is not None and page is not self._current:
            address = self._pages[function].of(patient, context_token)
            if page.wanted != address:
                page.load(address, _bond(function, patient, context_token))

    def refresh_read_back(self) -> None:
        """Ask every page that is alive what it shows."""
        self._answer_always = True
        for page in self._warm.values():
            page.read_back()

    def take_keys(self) -> None:
        """Give the page the keys."""
        if self._front() is not self._blank and not self._is_covered:
            self._frame.give_to_shell(self._front())

    def save_work(self, done: Callable[[bool], None]) -> None:
        """Have every page with unsaved work save it."""
        self._settle_work("save", done)

    def leave_work(self, done: Callable[[bool], None]) -> None:
        """Have what every page holds kept as drafts, as it is now, and then taken off the pages.

        What an application keeps cannot be kept: it is thrown away, as the person was told.
        """
        pages = [page for page in self._warm.values() if page.shown.unsaved]
        waiting = set(pages)
        is_over = False

        def go_on() -> None:
            nonlocal is_over
            if not is_over:
                is_over = True
                for page in pages:
                    self._drafts.leave(page)
                self._settle_work("discard", done)

        def looked(page: WarmPage, said: dict[str, object]) -> None:
            self._drafts.take(page, said)
            waiting.discard(page)
            if not waiting:
                go_on()

        QTimer.singleShot(_LAST_LOOK_MILLISECONDS if pages else 0, self, go_on)
        for page in pages:
            page.look(looked)

    def discard_work(self, done: Callable[[bool], None]) -> None:
        """Have every page with unsaved work throw it away."""
        self._settle_work("discard", done)

    def forgive(self) -> None:
        """Forget how often pages ended."""
        for page in self._warm.values():
            page.deaths = []

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

    def conceal(self, *, is_concealed: bool) -> None:
        """Nothing: a page shows nothing outside of its pane."""

    def release(self) -> None:
        """Nothing of a page is borrowed: it stays as it is."""

    def close(self) -> None:
        """End all pages. The profile may be closed after this, not before."""
        self._draft_timer.stop()
        self._finish_work(done=False)
        self.close_app()
        self._frame.register_page(_is_none)
        for page in self._warm.values():
            self._stack.removeWidget(page.view)
            page.close()
        self._warm.clear()
        self._current = None
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    # -- drafts -----------------------------------------------------------------------------------

    def live_drafts(self) -> set[str]:
        """The ids of the drafts that stand on pages as they are typed."""
        return self._drafts.live()

    def typed_now(self) -> Draft | None:
        """The draft on the page on the glass; None: nothing is typed there."""
        return self._current.draft if self._current is not None else None

    def take_up(self, draft: Draft) -> None:
        """Have the page on the glass take up a draft, if it is of the function and patient of the draft."""
        page = self._current
        if page is not None and page.bound_to is not None:
            function, patient, _ = page.bound_to
            if (function, patient) == (draft.function, draft.patient) and not self._is_covered:
                page.take_up(draft)

    def _look_at_drafts(self) -> None:
        for page in self._warm.values():
            if page.wanted is not None and (
                page is self._current or page.draft is not None or page.shown.unsaved
            ):
                page.look(self._drafts.take)

    # -- an application over the pages ----------------------------------------------------------------

    def open_app(self, launch: AppLaunch, fhir: str, listener: AppListener) -> None:
        """Show an application, in the place of one that was here; its drafts count as unsaved work."""
        self.close_app()
        self._app = AppPage(launch, fhir, self._profile.look, listener, self.widget)
        self._stack.addWidget(self._app.view)
        self.bring_app(is_in_front=True)

    def close_app(self) -> None:
        """End the application."""
        app = self._app
        if app is not None:
            self.bring_app(is_in_front=False)
            self._app = None
            self._stack.removeWidget(app.view)
            app.close()
            self.app_changed()

    @property
    def app_drafts(self) -> int:
        """How many drafts the application keeps, none of them on the record."""
        return 0 if self._app is None else self._app.drafts

    def bring_app(self, *, is_in_front: bool) -> None:
        """Show the application, or the page behind it; both stay as they are, and the keys stay here."""
        had_keys = self._frame.active is Side.CLOUD
        self._is_app_in_front = is_in_front and self._app is not None
        self._show()
        if had_keys:
            front = self._lid if self._is_covered else self._front()
            front.setFocus(Qt.FocusReason.OtherFocusReason)

    def app_changed(self) -> None:
        """The application holds more or fewer drafts than before."""
        self._page_changed(None)

    # -- pages ------------------------------------------------------------------------------------

    def _page_of(self, function: str) -> WarmPage | None:
        if function not in self._pages:
            return None
        if function not in self._warm:
            page = WarmPage(
                self._profile, self._profile.identity.environment, self._page_changed, self.widget
            )
            page.failed, page.died, page.painted = self._page_failed, self._page_died, self._page_painted
            page.parted = self._drafts.part
            self._stack.addWidget(page.view)
            self._warm[function] = page
        return self._warm[function]

    def _bring(self, page: WarmPage, address: str, bond: tuple[str, str, str]) -> None:
        if page.wanted == address:
            page.read_back()
        else:
            page.load(address, bond)

    def _show(self) -> None:
        page = None if self._is_app_in_front else self._current
        self._stack.setCurrentWidget(self._front())
        # a page that is covered goes on painting: else its view would show its last picture when uncovered,
        # which may be another patient's (hazard H01)
        self._lid.setGeometry(self.widget.rect())
        self._lid.setVisible(self._is_covered or (page is not None and page.may_show_past))
        self._lid.raise_()

    def _front(self) -> QWidget:
        if self._app is not None and self._is_app_in_front:
            return self._app.view
        return self._blank if self._current is None else self._current.view

    def _page_painted(self, page: WarmPage) -> None:
        if page is self._current:
            self._show()
            self.painted.emit()

    def _is_page(self, widget: QWidget) -> bool:
        return widget not in (self._blank, self._lid) and self.widget.isAncestorOf(widget)

    def _page_changed(self, page: WarmPage | None) -> None:
        shown = self.shown
        is_news = self._said is None or replace(self._said, read_at=shown.read_at) != shown
        if is_news or (self._answer_always and page is not None and page is self._current):
            self._answer_always = False
            self._said = shown
            self._listener.on_shown(Side.CLOUD, shown)

    def _page_failed(self, page: WarmPage) -> None:
        self._page_changed(page)
        if page is self._current:
            self._listener.on_gone(Side.CLOUD, _LATE if page.is_late else _UNREACHED)

    def _page_died(self, page: WarmPage) -> None:
        now = time.monotonic()
        page.deaths = [then for then in page.deaths if now - then < _DEATHS_SECONDS] + [now]
        self._page_changed(page)
        address = page.wanted
        if len(page.deaths) >= _MOST_DEATHS or address is None:
            page.wanted = None
            self._say_off(page)
            return
        what = "The page did not answer" if page.is_hung else "The page stopped"
        self._listener.on_notice(Side.CLOUD, f"{what} and was opened again. {self._kept_of(page)}")
        page.load(address, page.bound_to)

    def _kept_of(self, page: WarmPage) -> str:
        """What is kept of what was typed on a page that ended."""
        shelf = self._drafts.shelf
        function, patient, _ = page.bound_to or ("", "", None)
        drafts = shelf.offered(patient, function, self._drafts.live())
        if not drafts:
            return "Look at what you typed last."
        return f"What you typed until {clock_words(drafts[0].typed_at)} is kept."

    def _say_off(self, page: WarmPage) -> None:
        if page is self._current:
            self._listener.on_gone(Side.CLOUD, _OFF)

    # -- what pages say ---------------------------------------------------------------------------

    def _heard(self, message: PageMessage) -> None:
        if isinstance(message, PatientOpenMessage):
            self._listener.on_patient_wanted(Side.CLOUD, message.payload.patient)
            return
        # the door does not tell pages of one origin apart: each is asked
        for page in self._warm.values():
            page.read_back()
            page.look(self._drafts.take)

    def _refused(self, words: str) -> None:
        self._listener.on_notice(Side.CLOUD, words)

    # -- work -------------------------------------------------------------------------------------

    def _settle_work(self, verb: str, done: Callable[[bool], None]) -> None:
        self._finish_work(done=False)
        if self._app is not None and self._app.drafts:
            if verb == "save":
                done(False)  # what becomes of an application's drafts is its own affair
                return
            self._app.discard()
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


def _bond(function: str, patient: HostPatient | None, token: str) -> tuple[str, str, str]:
    """What a page is opened for."""
    return function, patient.fhir_id if patient is not None else "", token


def _is_none(_widget: QWidget) -> bool:
    """After the pages have gone."""
    return False
