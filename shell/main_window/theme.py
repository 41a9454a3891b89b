"""One look for the whole window: type, sizes, and the style sheet made from the tokens."""

from functools import cache
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPixmap

from shell.hosts.web_profile import PageLook
from shell.main_window import icons
from shell.main_window.style_sheet import style_sheet
from shell.main_window.tokens import Scheme, Tokens, tokens_of

_FONTS = Path(__file__).resolve().parents[1] / "assets" / "fonts"
FAMILIES = ["Open Sans", "Noto Sans", "DejaVu Sans"]
"""Fetched by the set-up, else the system's; never Frutiger, which is not licensed for this."""


class Theme:
    """The window's look: made once for a window, handed to whatever draws.

    Args:
        scheme: which colours.
        is_training: plum instead of blue.
        scale: of all text and sizes; 1.0 is as drawn.
        ratio: device pixels a logical pixel.
    """

    def __init__(self, scheme: Scheme, *, is_training: bool, scale: float = 1.0, ratio: float = 1.0) -> None:
        self.tokens: Tokens = tokens_of(scheme, is_training=is_training)
        self.scheme = scheme
        self.scale = scale
        self._ratio = ratio
        self.pixmap = cache(self._draw)

    def px(self, pixels: float) -> int:
        """A drawn length at this window's scale."""
        return round(pixels * self.scale)

    def colour(self, token: str) -> QColor:
        """A token's colour, to paint with."""
        return QColor(getattr(self.tokens, token))

    def font(self, pixels: float, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
        """The window's type at a drawn size."""
        font = QFont(FAMILIES)
        font.setPixelSize(self.px(pixels))
        font.setWeight(weight)
        return font

    def style_sheet(self) -> str:
        """The window's style sheet."""
        return style_sheet(self.tokens, self.px)

    def page_look(self) -> PageLook:
        """The same for pages."""
        return PageLook(theme=self.scheme.value, zoom=self.scale, ground=self.colour("surface").name())

    def _draw(self, name: str, colour: str = "", size: int = 16) -> QPixmap:
        return icons.pixmap(name, colour or self.tokens.quiet, self.px(size), self._ratio)


def load_fonts() -> None:
    """Make the fetched type known to Qt. Costs some milliseconds; needs an application."""
    for weight in ("400", "600", "700"):
        file = _FONTS / f"open-sans-latin-{weight}-normal.woff2"
        if file.is_file():
            QFontDatabase.addApplicationFont(str(file))


def wanted_scheme(wish: str) -> Scheme:
    """The scheme that a setting asks for; `system` asks the desktop."""
    if wish != "system":
        return Scheme(wish)
    hints = QGuiApplication.styleHints()
    if hints.accessibility().contrastPreference() is Qt.ContrastPreference.HighContrast:
        return Scheme.CONTRAST
    return Scheme.DARK if hints.colorScheme() is Qt.ColorScheme.Dark else Scheme.LIGHT
