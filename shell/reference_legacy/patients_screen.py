"""The patients screen: a patient's details, typed over field by field."""

from collections.abc import Mapping
from datetime import date
from itertools import pairwise

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QGroupBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget
from sqlalchemy import String

from shell.reference_legacy.patient_line import spaced_nhs_number, spoken_date
from shell.reference_legacy.plain_text import plain_line
from shell.reference_legacy.records import EDITABLE, Patient
from shell.reference_legacy.style import FieldKind, boxed, plain_label, text_field
from shell.reference_legacy.tables import PATIENT

LABELS: Mapping[str, str] = {
    "HomePhone": "Home phone",
    "MobilePhone": "Mobile phone",
    "EmailAddress": "E-mail",
    "HouseNameFlatNumber": "House/flat",
    "NumberAndStreet": "Street",
    "Village": "Village",
    "Town": "Town",
    "County": "County",
    "Postcode": "Postcode",
    "Title": "Title",
    "GivenName": "Given name",
    "MiddleNames": "Middle names",
    "Surname": "Surname",
}
"""What stands before each field that can be typed over."""

_BOXES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Contact", EDITABLE[0:3]),
    ("Address", EDITABLE[3:9]),
    ("Name", EDITABLE[9:13]),
)

_FACTS = ("Patient no", "NHS No", "Date of birth", "Age", "Sex", "Died", "Registered", "Type", "Usual GP")


class Field(QLineEdit):
    """A field that can be typed over; Enter, Down and Up go to the next and the last one as in a form."""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 -- Qt's name
        """Move between fields by Enter and the arrow keys."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down}:
            self.focusNextChild()
        elif event.key() == Qt.Key.Key_Up:
            self.focusPreviousChild()
        else:
            super().keyPressEvent(event)


class PatientsScreen(QWidget):
    """Shows one patient and what was typed over it.

    Signals:
        typed: something was typed or put back; `is_unsaved` may have changed.
    """

    typed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent if isinstance(parent, QWidget) else None)
        self._patient: Patient | None = None
        self._shown: dict[str, str] = {}
        self._fields: dict[str, QLineEdit] = {}
        self._facts: dict[str, QLineEdit] = {}
        left, right = QVBoxLayout(), QVBoxLayout()
        for number, (title, names) in enumerate(_BOXES):
            (left if number < 2 else right).addWidget(self._edit_box(title, names))
        right.addWidget(self._fact_box())
        left.addStretch(1)
        right.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 6, 6, 6)
        row.setSpacing(8)
        row.addLayout(left, 1)
        row.addLayout(right, 1)
        order = [self._fields[name] for name in EDITABLE]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)
        self.show_patient(None, date.min)

    @property
    def patient(self) -> Patient | None:
        """The patient as last read."""
        return self._patient

    @property
    def is_unsaved(self) -> bool:
        """Whether any field differs from what was read."""
        return any(field.text() != self._shown[name] for name, field in self._fields.items())

    def changes(self) -> dict[str, str | None]:
        """The columns that were typed over, with their new values; an emptied field is None."""
        typed = {
            name: field.text().strip() or None
            for name, field in self._fields.items()
            if field.text() != self._shown[name]
        }
        stored = self._patient.stored if self._patient is not None else {}
        return {name: text for name, text in typed.items() if text != (stored[name] or None)}

    def field(self, column: str) -> QLineEdit:
        """The field of an editable column."""
        return self._fields[column]

    def show_patient(self, patient: Patient | None, today: date) -> None:
        """Show a patient as read, or nobody; what was typed before is gone."""
        self._read(patient, today)
        for name, field in self._fields.items():
            _set(field, self._shown[name])
            field.setEnabled(patient is not None)
        self.typed.emit()

    def keep_typed(self, patient: Patient, today: date) -> None:
        """Take a newer reading of the same patient; what was typed stays typed, over the new values."""
        typed = {name: self._fields[name].text() for name in self.changes()}
        self._read(patient, today)
        for name, field in self._fields.items():
            _set(field, typed.get(name, self._shown[name]))
        self.typed.emit()

    def edit_first(self) -> None:
        """Put the cursor into the first field, its text selected."""
        first = self._fields[EDITABLE[0]]
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)
        first.selectAll()

    def leave_fields(self) -> None:
        """Take the cursor out of the fields."""
        for field in (*self._fields.values(), *self._facts.values()):
            field.clearFocus()

    def _read(self, patient: Patient | None, today: date) -> None:
        self._patient = patient
        for name, field in self._fields.items():
            self._shown[name] = plain_line(patient.stored[name]) if patient is not None else ""
            # What is stored is never cut off, even if it is longer than the column should hold.
            field.setMaxLength(max(_column_length(name), 2 * len(self._shown[name])))
        facts = dict.fromkeys(_FACTS, "")
        if patient is not None:
            values = (
                patient.spoken_number,
                spaced_nhs_number(patient.nhs_number),
                spoken_date(patient.born),
                patient.age(today),
                patient.sex,
                spoken_date(patient.died),
                spoken_date(patient.registered),
                patient.registration,
                patient.usual_gp,
            )
            facts = dict(zip(_FACTS, values, strict=True))
        for name, text in facts.items():
            _set(self._facts[name], text)

    def _edit_box(self, title: str, names: tuple[str, ...]) -> QGroupBox:
        box = boxed(title)
        grid = _grid(box)
        for row, name in enumerate(names):
            field = Field()
            field.setAccessibleName(LABELS[name])
            field.setFixedHeight(19)
            field.textEdited.connect(self._on_edited)
            self._fields[name] = field
            grid.addWidget(plain_label(LABELS[name]), row, 0)
            grid.addWidget(field, row, 1)
        return box

    def _on_edited(self) -> None:
        self.typed.emit()

    def _fact_box(self) -> QGroupBox:
        box = boxed("Registration")
        grid = _grid(box)
        for row, name in enumerate(_FACTS):
            self._facts[name] = text_field(FieldKind.READ_ONLY, name)
            grid.addWidget(plain_label(name), row, 0)
            grid.addWidget(self._facts[name], row, 1)
        return box


def _grid(box: QGroupBox) -> QGridLayout:
    grid = QGridLayout(box)
    grid.setContentsMargins(8, 6, 8, 8)
    grid.setVerticalSpacing(4)
    grid.setColumnMinimumWidth(0, 80)
    grid.setColumnStretch(1, 1)
    return grid


def _column_length(name: str) -> int:
    """How many characters the column holds."""
    column_type = PATIENT.c[name].type
    return (column_type.length if isinstance(column_type, String) else None) or 100


def _set(field: QLineEdit, text: str) -> None:
    """Show a text without moving the cursor of a field that already shows it."""
    if field.text() != text:
        field.setText(text)
        field.setCursorPosition(0)
