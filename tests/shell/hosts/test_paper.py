"""A page on paper: whose it is stands on every sheet, and nothing is printed while that is not certain."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPrintSupport import QPrinter

from shell.errors import PaperError
from shell.hosts import paper
from tests.support.panes import WebPane, web_pane
from tests.support.virtual_screen import VirtualScreen

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("qapp")]
WHOSE = 'SMITH, Sarah "} @page { margin: 0 } \\ </style> אבג (Mrs)'
_LONG = """document.body.append(...Array.from({length: 120}, (_, n) => {
  const line = document.createElement("p"); line.textContent = `line ${n}`; return line; }))"""


@pytest.fixture
def pane(bare_screen: VirtualScreen) -> Iterator[WebPane]:
    with web_pane(bare_screen) as made:
        made.open("patients", "104417")
        yield made


def printed(pane: WebPane, patient: str, file: Path) -> int | None:
    """How many sheets the page on the glass gave."""
    since = len(pane.stage.events)
    pane.stage.tell("print", patient=patient, whose=WHOSE, file=str(file))
    sheets: int | None = pane.stage.wait_for("printed", since=since)["sheets"]
    return sheets


@pytest.fixture
def pdf(pane: WebPane, tmp_path: Path) -> bytes:
    """A page of several sheets."""
    pane.script(_LONG)
    printed(pane, "p104417", tmp_path / "long.pdf")
    return (tmp_path / "long.pdf").read_bytes()


def _ink(picture: QImage) -> int:
    """How much of a picture is not white."""
    return sum(
        255 - one for one in bytes(picture.convertToFormat(QImage.Format.Format_Grayscale8).constBits())
    )


def sheets_of(file: Path) -> list[str]:
    """The words of each sheet."""
    document = QPdfDocument()
    document.load(str(file))
    return [" ".join(document.getAllText(one).text().split()) for one in range(document.pageCount())]


@pytest.mark.hazard("H01")
def test_every_sheet_says_whose_it_is(pane: WebPane, tmp_path: Path) -> None:
    pane.script(_LONG)
    file = tmp_path / "page.pdf"
    sheets = printed(pane, "p104417", file)
    words = sheets_of(file)
    assert sheets == len(words) > 1
    for number, one in enumerate(words, start=1):
        assert 'SMITH, Sarah "} @page { margin: 0 } \\ </style>' in one
        assert "Documents" in one
        assert "Fernbrook Surgery" in one
        assert f"Sheet {number} of {sheets}" in one
    assert "line 119" in words[-1]
    assert pane.script("document.adoptedStyleSheets.length") == 0  # the glass is as it was


@pytest.mark.hazard("H01")
def test_a_page_of_somebody_else_is_not_printed(pane: WebPane, tmp_path: Path) -> None:
    assert printed(pane, "p104981", tmp_path / "page.pdf") is None
    assert printed(pane, "", tmp_path / "page.pdf") is None
    assert not (tmp_path / "page.pdf").exists()
    assert pane.script("document.adoptedStyleSheets.length") == 0


@pytest.mark.hazard("H01")
def test_a_page_that_becomes_somebody_elses_while_it_is_printed_is_not_kept(
    pane: WebPane, tmp_path: Path
) -> None:
    pane.script("addEventListener('beforeprint', () => { document.documentElement.dataset.patient = 'p2' })")
    assert printed(pane, "p104417", tmp_path / "page.pdf") is None
    assert not (tmp_path / "page.pdf").exists()


def test_a_file_that_cannot_be_written_is_said(pdf: bytes) -> None:
    printer = QPrinter()
    printer.setOutputFileName("/proc/no-such-folder/page.pdf")
    with pytest.raises(PaperError, match="No such file"):
        paper.put_on_paper(pdf, printer)


def test_a_printer_gets_every_sheet_as_large_as_its_paper(pdf: bytes, tmp_path: Path) -> None:
    printer = QPrinter()
    printer.setResolution(paper.DOTS_PER_INCH)
    printer.setOutputFileName(str(tmp_path / "drawn.pdf"))  # stands for a printer: it is drawn on like one
    (tmp_path / "made.pdf").write_bytes(pdf)
    document, drawn = QPdfDocument(), QPdfDocument()
    document.load(str(tmp_path / "made.pdf"))
    paper._draw(document, printer)
    drawn.load(str(tmp_path / "drawn.pdf"))
    assert drawn.pageCount() == document.pageCount() > 1
    size = QSize(210, 297)
    for sheet in range(document.pageCount()):
        assert _ink(drawn.render(sheet, size)) == pytest.approx(_ink(document.render(sheet, size)), rel=0.2)


def test_what_is_not_a_page_is_not_sent(tmp_path: Path) -> None:
    printer = QPrinter()
    printer.setOutputFileName(str(tmp_path / "page.pdf"))
    with pytest.raises(PaperError, match="made ready"):
        paper.put_on_paper(b"not a page", printer)
    assert not (tmp_path / "page.pdf").exists()
