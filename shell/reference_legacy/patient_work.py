"""Work on the open patient: opening, saving what was typed, leaving."""

from collections.abc import Callable, Mapping
from datetime import date

from PySide6.QtWidgets import QWidget

from shell.reference_legacy import dialogs
from shell.reference_legacy.errors import NotSavedError, RowChangedError
from shell.reference_legacy.patients import PatientRows
from shell.reference_legacy.patients_screen import LABELS, PatientsScreen
from shell.reference_legacy.plain_text import plain_line
from shell.reference_legacy.records import Patient


class PatientWork:
    """Keeps screen and database together for the open patient; asks before anything typed is lost."""

    def __init__(
        self,
        window: QWidget,
        screen: PatientsScreen,
        rows: PatientRows,
        say: Callable[[str], None],
        today: Callable[[], date],
    ) -> None:
        self._window = window
        self._screen = screen
        self._rows = rows
        self._say = say
        self._today = today

    @property
    def patient(self) -> Patient | None:
        """The open patient as last read."""
        return self._screen.patient

    def find(self, words: str) -> list[Patient]:
        """Patients that fit what was typed.

        Raises:
            DatabaseError: the database could not be read.
        """
        return self._rows.find(words)

    def by_number(self, number: int) -> Patient:
        """The patient with a number.

        Raises:
            UnknownPatientError: nobody has it, or more than one.
            DatabaseError: the database could not be read.
        """
        return self._rows.by_number(number)

    def open(self, wanted: Patient | None) -> bool:
        """Open a patient, or nobody; whether that is who is open now. Unsaved work is asked about first."""
        current = self.patient
        if current is not None and wanted is not None and current.guid == wanted.guid:
            return True
        if not self.may_leave():
            return False
        self._screen.show_patient(wanted, self._today())
        self._say(f"Patient {wanted.spoken_number} selected." if wanted is not None else "No patient.")
        return True

    def may_leave(self) -> bool:
        """Whether nothing unsaved is left, after asking if there is."""
        if self.patient is None or not self._screen.is_unsaved:
            return True
        choice = dialogs.ask_save(self._window, self.patient.spoken_number)
        if choice is dialogs.SaveChoice.SAVE:
            return self.save()
        if choice is dialogs.SaveChoice.DISCARD:
            self._screen.show_patient(self.patient, self._today())
            return True
        return False

    def save(self) -> bool:
        """Write what was typed; whether nothing unsaved is left."""
        read, changes = self.patient, self._screen.changes()
        if read is None or not changes:
            self._screen.show_patient(read, self._today())
            self._say("Nothing to save.")
            return True
        if "Surname" in changes and not changes["Surname"]:
            self._say("A patient needs a surname. Nothing was saved.")
            return False
        try:
            self._rows.save(read, changes)
        except RowChangedError:
            self._after_row_changed(read, changes)
            return False
        except NotSavedError as error:
            dialogs.tell(self._window, "Not saved", str(error))
            return False
        self._screen.show_patient(self._rows.by_guid(read.guid), self._today())
        self._say(f"Patient {read.spoken_number} saved.")
        return True

    def read_again(self) -> None:
        """Take over what others changed, unless something is typed.

        Raises:
            DatabaseError: the database could not be read.
        """
        read = self.patient
        if read is None or self._screen.is_unsaved:
            return
        newer = self._rows.by_guid(read.guid)
        if newer != read:
            self._screen.show_patient(newer, self._today())
            gone = newer is None
            self._say(f"Patient {read.spoken_number} was removed by someone else." if gone else "Re-read.")

    def _after_row_changed(self, read: Patient, changes: Mapping[str, str | None]) -> None:
        newer = self._rows.by_guid(read.guid)
        if newer is None:
            typed = [f"{LABELS[name]}: you typed {text or '(empty)'}" for name, text in changes.items()]
            dialogs.tell(
                self._window, "Row changed", "\n".join(["This record was removed by someone else.", *typed])
            )
            self._screen.show_patient(None, self._today())
            return
        lines = [
            f"{LABELS[name]}: now {plain_line(newer.stored[name]) or 'empty'}, you typed {text or 'empty'}"
            for name, text in changes.items()
        ]
        if dialogs.ask_row_changed(self._window, lines):
            self._screen.keep_typed(newer, self._today())
            self._say("Read again. What you typed is still here and not saved: F10 saves it.")
        else:
            self._screen.show_patient(newer, self._today())
            self._say("Read again.")
