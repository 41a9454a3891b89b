from datetime import date

import pytest
from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from shell.reference_legacy.month_calendar import MonthCalendar


@pytest.mark.parametrize(
    ("shown", "place", "day"),
    [
        (date(2026, 11, 17), (5, 40), date(2026, 10, 26)),
        (date(2026, 11, 17), (5, 5), date(2026, 10, 17)),
        (date(2026, 12, 31), (165, 5), date(2027, 1, 31)),
        (date(2026, 1, 31), (165, 5), date(2026, 2, 28)),
        (date(2026, 11, 17), (80, 5), None),
        (date(2026, 11, 17), (5, 25), None),
    ],
)
def test_a_click_names_the_day_under_it(
    qtbot: QtBot, shown: date, place: tuple[int, int], day: date | None
) -> None:
    calendar = MonthCalendar()
    qtbot.addWidget(calendar)
    calendar.resize(168, calendar.height())
    calendar.show_day(shown, shown)
    assert calendar.day_at(QPoint(*place)) == day
