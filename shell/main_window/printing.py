"""Printing the page on the glass: never one whose patient is in doubt, nor what is not on the record yet."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Final, Protocol

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QWidget

from shell.context.shown import ShownState
from shell.errors import PaperError
from shell.functions import CloudOffer, FunctionPages
from shell.hosts.paper import DOTS_PER_INCH, Paper, Sheet, put_on_paper
from shell.hosts.warm_page import WarmPage
from shell.main_window.freshness import PRACTICE_ZONE
from shell.meeting import Person
from shell.patient import Patient
from web_modules.decision.words import Environment

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrintDialog, QPrinter

_NOTHING: Final = "There is no new page on the glass to print. The legacy program prints its own screens."
_IN_DOUBT: Final = "Nothing is printed while it is not certain whose page this is."
_UNSAVED: Final = "Save what you are typing first: only what is on the record is printed."
_CHANGED: Final = "What is on the glass changed meanwhile. Nothing was printed."


class Pages(Protocol):
    """Where pages are shown."""

    @property
    def on_glass(self) -> WarmPage | None:
        """The page that is seen."""


class Place(Protocol):
    """What printing needs of the window."""

    patient: Patient | None

    @property
    def is_page_seen(self) -> bool:
        """Whether the new pane is on the glass, unveiled, and both panes show one patient."""

    @property
    def pages(self) -> FunctionPages:
        """Of the function on the glass."""

    def today(self) -> date:
        """The environment's day."""

    def show_notice(self, words: str) -> None:
        """Say something that needs no answer."""


class Printing(QObject):
    """Asks which printer, and brings the page onto it.

    Args:
        window: the dialog lies over it.
        place: the same window, in the words above.
        pages: where the page is.
        offer: whose practice, and which environment.
        person: who prints.
    """

    def __init__(
        self, window: QWidget, place: Place, pages: Pages, offer: CloudOffer, person: Person
    ) -> None:
        super().__init__(window)
        self._window = window
        self._place = place
        self._pages = pages
        self._offer = offer
        self._person = person
        self._dialog: QPrintDialog | None = None

    def ask(self) -> None:
        """Ask which printer, unless the page cannot be printed, which is said."""
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter  # asks for every printer of the network

        page = self._page()
        if page is None or self._dialog is not None:
            return
        printer = QPrinter()
        printer.setResolution(DOTS_PER_INCH)
        printer.setDocName("Banyan")  # a queue is read by others: nobody's name
        dialog = self._dialog = QPrintDialog(printer, self._window)
        dialog.setWindowTitle("Print this page")
        option = QPrintDialog.PrintDialogOption
        dialog.setOptions(option.PrintToFile | option.PrintCollateCopies)
        about = self._about(page)
        dialog.accepted.connect(lambda: self._chosen(printer, about))
        dialog.finished.connect(self._closed)
        QDialog.open(dialog)
        dialog.activateWindow()  # where no window manager does it

    def stop(self) -> None:
        """Ask no longer: the window is locked."""
        if self._dialog is not None:
            self._dialog.reject()

    def _closed(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None
            self._window.activateWindow()

    def _page(self) -> WarmPage | None:
        """The page that may be printed; None: none, and it was said why."""
        page = self._pages.on_glass
        if page is None or not self._place.is_page_seen:
            self._place.show_notice(_NOTHING)
        elif page.shown.unsaved:
            self._place.show_notice(_UNSAVED)
        elif page.shown.state is ShownState.UNKNOWN or page.shown.identifier not in (None, self._open()):
            self._place.show_notice(_IN_DOUBT)
        else:
            return page
        return None

    def _open(self) -> str | None:
        return None if self._place.patient is None else self._place.patient.fhir_id

    def _about(self, page: WarmPage) -> tuple[str | None, str | None]:
        return page.shown.identifier, page.wanted

    def _chosen(self, printer: "QPrinter", about: tuple[str | None, str | None]) -> None:
        page = self._pages.on_glass
        if page is None or not self._place.is_page_seen or self._about(page) != about:
            self._place.show_notice(_CHANGED)
            return

        def made(pdf: bytes | None) -> None:
            if pdf is None:
                self._place.show_notice(_CHANGED)
            else:
                self._print(pdf, printer)

        Paper(page.page, self._sheet(page), made).make()

    def _print(self, pdf: bytes, printer: "QPrinter") -> None:
        try:
            sheets = put_on_paper(pdf, printer)
        except PaperError as error:
            self._place.show_notice(str(error))
        else:
            many = "1 sheet" if sheets == 1 else f"{sheets} sheets"
            where = printer.printerName() or f"the file {printer.outputFileName()}"
            self._place.show_notice(f"Printed: {many}, to {where}.")

    def _sheet(self, page: WarmPage) -> Sheet:
        patient, offer = self._place.patient, self._offer
        moment = datetime.combine(self._place.today(), datetime.now(PRACTICE_ZONE).time())
        where = offer.practice
        if offer.environment is not Environment.LIVE:
            where += f" · {offer.environment.value} practice, nothing here is real"
        whose = "Not about one patient"
        if patient is not None and page.shown.identifier is not None and self._place.pages.needs_patient:
            born = patient.born_words(self._place.today())
            whose = f"{patient.name} · born {born} · NHS No. {patient.number_words}"
        return Sheet(
            patient=page.shown.identifier or "",
            whose=whose,
            title=self._place.pages.title,
            origin=f"{where} · printed {moment:%d-%b-%Y %H:%M} by {self._person.name}",
        )
