"""An open window: its parts put together, and taken apart in the order that Qt needs."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from shell.context.shown import Side
from shell.drafts.shelf import Shelf
from shell.errors import NativeNotBuiltError, SettingsError
from shell.hosts.desk_page import DeskPage
from shell.hosts.interface import Host
from shell.hosts.key_frame import KeyFrame
from shell.hosts.legacy.description_file import read_description
from shell.hosts.legacy.program import LegacyPlace, LegacyProgram
from shell.hosts.legacy.window import LegacyWindowHost
from shell.hosts.web_page import WebPageHost
from shell.hosts.web_profile import WebProfile
from shell.main_window.beginning import FIRST, Beginning
from shell.main_window.choices import Choices
from shell.main_window.draft_line import DraftLine
from shell.main_window.idle import idle_source
from shell.main_window.lock import Lock, LockScreen, Why
from shell.main_window.network import Cloud, SessionBearer
from shell.main_window.printing import Printing
from shell.main_window.theme import load_fonts
from shell.main_window.window import MainWindow
from shell.main_window.wording import window_notes
from shell.meeting import Person
from shell.native.desktop import native_windows
from shell.native.interface import NativeWindows
from shell.native.process import read_process
from shell.rollout import Rollout, Unmoved
from shell.switchboard import Switchboard
from web_modules.decision.errors import DecisionError
from web_modules.decision.flags import FlagFile
from web_modules.fhir.client import FhirClient
from web_modules.fhir.transport import HttpTransport

if TYPE_CHECKING:
    from shell.drafts.store import StorePlace

_REST_MILLISECONDS = 2000
"""From then on the kill switch is heard and the mirror asked, whatever becomes of the first page."""


class _Edits(QObject):
    """Brings the flag file's edits from their thread to the window's."""

    came = Signal()


class _Answers(QObject):
    """Brings what the shelf of drafts says from its thread to the window's."""

    came = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.came.connect(self._do)

    def _do(self, answer: Callable[[], None]) -> None:
        answer()


class Opened:
    """One window with all that stands behind it; leaving the `with` block ends it.

    Args:
        application: made already, so that fonts and screens are known.
        profile: the person's browser, up before anything else; whoever made it ends it, after this.
        beginning: the first decisions, and the first page on its way.
        person: who is signed in.
        has_sandbox: whether Chromium's own sandbox is on; the window says so when it is not.
        provider: where the person signs in with their browser; empty where no password is asked.
    """

    def __init__(
        self,
        application: QApplication,
        profile: WebProfile,
        beginning: Beginning,
        person: Person,
        *,
        has_sandbox: bool,
        provider: str,
    ) -> None:
        offer = beginning.offer
        self._settings = beginning.settings
        self._offer = offer
        self._edits = _Edits()
        self._flags = self._flag_file()
        choices = Choices(self._settings.state_folder / "choices.json")
        rollout = Rollout(
            self._flags or Unmoved(), offer.environment, offer.modules, choices.views, choices.keep
        )
        load_fonts()
        self._person, self._provider, self._profile = person, provider, profile
        self._theme = beginning.theme
        self._session = SessionBearer(person.session)
        self._transport = HttpTransport(offer.fhir, credentials=self._session, timeout_seconds=5)
        notes = window_notes(has_sandbox=has_sandbox, ends_all=self._settings.ends_all)
        self.window = MainWindow(beginning.theme, offer, person, notes)
        self.window.gone.connect(application.quit)  # Qt waits for windows of others, such as a hosted one
        self._cloud = Cloud(FhirClient(self._transport), offer, self.window)
        self.board = Switchboard(
            offer, rollout, self._cloud.identify, lambda: datetime.now(UTC), beginning.token
        )
        self._edits.came.connect(self.board.flags_changed)
        self._native = native = self._native_windows(application)
        self._frame = KeyFrame(self.window, self.window.content, native, self.board.on_active)
        self._answers = _Answers()
        self._shelf = self._drafts(person)
        self._pages = WebPageHost(profile, beginning.addresses, self._frame, self.board, self._shelf)
        self._legacy = None if native is None else self._legacy_host(native)
        hosts: dict[Side, tuple[Host, QWidget]] = {}
        if self._legacy is not None:
            hosts[Side.LEGACY] = (self._legacy, self._legacy.widget)
        hosts[Side.CLOUD] = (self._pages, self._pages.widget)
        self.window.connect_to(self.board, self._cloud, rollout, choices, self._frame, hosts)
        window = self.window
        window.take_drafts(DraftLine(self._shelf, self._pages, window.draft, window.status_bar))
        self._shelf.on_change, self._shelf.on_notice = window.show_drafts, window.show_notice
        self._desk = None
        if offer.desk is not None:
            self._desk = DeskPage(profile, offer.desk, window.show_notice, self._shelf)
        if self._desk is not None:
            self.window.cards.take_desk(self._desk)
        self.window.apps.take_house(self._pages)
        printing = Printing(window, window, self._pages, offer, person)
        window.cards.printing = printing
        window.cards.locked.connect(printing.stop)
        if self._legacy is not None:
            self.window.panes[Side.LEGACY].can_restart = self._legacy.can_start
        self.window.open_on(application.primaryScreen())
        self._lock: Lock | None = None
        self._watching: Thread | None = None
        self.board.on_rest = self._begin_to_listen
        self._pages.painted.connect(self.board.begin_rest)
        QTimer.singleShot(_REST_MILLISECONDS, self.window, self.board.begin_rest)
        self.board.start({side: host for side, (host, _) in hosts.items()}, self.window, FIRST)

    def __enter__(self) -> "Opened":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._pages.painted.disconnect(self.board.begin_rest)
        self._cloud.stop()
        if self._lock is not None:
            self._lock.stop()
        if self._legacy is not None:
            self._legacy.release()
        if self._desk is not None:
            self._desk.close_page()
        self._pages.close()
        self._shelf.on_change = lambda: None
        self._shelf.close()
        self._frame.stop()
        if self._watching is not None:
            self._watching.join()
        if self._flags is not None:
            self._flags.close()
        self._transport.close()

    def _begin_to_listen(self) -> None:
        """Ask how the mirror is and watch the flags: both load much that the first page need not await."""
        self._lock = self._locking()
        self._cloud.start()
        self._shelf.start()
        watch = self._flags.watch if self._flags is not None else lambda: None
        self._watching = Thread(target=watch, name="flags")
        self._watching.start()

    def _drafts(self, person: Person) -> Shelf:
        settings, offer = self._settings, self._offer
        owner = f"{offer.environment.value}/{offer.ods}/{person.id}"

        def place() -> "StorePlace":
            from shell.drafts.store import (
                StorePlace,
            )  # its driver takes long to load, and nobody waits for it

            return StorePlace(settings.state_folder / "drafts", owner)

        return Shelf(
            place,
            self._answers.came.emit,
            lambda: datetime.now(UTC),
            window=_window_name(os.getpid()),
            is_open=lambda name: name == _window_name(int(name.partition("-")[0])),
            days=settings.draft_days,
        )

    def _locking(self) -> Lock:
        """The lock: after a while, when it is asked for, and when the session ended."""
        window = self.window
        screen = LockScreen(
            window.content, window.stripes, self._theme, self._offer, self._person, self._provider
        )
        cloud = self._settings.cloud.rstrip("/")
        lock = Lock(screen, self._person, cloud, self.window.cards, self._frame)
        lock.signed_in.connect(self._signed_in_again)
        self._cloud.pulse.connect(lambda pulse: lock.lock(Why.ENDED) if pulse.is_signed_out else None)
        self.window.resized.connect(screen.cover)
        if self._settings.lock_minutes:
            lock.watch(idle_source(self._native), self._settings.lock_minutes * 60)
        return lock

    def _signed_in_again(self, person: Person) -> None:
        self._session.session = self.window.apps.session = person.session
        self._profile.set_session(person.session)
        self._cloud.sign_in_again()

    def _flag_file(self) -> FlagFile | None:
        if self._settings.flags is None:
            return None
        try:
            return FlagFile(
                self._settings.flags,
                practice=self._offer.ods,
                environment=self._offer.environment.value,
                on_change=self._edits.came.emit,
                is_watched=False,
            )
        except DecisionError as error:
            raise SettingsError(str(error)) from error

    def _native_windows(self, application: QApplication) -> NativeWindows | None:
        try:
            return native_windows(application)
        except NativeNotBuiltError as error:
            words = str(error)
            QTimer.singleShot(0, self.window, lambda: self.window.show_notice(words))
            return None

    def _legacy_host(self, native: NativeWindows) -> LegacyWindowHost:
        self._settings.state_folder.mkdir(parents=True, exist_ok=True)
        today = self._offer.today
        place = LegacyPlace(
            database=self._settings.legacy_database,
            today=today.isoformat() if today is not None else None,
            state_folder=self._settings.state_folder,
        )
        program = LegacyProgram(read_description(self._settings.legacy_program), place)
        return LegacyWindowHost(program, native, self._frame, self.board)


def _window_name(process: int) -> str:
    """A window's name: that of its process, which no later one has."""
    found = read_process(process)
    return f"{process}-{found.started if found is not None else 0}"
