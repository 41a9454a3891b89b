"""The peer `bare-qtwebengine`: a window with live web views, as many as its argument says, and nothing else.

Ctrl+1 and Ctrl+2 show one or the other, as the shell's keys show functions. It draws by the same means as the
shell does on this machine: in software where there is no graphics card, without a sandbox for root.
"""

import os
import sys
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget

PAGE = "<html><body style='margin:0;background:{colour}'><h1>{title}</h1><input autofocus></body></html>"
COLOURS = ("#005eb8", "#007f3b")


def draw_as_the_shell_does() -> None:
    """Set Chromium's switches, before anything of it is started."""
    if os.geteuid() == 0:
        os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
    if not Path("/dev/dri").exists():
        os.environ["QT_QUICK_BACKEND"] = "software"
        os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = "--log-level=3 --disable-gpu"


def main() -> int:
    """Show the window until it is closed."""
    draw_as_the_shell_does()
    app = QApplication(sys.argv)
    window = QMainWindow()
    window.setWindowTitle("bare")
    stack = QStackedWidget()
    views = []
    for number, colour in enumerate(COLOURS[: int(sys.argv[1])]):
        view = QWebEngineView()
        view.setHtml(PAGE.format(colour=colour, title=number), QUrl("about:blank"))
        stack.addWidget(view)
        views.append(view)
        QShortcut(
            QKeySequence(f"Ctrl+{number + 1}"), window, lambda chosen=number: stack.setCurrentIndex(chosen)
        )
    window.setCentralWidget(stack)
    window.showMaximized()
    status = app.exec()
    # Pages die before their profile, which belongs to the application.
    for view in views:
        view.page().deleteLater()
        view.deleteLater()
    app.processEvents()
    return status


if __name__ == "__main__":
    sys.exit(main())
