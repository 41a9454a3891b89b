"""The main window: which patient, which screen, and what the keys do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from shell.reference_legacy import dialogs
from shell.reference_legacy.appointments_screen import AppointmentsScreen
from shell.reference_legacy.arguments import NOBODY, Request
from shell.reference_legacy.book import AppointmentBook
from shell.reference_legacy.book_work import BookWork
from shell.reference_legacy.chrome import StatusLine, button_bar, function_keys
from shell.reference_legacy.database import ChangeWatch
from shell.reference_legacy.errors import LegacyProgramError
from shell.reference_legacy.find_patient import ask_patient
from shell.reference_legacy.patient_line import PatientLine
from shell.reference_legacy.patient_work import PatientWork
from shell.reference_legacy.patients import PatientRows
from shell.reference_legacy.patients_screen import PatientsScreen
from shell.reference_legacy.plain_text import plain_line
from shell.reference_legacy.records import Patient, Practice
from shell.reference_legacy.title import Screen, window_title

TICK_MILLISECONDS = 250
"""How often the database is asked whether somebody changed it: four questions a second cost nothing."""

MINIMUM_SIZE = (1024, 600)
"""The screen that such a program was made for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Where the window reads and writes."""

    practice: Practice
    patients: PatientRows
    book: AppointmentBook
    watch: ChangeWatch


class LegacyWindow(QMainWindow):
    """The only window; it lives in the thread of the event loop and blocks it while it reads or writes.

    Args:
        records: the practice's rows.
        clock: gives the practice's local date and time.
        user: who works here, for the status bar.
    """

    def __init__(self, records: Records, clock: Callable[[], datetime], user: str) -> None:
        super().__init__()
        self._records = records
        self._clock = clock
        self._pending: Request | None = None
        self.status = StatusLine(user, plain_line(records.practice.name).upper())
        self._patient_line = PatientLine()
        self.patients_screen = PatientsScreen()
        self.appointments_screen = AppointmentsScreen(plain_line(records.practice.name).upper())
        self._work = PatientWork(
            self, self.patients_screen, records.patients, self.status.say, lambda: clock().date()
        )
        self._book = BookWork(self, self.appointments_screen, records.book, self.status.say, clock)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.patients_screen)
        self._stack.addWidget(self.appointments_screen)
        self._lay_out()
        self.patients_screen.typed.connect(self._show_who)
        self.appointments_screen.day_chosen.connect(
            lambda day: self._try(lambda: self._book.show_day(day, self.patient))
        )
        self.appointments_screen.slot_chosen.connect(self.book)
        self.setMinimumSize(*MINIMUM_SIZE)
        QShortcut(QKeySequence("Esc"), self, self.go_back)
        self._show_who()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MILLISECONDS)
        self._timer.timeout.connect(self.tick)
        self._timer.start()

    @property
    def patient(self) -> Patient | None:
        """The open patient."""
        return self.patients_screen.patient

    @property
    def screen_shown(self) -> Screen:
        """The screen on top."""
        is_first = self._stack.currentWidget() is self.patients_screen
        return Screen.PATIENTS if is_first else Screen.APPOINTMENTS

    def receive(self, request: Request) -> str | None:
        """Take a request of a later start; it is carried out as soon as no dialogue is open.

        Returns:
            A sentence when it cannot be done, None when it will be.
        """
        try:
            if request.number is not None:
                self._work.by_number(request.number)
        except LegacyProgramError as error:
            self.status.say(str(error))
            return str(error)
        if request == Request():
            self.activateWindow()
            self.raise_()
        self._pending = request
        QTimer.singleShot(0, self._carry_out_pending)
        return None

    def show_request(self, request: Request) -> None:
        """Open the patient and the screen that are asked for; asks about unsaved work first.

        Raises:
            UnknownPatientError: the patient number is nobody's.
            DatabaseError: the database could not be read.
        """
        if request.patient == NOBODY and not self._work.open(None):
            return
        if request.number is not None and not self._work.open(self._work.by_number(request.number)):
            return
        self._bring(request.screen or self.screen_shown)

    def show_screen(self, screen: Screen) -> None:
        """Bring a screen to the top, freshly read, the keys on it."""
        self._try(lambda: self._bring(screen))

    def tick(self) -> None:
        """Show the time; read again when somebody changed the database, but never under a dialogue."""
        self.status.show_time(self._clock())
        if QApplication.activeModalWidget() is not None:
            return
        if self._pending is not None:
            self._carry_out_pending()
        elif self._records.watch.has_changed():
            self._try(self._read_again)

    def save(self) -> None:
        """F10: write what was typed."""
        self._try(self._work.save)

    def book(self) -> None:
        """F3: book the open patient into the slot under the cursor."""
        self._on_book(self._book.book)

    def cancel_booking(self) -> None:
        """F4: cancel the booking under the cursor."""
        self._on_book(self._book.cancel)

    def next_free(self) -> None:
        """F8: go to the next free slot."""
        self._on_book(lambda _patient: self._book.next_free())

    def find_patient(self) -> None:
        """F2: let a patient be found and open the one who is chosen."""

        def find(words: str) -> list[Patient]:
            try:
                return self._work.find(words)
            except LegacyProgramError as error:
                self.status.say(str(error))
                return []

        chosen = ask_patient(self, find)
        if chosen is not None and self._try(lambda: self._work.open(chosen)):
            self.show_screen(self.screen_shown)

    def edit(self) -> None:
        """F7: put the cursor into the first field of the open patient."""
        if self.patient is None:
            self.status.say("No patient. F2 finds one.")
            return
        self.show_screen(Screen.PATIENTS)
        self.patients_screen.edit_first()

    def go_back(self) -> None:
        """Esc: ask about unsaved work, else leave the field."""
        if self._work.may_leave():
            self.patients_screen.leave_fields()

    def go_to_date(self) -> None:
        """Ctrl+G: ask for a day and show it."""
        day = self._book.ask_date()
        if day is not None:
            self.show_screen(Screen.APPOINTMENTS)
            self._try(lambda: self._book.show_day(day, self.patient))

    def move_day(self, days: int) -> None:
        """F9 and F11: the day before or after."""
        self._on_book(lambda patient: self._book.move(days, patient))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 -- Qt's name
        """Close unless the person stays with unsaved work."""
        if not self._work.may_leave():
            event.ignore()
            return
        self._timer.stop()
        self._records.watch.close()
        event.accept()

    def _carry_out_pending(self) -> None:
        if QApplication.activeModalWidget() is not None:
            return
        request, self._pending = self._pending, None
        if request is not None:
            self._try(lambda: self.show_request(request))

    def _on_book(self, action: Callable[[Patient | None], None]) -> None:
        if self.screen_shown is not Screen.APPOINTMENTS:
            self.status.say("That is done on the appointments screen: F6.")
            return
        self._try(lambda: action(self.patient))

    def _try(self, action: Callable[[], object]) -> bool:
        """Do something; what cannot be done is said in the status bar."""
        try:
            action()
        except LegacyProgramError as error:
            self.status.say(str(error))
            return False
        return True

    def _bring(self, screen: Screen) -> None:
        is_other = screen is not self.screen_shown
        self._stack.setCurrentIndex(0 if screen is Screen.PATIENTS else 1)
        self._show_who()
        self._read_again()
        if screen is Screen.APPOINTMENTS:
            self.appointments_screen.take_keys()
            if is_other:
                self.appointments_screen.show_patient(self.patient)

    def _read_again(self) -> None:
        self._work.read_again()
        if self.screen_shown is Screen.APPOINTMENTS:
            self._book.show_day(self._book.day, self.patient)

    def _show_who(self) -> None:
        patient = self.patient
        self._patient_line.show_patient(patient, self._clock().date())
        self.setWindowTitle(
            window_title(
                screen=self.screen_shown,
                patient=None if patient is None else patient.spoken_number,
                is_unsaved=self.patients_screen.is_unsaved,
                practice=self._records.practice.name,
            )
        )

    def _lay_out(self) -> None:
        keys = self._actions()
        menus = {
            "&File": (10, 12),
            "&Patient": (2, 5, 7),
            "&Appointments": (6, 8, 3, 4, 9, 11, 0),
            "&Help": (1,),
        }
        for title, numbers in menus.items():
            self.menuBar().addMenu(title).addActions([keys[number] for number in numbers])
        groups = ((2, 5, 6), (3, 4, 8), (7, 10), (9, 11, 0))
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(button_bar([[keys[number] for number in group] for group in groups]))
        column.addWidget(self._patient_line)
        column.addWidget(self._stack, 1)
        column.addWidget(function_keys({number: action for number, action in keys.items() if number}))
        column.addWidget(self.status)
        self.setCentralWidget(middle)

    def _actions(self) -> dict[int, QAction]:
        """What each function key does; 0 is Ctrl+G."""
        meanings: dict[int, tuple[str, Callable[[], object]]] = {
            1: ("Help", lambda: dialogs.show_help(self)),
            2: ("Find Pt", self.find_patient),
            3: ("Book", self.book),
            4: ("Cancel", self.cancel_booking),
            5: ("Patients", lambda: self.show_screen(Screen.PATIENTS)),
            6: ("Appts", lambda: self.show_screen(Screen.APPOINTMENTS)),
            7: ("Edit", self.edit),
            8: ("Next Free", self.next_free),
            9: ("Day -", lambda: self.move_day(-1)),
            10: ("Save", self.save),
            11: ("Day +", lambda: self.move_day(1)),
            12: ("Exit", self.close),
            0: ("Date", self.go_to_date),
        }
        actions: dict[int, QAction] = {}
        for number, (word, meaning) in meanings.items():
            action = QAction(word, self)
            action.setShortcut(QKeySequence(f"F{number}" if number else "Ctrl+G"))
            action.triggered.connect(lambda _checked=False, do=meaning: do())
            self.addAction(action)
            actions[number] = action
        return actions
