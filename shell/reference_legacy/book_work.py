"""Work on the appointments book: choosing a day, booking, cancelling."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from PySide6.QtWidgets import QWidget

from shell.reference_legacy import dialogs
from shell.reference_legacy.appointments_screen import AppointmentsScreen
from shell.reference_legacy.book import AppointmentBook
from shell.reference_legacy.errors import NotSavedError, RowChangedError
from shell.reference_legacy.patient_line import spoken_date
from shell.reference_legacy.records import Patient, Slot, SlotState


class BookWork:
    """Keeps screen and database together for one day; asks before anything is written."""

    def __init__(
        self,
        window: QWidget,
        screen: AppointmentsScreen,
        book: AppointmentBook,
        say: Callable[[str], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._window = window
        self._screen = screen
        self._book = book
        self._say = say
        self._clock = clock
        self._day = clock().date()
        self._shown: date | None = None

    @property
    def day(self) -> date:
        """The day that is shown."""
        return self._day

    def show_day(self, day: date, patient: Patient | None) -> None:
        """Show a day, or the same one read again.

        Raises:
            DatabaseError: the database could not be read.
        """
        book = self._book.day(day)
        is_other_day = day != self._shown
        self._day = self._shown = day
        self._screen.show_day(book, self._clock().date(), patient, is_other_day=is_other_day)

    def move(self, days: int, patient: Patient | None) -> None:
        """Show a day before or after.

        Raises:
            DatabaseError: the database could not be read.
        """
        day = self._day + timedelta(days=days)
        if day.year in dialogs.YEARS:
            self.show_day(day, patient)

    def ask_date(self) -> date | None:
        """Ask for a day; None when Esc was pressed."""
        return dialogs.ask_date(self._window, self._clock().date(), self._day)

    def next_free(self) -> None:
        """Go to the next free slot of the day."""
        if not self._screen.go_to_next_free():
            self._say("No free slot this day.")

    def book(self, patient: Patient | None) -> None:
        """Book a patient into the slot under the cursor, after a question."""
        slot = self._screen.grid.current_slot()
        if slot is None or slot.state is not SlotState.FREE:
            self._say("This slot is not free.")
        elif patient is None:
            self._say("No patient. F2 finds one.")
        else:
            who = {"Patient": f"{patient.spoken_number}  {patient.name}", "Born": spoken_date(patient.born)}
            facts = {**who, **self._facts(slot)}
            if dialogs.ask_book(self._window, facts):
                self._write(
                    lambda: self._book.book(slot, patient, self._clock()),
                    f"Patient {patient.spoken_number} booked at {slot.starts:%H:%M}.",
                    patient,
                )

    def cancel(self, patient: Patient | None) -> None:
        """Cancel the booking under the cursor, after a question."""
        slot = self._screen.grid.current_slot()
        if slot is None or slot.state is not SlotState.BOOKED or not slot.patient_guid:
            self._say("This slot holds no booking that can be cancelled.")
            return
        number = "" if slot.patient_number is None else f"{slot.patient_number}  "
        facts = {"Patient": f"{number}{slot.patient_name}", **self._facts(slot)}
        if dialogs.ask_cancel_booking(self._window, facts):
            said = f"Booking at {slot.starts:%H:%M} cancelled."
            self._write(lambda: self._book.cancel(slot), said, patient)

    def _facts(self, slot: Slot) -> Mapping[str, str]:
        when = f"{spoken_date(slot.day)}  {slot.starts:%H:%M}  ({slot.minutes} min)"
        return {"When": when, "With": self._screen.grid.current_heading(), "Type": slot.slot_type}

    def _write(self, change: Callable[[], None], said: str, patient: Patient | None) -> None:
        try:
            change()
        except RowChangedError as error:
            dialogs.tell(self._window, "Row changed", f"{error} Nothing was saved.")
            said = "Read again."
        except NotSavedError as error:
            dialogs.tell(self._window, "Not saved", str(error))
            said = str(error)
        self.show_day(self._day, patient)
        self._say(said)
