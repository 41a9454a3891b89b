"""The appointments screen: calendar, sessions and slot on the left, the day's grid on the right."""

from datetime import date

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QListWidget, QVBoxLayout, QWidget

from shell.reference_legacy.day_grid import DayGrid
from shell.reference_legacy.month_calendar import MonthCalendar
from shell.reference_legacy.patient_line import spoken_date
from shell.reference_legacy.records import STATE_WORDS, DayBook, Patient, Session, Slot, SlotState
from shell.reference_legacy.style import FieldKind, boxed, plain_label, text_field

_SLOT_FACTS = ("Session", "Type", "Length", "Status", "Pt no", "Sent in", "Bkd", "By")
_LEFT_WIDTH = 176


class AppointmentsScreen(QWidget):
    """Shows one day of the book.

    Signals:
        day_chosen: another day is wanted (a `date`).
        slot_chosen: Enter or a double click on a slot.
    """

    day_chosen = Signal(object)
    slot_chosen = Signal()

    def __init__(self, practice_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._practice_name = practice_name
        self._book: DayBook | None = None
        self.calendar = MonthCalendar()
        self.calendar.chosen.connect(self.day_chosen)
        self.sessions = QListWidget()
        self.sessions.setFrameStyle(QFrame.Shape.Panel | QFrame.Shadow.Sunken)
        self.sessions.setLineWidth(2)
        self.sessions.setMinimumHeight(76)
        self.sessions.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.sessions.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.sessions.setAccessibleName("Sessions")
        self.sessions.currentRowChanged.connect(self._on_session)
        self.grid = DayGrid()
        self.grid.setAccessibleName("Day")
        self.grid.moved.connect(self._show_slot)
        self.grid.chosen.connect(self.slot_chosen)
        session_box, self._slot_box = boxed("Sessions"), boxed("Slot")
        inner = QVBoxLayout(session_box)
        inner.setContentsMargins(6, 4, 6, 6)
        inner.addWidget(self.sessions)
        facts = QGridLayout(self._slot_box)
        facts.setContentsMargins(6, 4, 6, 6)
        facts.setVerticalSpacing(2)
        self._facts = {name: text_field(FieldKind.READ_ONLY, f"Slot {name}") for name in _SLOT_FACTS}
        for number, (name, field) in enumerate(self._facts.items()):
            facts.addWidget(plain_label(name), number, 0)
            facts.addWidget(field, number, 1)
        left = QWidget()
        left.setFixedWidth(_LEFT_WIDTH)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.calendar)
        column.addWidget(session_box, 1)
        column.addWidget(self._slot_box)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 4, 4, 4)
        row.setSpacing(4)
        row.addWidget(left)
        row.addWidget(self.grid, 1)
        QWidget.setTabOrder(self.grid, self.sessions)

    def show_day(self, book: DayBook, today: date, patient: Patient | None, *, is_other_day: bool) -> None:
        """Show a day as read.

        Args:
            book: the day.
            today: the day of today.
            patient: the open patient; on another day the cursor goes to their slot.
            is_other_day: whether the cursor starts anew; else it stays where it was.
        """
        before = self.grid.current_slot()
        at = before.guid if before is not None and not is_other_day else None
        if is_other_day:
            at = _slot_of(book, patient)
        is_same_day = self._book is not None and self._book.day == book.day
        session = self.session_guid() if is_same_day else None
        self._book = book
        self.calendar.show_day(book.day, today)
        self._list_sessions(book, session)
        self.grid.show_day(book, self.session_guid(), at)
        if is_other_day and at is None:
            self.grid.setCurrentIndex(QModelIndex())
            if not self.go_to_next_free():
                self.grid.setCurrentIndex(self.grid.day_model.index(0, 1))

    def show_patient(self, patient: Patient | None) -> None:
        """Put the cursor on the slot of a patient that was opened, if there is one this day."""
        if self._book is None or patient is None:
            return
        at = _slot_of(self._book, patient)
        place = self.grid.day_model.place_of(at) if at is not None else None
        if place is not None and place.isValid():
            self.grid.setCurrentIndex(place)

    def session_guid(self) -> str | None:
        """The session that is chosen in the list, None for all."""
        row = self.sessions.currentRow()
        return self._book.sessions[row - 1].guid if self._book is not None and row > 0 else None

    def go_to_next_free(self) -> bool:
        """Put the cursor on the next free slot after it, then on the day's first; whether there is one."""
        model, current = self.grid.day_model, self.grid.currentIndex()
        here = (current.row(), (current.column() - 1) // 2)
        free = sorted(place for place, slot in model.slots().items() if slot.state is SlotState.FREE)
        later = [place for place in free if place > here]
        for row, column in (later or free)[:1]:
            self.grid.setCurrentIndex(model.index(row, 2 * column + 1))
        return bool(free)

    def take_keys(self) -> None:
        """Put the arrow keys onto the grid."""
        self.grid.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _list_sessions(self, book: DayBook, session: str | None) -> None:
        first_word = self._practice_name.partition(" ")[0]
        names = [f"ALL {first_word} ({len(book.sessions)})"]
        names += [_session_text(one, book) for one in book.sessions]
        guids = [None, *(one.guid for one in book.sessions)]
        self.sessions.blockSignals(True)
        if names != [self.sessions.item(row).text() for row in range(self.sessions.count())]:
            self.sessions.clear()
            self.sessions.addItems(names)
        self.sessions.setCurrentRow(guids.index(session) if session in guids else 0)
        self.sessions.blockSignals(False)

    def _on_session(self) -> None:
        if self._book is not None:
            self.grid.show_day(self._book, self.session_guid(), None)

    def _show_slot(self) -> None:
        slot = self.grid.current_slot()
        heading = self.grid.current_heading().replace("&", "&&")
        self._slot_box.setTitle(f"Slot {slot.starts:%H:%M} {heading}" if slot is not None else "Slot")
        for name, text in zip(_SLOT_FACTS, _slot_texts(slot, self._book), strict=True):
            field = self._facts[name]
            if field.text() != text:
                field.setText(text)
                field.setCursorPosition(0)


def _slot_of(book: DayBook, patient: Patient | None) -> str | None:
    """The patient's first slot of the day."""
    if patient is None:
        return None
    return next((one.guid for one in book.slots if one.patient_guid == patient.guid), None)


def _session_text(session: Session, book: DayBook) -> str:
    """When who works, such as `08:30 NAIR P (Dr)`."""
    starts = f"{session.starts:%H:%M} " if session.starts is not None else ""
    return f"{starts}{book.clinicians[session.clinicians]}"


def _slot_texts(slot: Slot | None, book: DayBook | None) -> tuple[str, ...]:
    if slot is None or book is None:
        return ("",) * len(_SLOT_FACTS)
    descriptions = {one.guid: one.description for one in book.sessions}
    return (
        descriptions.get(slot.session_guid, "").upper(),
        slot.slot_type.upper(),
        f"{slot.minutes} min" if slot.minutes else "",
        STATE_WORDS[slot.state],
        "" if slot.patient_number is None else str(slot.patient_number),
        f"{slot.sent_in_at:%H:%M}" if slot.sent_in_at is not None else "",
        spoken_date(slot.booked_on) + (f" {slot.booked_at:%H:%M}" if slot.booked_at is not None else ""),
        slot.booking_method,
    )
