"""A month at a glance, to choose a day by mouse."""

from calendar import Calendar
from datetime import date, timedelta

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from shell.reference_legacy.style import FACE, HIGHLIGHT, small_font

_ROW = 15
_WEEKS = 6
_MONTHS = ("January February March April May June July August September October November December").split()


class MonthCalendar(QWidget):
    """Draws the month of the chosen day; the keys for other days are the screen's.

    Signals:
        chosen: a day was clicked (a `date`).
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._day = date(2000, 1, 1)
        self._today = self._day
        self.setFixedHeight(_ROW * (_WEEKS + 2) + 4)
        self.setAccessibleName("Calendar")

    def show_day(self, day: date, today: date) -> None:
        """Show the month of a day, the day marked and today framed."""
        self._day, self._today = day, today
        self.update()

    def day_at(self, point: QPoint) -> date | None:
        """Which day lies at a place; the arrows beside the month are the same day a month away."""
        row, column = (point.y() - 2) // _ROW - 2, point.x() * 7 // max(self.width(), 1)
        if row == -2 and column in {0, 6}:
            return _months_away(self._day, -1 if column == 0 else 1)
        if not (0 <= row < _WEEKS and 0 <= column < 7):
            return None
        return self._first() + timedelta(days=7 * row + column)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 -- Qt's name
        """Choose the day that was clicked."""
        day = self.day_at(event.position().toPoint())
        if day is not None:
            self.chosen.emit(day)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        """Draw the month."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#FFFFFF"))
        centred = Qt.AlignmentFlag.AlignCenter
        heading = QRect(0, 0, self.width(), _ROW + 2)
        painter.fillRect(heading, QColor(FACE))
        painter.setFont(small_font(is_bold=True))
        painter.drawText(heading, centred, f"{_MONTHS[self._day.month - 1]} {self._day.year}")
        painter.drawText(self._cell(-2, 0), centred, "«")
        painter.drawText(self._cell(-2, 6), centred, "»")
        painter.setFont(small_font())
        painter.fillRect(QRect(0, _ROW + 2, self.width(), _ROW), QColor("#808080"))
        painter.setPen(QColor("#FFFFFF"))
        for column, letter in enumerate("MTWTFSS"):
            painter.drawText(self._cell(-1, column), centred, letter)
        for number in range(7 * _WEEKS):
            day, cell = self._first() + timedelta(days=number), self._cell(number // 7, number % 7)
            is_chosen = day == self._day
            if is_chosen:
                painter.fillRect(cell, QColor(HIGHLIGHT))
            usual = "#000000" if day.month == self._day.month else "#A0A0A0"
            painter.setPen(QColor("#FFFFFF" if is_chosen else usual))
            painter.drawText(cell, centred, str(day.day))
            if day == self._today and not is_chosen:
                painter.setPen(QColor(HIGHLIGHT))
                painter.drawRect(cell.adjusted(2, 0, -3, -1))
        painter.setPen(QColor("#808080"))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _first(self) -> date:
        return Calendar().monthdatescalendar(self._day.year, self._day.month)[0][0]

    def _cell(self, row: int, column: int) -> QRect:
        left, right = column * self.width() // 7, (column + 1) * self.width() // 7
        return QRect(left, (row + 2) * _ROW + 2, right - left, _ROW)


def _months_away(day: date, months: int) -> date:
    """The same day of the month before or after, or its last day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    for number in range(day.day, 27, -1):
        try:
            return date(year, month, number)
        except ValueError:
            continue
    return date(year, month, min(day.day, 28))
