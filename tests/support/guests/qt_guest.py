"""A small legacy program in Qt: one field, a dialogue, a title that names the patient."""

import sys

from PySide6.QtCore import QSocketNotifier
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QTextEdit, QVBoxLayout, QWidget

from tests.support.guests import link


class Guest(QWidget):
    """The window. F2 opens a modal dialogue, F10 saves, Escape throws away."""

    def __init__(self) -> None:
        super().__init__()
        self.options = link.arguments()
        self.screen_name, self.patient, self.unsaved = self.options.screen, self.options.patient, False
        self.log = link.TypedLog(self.options.database)
        self.field = QTextEdit(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.field)
        self.field.textChanged.connect(self.typed)
        for key, does in (("F2", self.ask), ("F10", self.settle), ("Escape", self.settle)):
            QShortcut(QKeySequence(key), self).activated.connect(does)
        self.door = link.listen(self.options)
        self.notifier = QSocketNotifier(self.door.fileno(), QSocketNotifier.Type.Read, self)
        self.notifier.activated.connect(self.told)
        self.name_window()
        self.setGeometry(40, 40, 500, 360)

    def name_window(self) -> None:
        self.setWindowTitle(link.title(self.options, self.screen_name, self.patient, unsaved=self.unsaved))

    def typed(self) -> None:
        self.log.write(self.field.toPlainText())
        self.unsaved = True
        self.name_window()

    def settle(self) -> None:
        self.unsaved = False
        self.name_window()

    def told(self) -> None:
        news = link.heard(self.door)
        if news is not None:
            self.screen_name, self.patient = news
            self.settle()
            self.raise_()
            self.activateWindow()

    def ask(self) -> None:
        dialogue = QDialog(self)
        dialogue.setWindowTitle("Find patient")
        QVBoxLayout(dialogue).addWidget(QLabel("Find a patient", dialogue))
        dialogue.setGeometry(900, 700, 260, 120)
        QShortcut(QKeySequence("Return"), dialogue).activated.connect(dialogue.accept)
        dialogue.exec()


def main() -> int:
    """Run the guest, or hand over to the one that runs."""
    link.main_is_done(link.arguments())
    QGuiApplication.setDesktopFileName("test-guest")
    application = QApplication(["test-guest"])
    window = Guest()
    window.show()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
