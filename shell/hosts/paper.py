"""A page on paper: whose it is stands on every sheet, and nothing is printed while that is not certain."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWebEngineCore import QWebEnginePage, QWebEngineScript

from shell.errors import PaperError

if TYPE_CHECKING:
    from PySide6.QtPdf import QPdfDocument
    from PySide6.QtPrintSupport import QPrinter

_WORLD: Final = QWebEngineScript.ScriptWorldId.ApplicationWorld.value
_ANSWER_MILLISECONDS: Final = 20_000
"""A page that is not on paper by then hangs."""
DOTS_PER_INCH: Final = 300
"""As fine as small print needs; an A4 sheet takes 35 MB of memory while it is drawn."""
_PUT_ON: Final = """(() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(%s);
  globalThis.banyanEdges = sheet;
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  return document.documentElement.dataset.patient ?? null;
})()"""
_TAKE_OFF: Final = """(() => {
  document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== globalThis.banyanEdges);
  return document.documentElement.dataset.patient ?? null;
})()"""
_EDGES: Final = """@page {
  margin: 22mm 14mm 20mm;
  font: 400 8pt "Open Sans", sans-serif; color: #000;
  @top-left { content: %s; width: 75%%; text-align: left; font-size: 10.5pt; font-weight: 600; }
  @top-right { content: %s; width: 25%%; text-align: right; font-size: 10.5pt; font-weight: 600; }
  @bottom-left { content: %s; width: 80%%; text-align: left; }
  @bottom-right { content: "Sheet " counter(page) " of " counter(pages); width: 20%%; text-align: right; }
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What stands at the edges of each sheet.

    Attributes:
        patient: the FHIR id that the page must say that it is of; empty: of nobody.
        whose: the patient in words, or what else the page is about.
        title: the page's.
        origin: practice, environment, when and by whom.
    """

    patient: str
    whose: str
    title: str
    origin: str

    def edges(self) -> str:
        """The style sheet that puts it there."""
        return _EDGES % (_quoted(self.whose), _quoted(self.title), _quoted(self.origin))


class Paper(QObject):
    """One page, made into a PDF once.

    Args:
        page: as it is on the glass.
        sheet: what stands at the edges, and whom the page must be of, before and after.
        done: told the PDF; None: the page is of somebody else, or does not answer.
    """

    def __init__(self, page: QWebEnginePage, sheet: Sheet, done: Callable[[bytes | None], None]) -> None:
        super().__init__(page)
        self._page = page
        self._sheet = sheet
        self._done = done
        self._is_over = False
        QTimer.singleShot(_ANSWER_MILLISECONDS, self, lambda: self._end(None))

    def make(self) -> None:
        """Begin."""
        self._page.runJavaScript(_PUT_ON % json.dumps(self._sheet.edges()), _WORLD, self._begun)

    def _begun(self, patient: object) -> None:
        if patient == self._sheet.patient and not self._is_over:
            self._page.printToPdf(self._made)
        else:
            self._page.runJavaScript(_TAKE_OFF, _WORLD, lambda _patient: self._end(None))

    def _made(self, pdf: QByteArray) -> None:
        """A page that became another patient's meanwhile, without being loaded anew, is not trusted."""
        made = bytes(pdf.data())

        def ended(patient: object) -> None:
            self._end(made if made and patient == self._sheet.patient else None)

        self._page.runJavaScript(_TAKE_OFF, _WORLD, ended)

    def _end(self, pdf: bytes | None) -> None:
        if not self._is_over:
            self._is_over = True
            self._done(pdf)
            self.deleteLater()


def put_on_paper(pdf: bytes, printer: "QPrinter") -> int:
    """Draw a PDF on a printer, as often as copies are wanted; keep it as it is where a file is wanted.

    Returns:
        How many sheets it has.

    Raises:
        PaperError: the printer, or the file that it writes to, did not take it.
    """
    from PySide6.QtPdf import QPdfDocument  # takes long to load, and few print at once
    from PySide6.QtPrintSupport import QPrinter

    buffer = QBuffer()
    buffer.setData(QByteArray(pdf))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    document = QPdfDocument()
    document.load(buffer)
    sheets = document.pageCount()
    if document.error() is not QPdfDocument.Error.None_ or sheets == 0:
        raise PaperError("The page could not be made ready for the printer.")
    if printer.outputFormat() is QPrinter.OutputFormat.PdfFormat:
        _keep(pdf, Path(printer.outputFileName()))
    else:
        _draw(document, printer)
    return sheets


def _keep(pdf: bytes, file: Path) -> None:
    try:
        file.write_bytes(pdf)
    except OSError as error:
        raise PaperError(f"The file could not be written: {error.strerror}.") from error


def _draw(document: "QPdfDocument", printer: "QPrinter") -> None:
    printer.setFullPage(True)
    painter = QPainter()
    if not painter.begin(printer):
        raise PaperError("The printer did not take the page. Check that it is on, or choose another one.")
    room = printer.pageLayout().fullRectPixels(printer.resolution())
    sheets, copies = document.pageCount(), 1 if printer.supportsMultipleCopies() else printer.copyCount()
    is_taken = True
    for place in range(sheets * copies):
        if place > 0:
            is_taken = printer.newPage() and is_taken
        painter.drawImage(room, document.render(place % sheets, room.size()))
    if not (painter.end() and is_taken):
        raise PaperError("The printer stopped taking the page. Look at what came out before you print again.")


def _quoted(words: str) -> str:
    """As a string of a style sheet: every character that could mean anything there by its number."""
    return '"' + "".join(one if one.isalnum() else f"\\{ord(one):06x}" for one in words) + '"'
