"""The line under the buttons that says who is open."""

from datetime import date

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QWidget

from shell.reference_legacy.records import Patient
from shell.reference_legacy.style import FieldKind, plain_label, small_font, text_field


def spoken_date(day: date | None) -> str:
    """A date as this program writes it, 17/11/2026; empty for none."""
    return day.strftime("%d/%m/%Y") if day is not None else ""


def spaced_nhs_number(number: str) -> str:
    """An NHS number in groups of 3, 3 and 4; anything else as it is."""
    return f"{number[:3]} {number[3:6]} {number[6:]}" if len(number) == 10 else number


class PatientLine(QFrame):
    """Number, name, birth date, age, sex, NHS number, usual GP, registration. It shows only what is stored.

    Allergies are not in the tables that this program reads, so it says nothing about them.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 3, 4, 3)
        row.setSpacing(3)
        self._number = self._add(row, "Patient", FieldKind.READ_ONLY, 56)
        self._name = self._add(row, "Name", FieldKind.NAME, 200)
        self._name.setFont(small_font(is_bold=True))
        self._born = self._add(row, "DoB", FieldKind.READ_ONLY, 70)
        self._age = self._add(row, "Age", FieldKind.READ_ONLY, 30)
        self._sex = self._add(row, "Sex", FieldKind.READ_ONLY, 20)
        self._nhs_number = self._add(row, "NHS No", FieldKind.READ_ONLY, 88)
        self._usual_gp = self._add(row, "Usual GP", FieldKind.READ_ONLY, 120)
        self._registration = self._add(row, "Reg", FieldKind.READ_ONLY, 80)
        row.setStretchFactor(self._name, 3)
        row.setStretchFactor(self._usual_gp, 1)
        self._died = plain_label()
        self._died.setFont(small_font(is_bold=True))
        row.addWidget(self._died)
        row.addStretch(1)

    def show_patient(self, patient: Patient | None, today: date) -> None:
        """Show a patient, or nobody."""
        values = {
            self._number: "" if patient is None else patient.spoken_number,
            self._name: "" if patient is None else patient.name,
            self._born: "" if patient is None else spoken_date(patient.born),
            self._age: "" if patient is None else patient.age(today),
            self._sex: "" if patient is None else patient.sex,
            self._nhs_number: "" if patient is None else spaced_nhs_number(patient.nhs_number),
            self._usual_gp: "" if patient is None else patient.usual_gp,
            self._registration: "" if patient is None else patient.registration,
        }
        for field, text in values.items():
            if field.text() != text:
                field.setText(text)
                field.setCursorPosition(0)
        died = patient.died if patient is not None else None
        self._died.setText(f"*** DIED {spoken_date(died)} ***" if died is not None else "")

    def _add(self, row: QHBoxLayout, name: str, kind: FieldKind, width: int) -> QLineEdit:
        field = text_field(kind, name)
        field.setMinimumWidth(width)
        if kind is FieldKind.READ_ONLY and name != "Usual GP":
            field.setFixedWidth(width)
        row.addWidget(plain_label(name))
        row.addWidget(field)
        return field
