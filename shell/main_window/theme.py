"""Colours, type and space of the window, and the style sheet made of them.

The colours are those of the NHS identity as NHS.UK uses them on screens; the type is Open Sans, because
Frutiger is not licensed for this. Every pair of text and ground keeps 4.5:1, every control edge 3:1.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication

FAMILIES = ("Open Sans", "Noto Sans", "DejaVu Sans")

_LIGHT = {
    "canvas": "#F0F4F5", "surface": "#FFFFFF", "sunken": "#E8EDEE", "line": "#D8DDE0", "control": "#768692",
    "text": "#212B32", "quiet": "#4C6272", "brand": "#005EB8", "brand_field": "#004B93",
    "on_brand": "#FFFFFF", "on_brand_quiet": "#D6E6F4", "accent": "#005EB8", "tint": "#E5EFF8", "accent_line": "#99BFE3",
    "ok": "#00662F", "ok_fill": "#007F3B", "ok_tint": "#E3F1E8", "warn": "#6B4700", "warn_fill": "#FFB81C",
    "warn_tint": "#FFF4D9", "warn_line": "#E0A100", "bad": "#B01F15", "bad_fill": "#D5281B",
    "bad_tint": "#FBE9E7", "learn": "#7C2855", "focus": "#FFEB3B", "focus_ink": "#212B32",
    "scrim": "#212B32", "on_fill": "#FFFFFF",
}  # fmt: skip
_DARK = _LIGHT | {
    "canvas": "#12181D", "surface": "#1A2228", "sunken": "#0D1216", "line": "#303C45", "control": "#7B8C98",
    "text": "#E8EDEE", "quiet": "#AFBDC6", "brand": "#00356B", "brand_field": "#00264F",
    "on_brand_quiet": "#C3D7EA", "accent": "#62AEEF", "tint": "#16324B", "accent_line": "#2F6596",
    "ok": "#7AD3A0", "ok_fill": "#0B8043", "ok_tint": "#143323", "warn": "#FFCB57", "warn_tint": "#3A2E10",
    "warn_line": "#8E6A12", "bad": "#FF9C93", "bad_tint": "#411B18", "learn": "#E79BC0",
    "focus_ink": "#12181D", "scrim": "#000000", "on_fill": "#12181D",
}  # fmt: skip
_CONTRAST = _LIGHT | {
    "canvas": "#000000", "surface": "#000000", "sunken": "#000000", "line": "#8A8A8A", "control": "#FFFFFF",
    "text": "#FFFFFF", "quiet": "#FFFFFF", "brand": "#000000", "brand_field": "#000000",
    "on_brand_quiet": "#FFFFFF", "accent": "#8FD6FF", "tint": "#002B45", "accent_line": "#8FD6FF",
    "ok": "#8CF0B4", "ok_fill": "#006B32", "ok_tint": "#000000", "warn": "#FFD84D", "warn_fill": "#FFD84D",
    "warn_tint": "#000000", "warn_line": "#FFD84D", "bad": "#FFB0A8", "bad_fill": "#B01F15",
    "bad_tint": "#000000", "learn": "#FFB3D6", "focus_ink": "#000000", "scrim": "#000000",
    "on_fill": "#000000",
}  # fmt: skip
_TRAINING = {
    "light": {"brand": "#7C2855", "brand_field": "#621E43", "accent": "#7C2855", "tint": "#F5E9EF",
              "accent_line": "#C99BB4", "on_brand_quiet": "#F0DCE7"},
    "dark": {"brand": "#5A1B3D", "brand_field": "#43132D", "accent": "#E79BC0", "tint": "#3B1C2B",
             "accent_line": "#8B4A6A", "on_brand_quiet": "#F0DCE7"},
    "contrast": {"accent": "#FFB3D6", "tint": "#3B1C2B", "accent_line": "#FFB3D6"},
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The tokens of one look.

    Attributes:
        name: light, dark or contrast.
        colours: token to colour.
        scale: of all text and measures; 1 is 100 percent.
        is_training: plum instead of blue.
    """

    name: str
    colours: Mapping[str, str]
    scale: float
    is_training: bool

    def colour(self, token: str) -> QColor:
        """A token's colour."""
        return QColor(self.colours[token])

    def pixels(self, at_100_percent: float) -> int:
        """A measure at this text size."""
        return round(at_100_percent * self.scale)

    def font(self, pixels: float, weight: int = 400) -> QFont:
        """Type of a size; figures are of equal width in this family."""
        font = QFont(list(FAMILIES))
        font.setPixelSize(self.pixels(pixels))
        font.setWeight(QFont.Weight(weight))
        return font


def make_theme(name: str, *, text_percent: int, is_training: bool) -> Theme:
    """The tokens for a setting; `system` follows the desktop's own scheme."""
    if name == "system":
        scheme = QGuiApplication.styleHints().colorScheme()
        name = "dark" if scheme is Qt.ColorScheme.Dark else "light"
    colours = {"light": _LIGHT, "dark": _DARK, "contrast": _CONTRAST}[name]
    if is_training:
        colours = colours | _TRAINING[name]
    return Theme(name=name, colours=colours, scale=text_percent / 100, is_training=is_training)


def load_fonts(paths: list[str]) -> None:
    """Make the package's own type known; what the system has already is used without it."""
    if "Open Sans" not in QFontDatabase.families():
        for path in paths:
            QFontDatabase.addApplicationFont(path)


def style_sheet(theme: Theme) -> str:
    """The window's style sheet: widgets are told apart by their object names and properties."""
    c, px = theme.colours, theme.pixels
    return f"""
    * {{ font-family: "Open Sans", "Noto Sans", "DejaVu Sans"; font-size: {px(13)}px; color: {c["text"]}; }}
    #content, #rail {{ background: {c["canvas"]}; }}
    QToolTip {{ background: {c["surface"]}; color: {c["text"]}; border: 1px solid {c["control"]}; }}
    #topBar {{ background: {c["brand"]}; border: none;
        {"border-bottom: 2px solid #FFFFFF;" if theme.name == "contrast" else ""} }}
    #topBar QLabel {{ color: {c["on_brand"]}; background: transparent; }}
    #topBar QLabel[quiet="true"] {{ color: {c["on_brand_quiet"]}; font-size: {px(12)}px; }}
    #mark {{ font-size: {px(15)}px; font-weight: 600; }}
    #find {{ background: {c["brand_field"]}; border: 1px solid rgba(255,255,255,0.35); border-radius: 4px;
        color: {c["on_brand_quiet"]}; text-align: left; padding: 0 8px; }}
    #find:hover {{ border-color: #FFFFFF; }}
    #find QLabel {{ color: {c["on_brand_quiet"]}; }}
    QLabel[kbd="true"] {{ border: 1px solid {c["line"]}; border-bottom-width: 2px; border-radius: 4px;
        padding: 0 5px; color: {c["quiet"]}; font-size: {px(12)}px; font-weight: 600;
        background: {c["surface"]}; }}
    #topBar QLabel[kbd="true"] {{ background: transparent; border: 1px solid rgba(255,255,255,0.5);
        color: {c["on_brand"]}; }}
    #avatar {{ background: #FFFFFF; color: #005EB8; border-radius: {px(14)}px; font-weight: 700;
        font-size: {px(12)}px; }}
    #rail {{ border-right: 1px solid {c["line"]}; }}
    #functionBar {{ background: {c["surface"]}; border-bottom: 1px solid {c["line"]}; }}
    #functionTitle {{ font-size: {px(16)}px; font-weight: 600; }}
    #stageTag {{ border: 1px solid {c["line"]}; border-radius: 4px; }}
    QPushButton {{ min-height: {px(26)}px; padding: 0 {px(12)}px; border-radius: 4px; font-weight: 600;
        border: 1px solid {c["accent"]}; color: {c["accent"]}; background: {c["surface"]}; }}
    QPushButton:hover {{ background: {c["tint"]}; }}
    QPushButton:focus {{ border: 2px solid {c["focus_ink"]}; outline: none; }}
    QPushButton:disabled {{ border-color: {c["line"]}; color: {c["quiet"]}; background: {c["sunken"]}; }}
    QPushButton[filled="true"] {{ background: {c["ok_fill"]}; border-color: {c["ok_fill"]}; color: #FFFFFF; }}
    QPushButton[link="true"] {{ border: none; background: transparent; color: {c["accent"]}; padding: 0 4px;
        text-decoration: underline; font-weight: 400; }}
    QPushButton[flat="true"] {{ border-color: transparent; background: transparent; }}
    QPushButton[view="true"] {{ border: 1px solid {c["control"]}; border-radius: 0; color: {c["text"]};
        min-height: {px(24)}px; padding: 0 {px(10)}px; font-weight: 600; }}
    QPushButton[view="true"]:checked {{ background: {c["accent"]}; border-color: {c["accent"]};
        color: {c["on_fill"]}; }}
    QPushButton[view="true"]:disabled {{ color: {c["quiet"]}; background: {c["sunken"]}; }}
    QPushButton[view="true"]:focus {{ border: 2px solid {c["focus_ink"]}; }}
    #strip {{ background: {c["sunken"]}; border-top: 3px solid {c["sunken"]}; }}
    #strip[active="true"] {{ background: {c["tint"]}; border-top: 3px solid {c["accent"]}; }}
    #strip QLabel {{ background: transparent; font-size: {px(12)}px; }}
    #keysHere {{ background: {c["accent"]}; color: {c["on_fill"]}; border-radius: 3px; font-weight: 700;
        padding: 0 6px; font-size: {px(11)}px; }}
    #strip #keysHere {{ background: {c["accent"]}; color: {c["on_fill"]}; }}
    #statusBar {{ background: {c["surface"]}; border-top: 1px solid {c["line"]}; }}
    #statusBar QLabel {{ font-size: {px(12)}px; color: {c["quiet"]}; }}
    QLabel[tone="ok"], #statusBar QLabel[tone="ok"] {{ color: {c["ok"]}; font-weight: 600; }}
    QLabel[tone="warn"], #statusBar QLabel[tone="warn"] {{ color: {c["warn"]}; font-weight: 600; }}
    QLabel[tone="bad"], #statusBar QLabel[tone="bad"] {{ color: {c["bad"]}; font-weight: 600; }}
    QLabel[tone="quiet"] {{ color: {c["quiet"]}; }}
    QLabel[strong="true"] {{ font-weight: 600; }}
    QLabel[heading="true"] {{ font-size: {px(20)}px; font-weight: 600; }}
    #invitation {{ background: {c["tint"]}; border-bottom: 1px solid {c["accent_line"]}; }}
    #degraded, #gone {{ background: {c["warn_tint"]}; border-bottom: 2px solid {c["warn_line"]}; }}
    #card {{ background: {c["surface"]}; border-radius: 8px; border: 1px solid {c["line"]}; }}
    #identity {{ background: {c["surface"]}; border: 2px solid {c["control"]}; border-radius: 8px; }}
    QLabel[differs="true"] {{ background: {c["warn_tint"]}; border-radius: 4px; padding: 0 4px;
        font-weight: 600; }}
    QLineEdit {{ min-height: {px(32)}px; border: none; background: {c["surface"]}; font-size: {px(16)}px;
        selection-background-color: {c["accent"]}; }}
    QListWidget {{ border: none; background: {c["surface"]}; outline: none; }}
    QListWidget::item {{ border: none; }}
    QSplitter::handle {{ background: {c["line"]}; }}
    """
