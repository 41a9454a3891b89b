"""Starts the program, or hands what is wanted to the one that runs already."""

import ctypes
import getpass
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shell.reference_legacy.arguments import Arguments, read_arguments
from shell.reference_legacy.book import AppointmentBook
from shell.reference_legacy.database import ChangeWatch, find_practice, open_database
from shell.reference_legacy.errors import DisplayError, LegacyProgramError, UnknownPatientError
from shell.reference_legacy.instance import Instance, instance_name
from shell.reference_legacy.patients import PatientRows


def main(words: Sequence[str] | None = None) -> int:
    """Run the program; the exit status tells how it went (`--help` lists them)."""
    arguments = read_arguments(sys.argv[1:] if words is None else words)
    try:
        return _run(arguments)
    except LegacyProgramError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status


def _run(arguments: Arguments) -> int:
    engine = open_database(arguments.database)
    practice = find_practice(engine, arguments.practice)
    instance = Instance(instance_name(arguments.database, practice.guid))
    if not instance.claim():
        refused = instance.hand_over(arguments.request)
        if refused is not None:
            raise UnknownPatientError(refused)
        return 0
    _require_display()
    _keep_constants()
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from shell.reference_legacy.style import dress
    from shell.reference_legacy.window import LegacyWindow, Records

    patients = PatientRows(engine, practice)
    if arguments.request.number is not None:
        patients.by_number(arguments.request.number)
    application = QApplication(["halden-gp"])
    application.setApplicationName("halden-gp")
    application.setDesktopFileName("halden-gp")
    dress(application)
    window = LegacyWindow(
        Records(
            practice=practice,
            patients=patients,
            book=AppointmentBook(engine, practice),
            watch=ChangeWatch(engine),
        ),
        _clock(arguments.today),
        getpass.getuser().upper(),
    )
    window.show_request(arguments.request)
    window.show()
    instance.listen(window.receive)
    # asked to end, it asks about unsaved work as when its window is closed
    signal.signal(
        signal.SIGTERM, lambda _number, _frame: QTimer.singleShot(0, application, application.closeAllWindows)
    )
    status = application.exec()
    instance.close()
    engine.dispose()
    return status


def _clock(today: date | None) -> Callable[[], datetime]:
    """The practice's local time, on a set day or on the real one."""
    try:
        zone: ZoneInfo | None = ZoneInfo("Europe/London")
    except ZoneInfoNotFoundError:
        zone = None

    def now() -> datetime:
        real = datetime.now(zone) if zone is not None else datetime.now().astimezone()
        return real if today is None else datetime.combine(today, real.time(), real.tzinfo)

    return now


def _keep_constants() -> None:
    # WORKAROUND(PySide6 6.12.0): a call that returns None or True gives up a reference not its own, until
    # Python ends the process; both are immortal from Python 3.12 on (PEP 683), remove this with 3.11
    if sys.version_info < (3, 12):
        for constant in (None, True, False):
            ctypes.c_ssize_t.from_address(id(constant)).value += sys.maxsize // 2


def _require_display() -> None:
    """Make sure that there is a screen: Qt ends the process without a word that a person could use.

    Raises:
        DisplayError: there is none.
    """
    if not sys.platform.startswith("linux") or os.environ.setdefault("QT_QPA_PLATFORM", "xcb") != "xcb":
        return
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
        xcb.xcb_connect.restype = ctypes.c_void_p
        connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
        has_failed = xcb.xcb_connection_has_error(connection)
        xcb.xcb_disconnect(connection)
    except OSError as error:
        raise DisplayError("The library libxcb is missing: install libxcb1.") from error
    if has_failed:
        display = os.environ.get("DISPLAY")
        where = f"The screen {display} cannot be reached" if display else "There is no screen"
        raise DisplayError(f"{where}: start the program on a desktop, or set DISPLAY.")


if __name__ == "__main__":
    sys.exit(main())
