"""A small legacy program that makes and names its window, and shows it once it is told of a patient."""

import sys

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from tests.support.guests import link
from tests.support.guests.qt_guest import Guest


class LateGuest(Guest):
    """The window, which takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.winId()

    def told(self) -> None:
        super().told()
        self.show()


def main() -> int:
    """Run the guest, or hand over to the one that runs."""
    link.main_is_done(link.arguments())
    QGuiApplication.setDesktopFileName("test-guest")
    application = QApplication(["test-guest"])
    guest = LateGuest()
    status = application.exec()
    guest.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
