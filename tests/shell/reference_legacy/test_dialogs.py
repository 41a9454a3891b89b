from datetime import date

import pytest

from shell.reference_legacy.dialogs import parse_day

TODAY, SHOWN = date(2026, 11, 17), date(2026, 12, 30)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("01/02/2027", date(2027, 2, 1)),
        ("01.02.2027", date(2027, 2, 1)),
        ("2027-02-01", date(2027, 2, 1)),
        ("1/2", date(2026, 2, 1)),
        (" T ", TODAY),
        ("+7", date(2027, 1, 6)),
        ("-30", date(2026, 11, 30)),
        ("31/02/2027", None),
        ("1/2/27", None),
        ("+999999999999", None),
        ("", None),
        ("1/2/3/4/5", None),
        ("soon", None),
    ],
)
def test_a_day_is_read_as_people_type_it(typed: str, day: date | None) -> None:
    assert parse_day(typed, TODAY, SHOWN) == day
