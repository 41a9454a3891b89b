"""The window's icons: simple strokes from one sheet, drawn in any colour and size."""

import re
from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

_SHEET = Path(__file__).with_name("icons.svg")
_SYMBOL = re.compile(r'<symbol id="([^"]+)" ([^>]*)>(.*?)</symbol>', re.DOTALL)


def pixmap(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    """An icon of the sheet.

    Args:
        name: its id on the sheet.
        colour: of its strokes, as #RRGGBB.
        size: its edge in logical pixels.
        ratio: device pixels a logical pixel.
    """
    attributes, strokes = _symbols()[name]
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {attributes} fill="none" stroke="{colour}" '
        f'stroke-linecap="round" stroke-linejoin="round">{strokes.replace("#000", colour)}</svg>'
    )
    picture = QPixmap(round(size * ratio), round(size * ratio))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(drawn.encode())).render(painter, QRectF(picture.rect()))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


@cache
def _symbols() -> dict[str, tuple[str, str]]:
    found = _SYMBOL.finditer(_SHEET.read_text(encoding="utf-8"))
    return {one.group(1): (one.group(2), one.group(3)) for one in found}
