"""How the program looks: a grey Win32 program of 1998, whatever the desktop's theme is."""

from enum import StrEnum

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QFrame, QGroupBox, QLabel, QLineEdit, QPushButton, QWidget

from shell.reference_legacy.records import SlotState

FACE = "#D4D0C8"
HIGHLIGHT = "#0A246A"
NAME_YELLOW = "#FFFF80"
WARNING_RED = "#C00000"
GRID_LINE = "#C0C0C0"
TIME_FACE = "#ECE9D8"
NO_SLOT = "#B8B8B8"

FONT_FAMILIES = ["Tahoma", "MS Sans Serif", "Liberation Sans", "DejaVu Sans"]
FONT_PIXELS = 11
"""The size of such a program at 96 dots an inch; it never scales."""

STATE_COLOURS: dict[SlotState, tuple[str, str]] = {
    SlotState.FREE: ("#E8FFE8", "#000000"),
    SlotState.BOOKED: ("#FFFFFF", "#000000"),
    SlotState.ARRIVED: ("#C0FFFF", "#000000"),
    SlotState.SENT_IN: (NAME_YELLOW, "#000000"),
    SlotState.LEFT: ("#E0E0E0", "#404040"),
    SlotState.DID_NOT_ATTEND: ("#FFC0C0", "#000000"),
    SlotState.CANCELLED: ("#E0E0E0", "#404040"),
    SlotState.BLOCKED: (NO_SLOT, "#000000"),
}
"""Background and text of a slot's cell."""


class FieldKind(StrEnum):
    """How a field of text looks."""

    EDIT = "edit"
    READ_ONLY = "read-only"
    NAME = "name"


def dress(application: QApplication) -> None:
    """Give the whole program its style, palette and font."""
    application.setStyle("Windows")
    face, white, black = QColor(FACE), QColor("#FFFFFF"), QColor("#000000")
    palette = QPalette(face)
    for role, colour in {
        QPalette.ColorRole.Window: face,
        QPalette.ColorRole.Button: face,
        QPalette.ColorRole.Base: white,
        QPalette.ColorRole.AlternateBase: white,
        QPalette.ColorRole.WindowText: black,
        QPalette.ColorRole.ButtonText: black,
        QPalette.ColorRole.Text: black,
        QPalette.ColorRole.Light: white,
        QPalette.ColorRole.Midlight: QColor("#ECE9D8"),
        QPalette.ColorRole.Mid: QColor("#A0A0A0"),
        QPalette.ColorRole.Dark: QColor("#808080"),
        QPalette.ColorRole.Shadow: QColor("#404040"),
        QPalette.ColorRole.Highlight: QColor(HIGHLIGHT),
        QPalette.ColorRole.HighlightedText: white,
        QPalette.ColorRole.ToolTipBase: QColor("#FFFFE1"),
        QPalette.ColorRole.ToolTipText: black,
    }.items():
        palette.setColor(role, colour)
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText, QPalette.ColorRole.Text):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor("#808080"))
    application.setPalette(palette)
    application.setFont(small_font())


def small_font(*, is_bold: bool = False) -> QFont:
    """The program's only font."""
    font = QFont(FONT_FAMILIES)
    font.setPixelSize(FONT_PIXELS)
    font.setBold(is_bold)
    font.setHintingPreference(QFont.HintingPreference.PreferFullHinting)
    font.setStyleStrategy(QFont.StyleStrategy.NoAntialias)
    return font


def plain_label(text: str = "", parent: QWidget | None = None) -> QLabel:
    """A label that never takes its text for markup."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(text)
    return label


def text_field(kind: FieldKind, name: str) -> QLineEdit:
    """A sunken field; one that is read only can be selected and copied from, but is no Tab stop.

    Args:
        kind: how it looks.
        name: its accessible name.
    """
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setFixedHeight(19)
    field.setTextMargins(0, 0, 0, 0)
    if kind is not FieldKind.EDIT:
        field.setReadOnly(True)
        field.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        palette = field.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor(NAME_YELLOW if kind is FieldKind.NAME else FACE))
        field.setPalette(palette)
    return field


def raised_button(text: str) -> QPushButton:
    """A grey button that leaves the keys where they are."""
    button = QPushButton(text)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setAutoDefault(False)
    return button


def sunken(label: QLabel) -> QLabel:
    """Make a label a sunken panel of a status bar."""
    label.setFrameStyle(QFrame.Shape.Panel | QFrame.Shadow.Sunken)
    label.setContentsMargins(3, 0, 3, 0)
    return label


def boxed(title: str) -> QGroupBox:
    """A box with a heading in its upper edge; the heading is plain text."""
    return QGroupBox(title.replace("&", "&&"))
