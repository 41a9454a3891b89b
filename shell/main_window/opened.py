"""An open window: its parts put together, and taken apart in the order that Qt needs."""

from datetime import UTC, datetime
from threading import Thread
from types import TracebackType

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from shell.context.shown import Side
from shell.errors import NativeNotBuiltError, SettingsError
from shell.hosts.desk_page import DeskPage
from shell.hosts.interface import Host
from shell.hosts.key_frame import KeyFrame
from shell.hosts.legacy_description import read_description
from shell.hosts.legacy_program import LegacyPlace, LegacyProgram
from shell.hosts.legacy_window import LegacyWindowHost
from shell.hosts.web_page import WebPageHost
from shell.hosts.web_profile import WebProfile
from shell.main_window.beginning import FIRST, Beginning
from shell.main_window.choices import Choices
from shell.main_window.network import Cloud
from shell.main_window.theme import load_fonts
from shell.main_window.window import MainWindow
from shell.main_window.wording import window_notes
from shell.meeting import Person
from shell.native.desktop import native_windows
from shell.native.interface import NativeWindows
from shell.rollout import Rollout, Unmoved
from shell.switchboard import Switchboard
from web_modules.decision.errors import DecisionError
from web_modules.decision.flags import FlagFile
from web_modules.fhir.client import FhirClient
from web_modules.fhir.transport import HttpTransport

_REST_MILLISECONDS = 2000
"""From then on the kill switch is heard and the mirror asked, whatever becomes of the first page."""


class _Edits(QObject):
    """Brings the flag file's edits from their thread to the window's."""

    came = Signal()


class Opened:
    """One window with all that stands behind it; leaving the `with` block ends it.

    Args:
        application: made already, so that fonts and screens are known.
        profile: the person's browser, up before anything else; whoever made it ends it, after this.
        beginning: the first decisions, and the first page on its way.
        person: who is signed in.
        has_sandbox: whether Chromium's own sandbox is on; the window says so when it is not.
    """

    def __init__(
        self,
        application: QApplication,
        profile: WebProfile,
        beginning: Beginning,
        person: Person,
        *,
        has_sandbox: bool,
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
        self._transport = HttpTransport(offer.fhir, token=person.session, timeout_seconds=5)
        notes = window_notes(has_sandbox=has_sandbox, ends_all=self._settings.ends_all)
        self.window = MainWindow(beginning.theme, offer, person, notes)
        self.window.gone.connect(application.quit)  # Qt waits for windows of others, such as a hosted one
        self._cloud = Cloud(FhirClient(self._transport), offer, self.window)
        self.board = Switchboard(
            offer, rollout, self._cloud.identify, lambda: datetime.now(UTC), beginning.token
        )
        self._edits.came.connect(self.board.flags_changed)
        native = self._native(application)
        self._frame = KeyFrame(self.window, self.window.content, native, self.board.on_active)
        self._pages = WebPageHost(profile, beginning.addresses, self._frame, self.board)
        self._legacy = None if native is None else self._legacy_host(native)
        hosts: dict[Side, tuple[Host, QWidget]] = {}
        if self._legacy is not None:
            hosts[Side.LEGACY] = (self._legacy, self._legacy.widget)
        hosts[Side.CLOUD] = (self._pages, self._pages.widget)
        self.window.connect_to(self.board, self._cloud, rollout, choices, self._frame, hosts)
        self._desk = None if offer.desk is None else DeskPage(profile, offer.desk, self.window.show_notice)
        if self._desk is not None:
            self.window.cards.take_desk(self._desk)
        if self._legacy is not None:
            self.window.panes[Side.LEGACY].can_restart = self._legacy.can_start
        self.window.open_on(application.primaryScreen())
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
        if self._legacy is not None:
            self._legacy.release()
        if self._desk is not None:
            self._desk.close_page()
        self._pages.close()
        self._frame.stop()
        if self._watching is not None:
            self._watching.join()
        if self._flags is not None:
            self._flags.close()
        self._transport.close()

    def _begin_to_listen(self) -> None:
        """Ask how the mirror is and watch the flags: both load much that the first page need not await."""
        self._cloud.start()
        watch = self._flags.watch if self._flags is not None else lambda: None
        self._watching = Thread(target=watch, name="flags")
        self._watching.start()

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

    def _native(self, application: QApplication) -> NativeWindows | None:
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
