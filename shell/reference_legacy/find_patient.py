"""The dialogue that finds a patient."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from shell.reference_legacy.dialogs import run
from shell.reference_legacy.patient_line import spaced_nhs_number, spoken_date
from shell.reference_legacy.plain_text import plain_line
from shell.reference_legacy.records import Patient
from shell.reference_legacy.style import plain_label


class FindPatient(QDialog):
    """Finds a patient by number, NHS number or name; Enter searches, then chooses."""

    def __init__(self, parent: QWidget, find: Callable[[str], list[Patient]]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Find patient")
        self._find = find
        self._found: list[Patient] = []
        self.chosen: Patient | None = None
        self.words = QLineEdit()
        self.words.setAccessibleName("Number, NHS number or name")
        self.words.returnPressed.connect(self._search)
        self.words.textEdited.connect(lambda _text: self._show([]))
        self.rows = QTableWidget(0, 5)
        self.rows.setHorizontalHeaderLabels(["Number", "Name", "Born", "NHS No", "Address"])
        self.rows.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.rows.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.rows.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.rows.setTabKeyNavigation(False)
        self.rows.verticalHeader().hide()
        self.rows.verticalHeader().setDefaultSectionSize(17)
        self.rows.horizontalHeader().setStretchLastSection(True)
        self.rows.activated.connect(lambda _index: self._choose())
        for column, width in enumerate((60, 200, 75, 90)):
            self.rows.setColumnWidth(column, width)
        self.said = plain_label("Type a number, an NHS number, or: surname given-name. Then Enter.")
        layout = QVBoxLayout(self)
        layout.addWidget(self.words)
        layout.addWidget(self.rows, 1)
        layout.addWidget(self.said)
        self.resize(640, 320)
        self.words.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 -- Qt's name
        """Down goes from the field into the list."""
        if event.key() == Qt.Key.Key_Down and self.words.hasFocus():
            self._into_list()
        else:
            super().keyPressEvent(event)

    def _search(self) -> None:
        self._show(self._find(self.words.text()))
        if len(self._found) == 1:
            self.rows.selectRow(0)
            self._choose()
        elif self._found:
            self.said.setText(f"{len(self._found)} patients. Arrow keys, then Enter.")
            self._into_list()
        else:
            self.said.setText("Nobody found.")

    def _into_list(self) -> None:
        if self._found:
            self.rows.setFocus()
            self.rows.selectRow(0)

    def _show(self, found: list[Patient]) -> None:
        self._found = found
        self.rows.setRowCount(len(found))
        for row, patient in enumerate(found):
            stored = patient.stored
            parts = (stored[name] for name in ("HouseNameFlatNumber", "NumberAndStreet", "Town", "Postcode"))
            texts = (
                patient.spoken_number,
                patient.name,
                spoken_date(patient.born),
                spaced_nhs_number(patient.nhs_number),
                plain_line(", ".join(part for part in parts if part)),
            )
            for column, text in enumerate(texts):
                self.rows.setItem(row, column, QTableWidgetItem(text))

    def _choose(self) -> None:
        row = self.rows.currentRow()
        if 0 <= row < len(self._found):
            self.chosen = self._found[row]
            self.accept()


def ask_patient(parent: QWidget, find: Callable[[str], list[Patient]]) -> Patient | None:
    """Let a patient be found; None when nobody was chosen."""
    dialog = FindPatient(parent, find)
    run(dialog)
    return dialog.chosen
