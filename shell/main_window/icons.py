"""The window's icons: plain strokes on a grid of twenty, drawn in any colour and size."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from web_modules.decision.words import Function, View

_STROKES = {
    "mark": '<path d="M3 10a7 6 0 0 1 14 0z"/><path d="M6.5 10v5M10 10v7M13.5 10v5"/>',
    "patients": '<circle cx="10" cy="6.5" r="3.2"/><path d="M3.8 17a6.2 6 0 0 1 12.4 0"/>',
    "appointments": '<rect x="3" y="4.5" width="14" height="12.5" rx="1.5"/>'
                    '<path d="M3 8.5h14M7 2.8v3M13 2.8v3M6.5 11.5h2M11.5 11.5h2M6.5 14h2"/>',
    "consultations": '<path d="M5 3v4a3.5 3.5 0 0 0 7 0V3M8.5 10.5V13a3.7 3.7 0 0 0 7.4 0v-1.5"/>'
                     '<circle cx="15.9" cy="9.8" r="1.6"/>',
    "prescribing": '<rect x="1.8" y="7.2" width="16.4" height="5.6" rx="2.8" transform="rotate(-45 10 10)"/>'
                   '<path d="M8 8l4 4"/>',
    "results": '<path d="M8 3h4M8.7 3v5"/><path d="M8.7 8L4.4 15.4A1.2 1.2 0 0 0 5.5 17h9a1.2 1.2 0 0 0 1.1-1.6L11.3 8V3"/>'
               '<path d="M6.4 12.5h7.2"/>',
    "documents": '<path d="M5 2.8h6.5L15.5 7v10.2H5zM11.3 3v4.2h4M7.5 10.5h5M7.5 13.5h5"/>',
    "referrals": '<path d="M2.8 9.2 17.2 3l-4.4 14-3.4-5.4zM9.4 11.6 17 3.2"/>',
    "tasks": '<path d="M3 5l1.4 1.4L7 3.8M3 11l1.4 1.4L7 9.8M3 16.6l1.4 1.2L7 15.4"/>'
             '<path d="M10 5.2h7M10 11.2h7M10 16.8h7"/>',
    "organisation": '<path d="M3 9.2 10 3.2l7 6M5 8v9h10V8M8.3 17v-5h3.4v5"/>',
    "legacy": '<rect x="2.5" y="3.5" width="15" height="10.5" rx="1"/><path d="M7 17h6M10 14v3"/>',
    "side by side": '<rect x="2.5" y="3.5" width="15" height="13" rx="1"/><path d="M10 3.5v13"/>',
    "new": '<rect x="2.5" y="3.5" width="15" height="13" rx="1"/><path d="M2.5 7.2h15"/>',
    "search": '<circle cx="8.7" cy="8.7" r="5.2"/><path d="M12.6 12.6 17 17"/>',
    "both ways": '<path d="M3 7h13M13 4l3 3-3 3M17 13H4M7 10l-3 3 3 3"/>',
    "check": '<path d="M3.5 10.5 8 15l8.5-9.5"/>',
    "clock": '<circle cx="10" cy="10" r="7"/><path d="M10 6v4.3l3 1.8"/>',
    "alert": '<circle cx="10" cy="10" r="7"/><path d="M10 6v5M10 13.6v.4"/>',
    "warning": '<path d="M10 3.2 18 16.8H2zM10 8v4.2M10 14.4v.4"/>',
    "flag": '<path d="M5 18V3h9l-1.6 3L14 9H5"/>',
    "desk": '<path d="M10 3v14M6 17h8M4 6h12M4 6l-2 5h4zM16 6l-2 5h4z"/>',
    "cloud off": '<path d="M6 15h8.5a3 3 0 0 0 .6-5.9A5 5 0 0 0 8 6M5.2 9A3 3 0 0 0 6 15M3 3l14 14"/>',
    "eye": '<path d="M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5z"/><circle cx="10" cy="10" r="2.3"/>',
    "learn": '<path d="M1.8 7.6 10 4l8.2 3.6L10 11.2zM5 9.2V13c2.6 2.2 7.4 2.2 10 0V9.2"/>',
}  # fmt: skip


def names() -> tuple[str, ...]:
    """All icons that there are; every function and view has one of its own name."""
    return tuple(_STROKES)


@lru_cache(maxsize=512)
def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """An icon as a picture.

    Args:
        name: one of `names`.
        colour: such as #212B32.
        size: edge length in logical pixels.
        ratio: device pixels for one logical pixel.
    """
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20" fill="none" '
        f'stroke="{QColor(colour).name()}" stroke-width="1.5" stroke-linecap="round" '
        f'stroke-linejoin="round">{_STROKES[name]}</svg>'
    )
    picture = QPixmap(round(size * ratio), round(size * ratio))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, size * ratio, size * ratio))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def icon(name: str, colour: str, size: int = 20) -> QIcon:
    """An icon for a button."""
    return QIcon(pixmap(name, colour, size, 2.0))


def of_function(function: Function) -> str:
    """The icon of a function."""
    return function.value


def of_view(view: View) -> str:
    """The icon of a view."""
    return view.value
