"""Where times stand in the book: rows, lanes, the now line, and how few searches a day takes."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.support.module_web import ModuleWeb
from tests.web_modules.appointments.practice import Practice
from web_modules.appointments.book import Book, make_book
from web_modules.appointments.reading import read_day
from web_modules.fhir.client import FhirClient
from web_modules.fhir.transport import FhirRequest, FhirResponse, Transport

LONDON = ZoneInfo("Europe/London")
TODAY = date(2026, 11, 17)
NOW = datetime(2026, 11, 17, 10, 12, tzinfo=LONDON)
MOST_SEARCHES = 7


class Counting:
    """Hands requests on and counts them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.count = 0

    def send(self, request: FhirRequest) -> FhirResponse:
        """Hand one on."""
        self.count += 1
        return self._transport.send(request)


def book_of(web: ModuleWeb, *, day: date = TODAY, now: datetime = NOW) -> Book:
    return make_book(read_day(web.fhir, day), day, web.services, now)


def test_times_stand_in_rows_of_five_minutes(web: ModuleWeb, practice: Practice, session: str) -> None:
    practice.slot(session, "2026-11-17 08:40", minutes=20)
    practice.slot(session, "2026-11-17 09:00", minutes=15)
    book = book_of(web)
    (column,) = book.columns
    assert [(cell.row, cell.span, cell.lane) for cell in column.cells] == [(3, 4, 1), (7, 3, 1)]
    assert (book.first_minute, book.rows) == (8 * 60 + 30, 12)
    assert [(mark.clock, mark.row) for mark in book.marks] == [
        ("08:30", 1),
        ("08:45", 4),
        ("09:00", 7),
        ("09:15", 10),
    ]


def test_times_that_do_not_fit_the_rows_follow_each_other(
    web: ModuleWeb, practice: Practice, session: str
) -> None:
    for clock in ("09:00", "09:12", "09:24", "09:36", "09:48"):
        practice.slot(session, f"2026-11-17 {clock}", minutes=12)
    (column,) = book_of(web).columns
    assert column.lanes == 1
    ends = [cell.row + cell.span for cell in column.cells]
    assert ends[:-1] == [cell.row for cell in column.cells][1:]


def test_overlapping_times_stand_beside_each_other(web: ModuleWeb, practice: Practice, session: str) -> None:
    for clock in ("09:00", "09:00", "09:15"):
        practice.slot(session, f"2026-11-17 {clock}", minutes=20)
    (column,) = book_of(web).columns
    assert column.lanes == 3
    assert sorted(cell.lane for cell in column.cells) == [1, 2, 3]


def test_sessions_of_one_clinician_share_a_column(web: ModuleWeb, practice: Practice) -> None:
    doctor = practice.clinician("Dr", "Priya", "Nair", "GP")
    for hour in (9, 14):
        practice.slot(practice.schedule(doctor), f"2026-11-17 {hour:02d}:00")
    assert [len(column.cells) for column in book_of(web).columns] == [2]


def test_short_times_make_the_rows_higher(web: ModuleWeb, practice: Practice, session: str) -> None:
    practice.slot(session, "2026-11-17 09:00", minutes=5)
    assert book_of(web).is_fine


def test_a_time_without_length_still_stands_there(web: ModuleWeb, practice: Practice, session: str) -> None:
    practice.slot(session, "2026-11-17 09:00", minutes=0)
    (column,) = book_of(web).columns
    assert column.cells[0].span == 1


@pytest.mark.parametrize(
    ("now", "line"),
    [(NOW, "10:12"), (NOW.replace(hour=7), None), (NOW.replace(hour=20), None)],
)
def test_the_now_line_stands_only_within_todays_book(
    web: ModuleWeb, practice: Practice, session: str, now: datetime, line: str | None
) -> None:
    practice.slot(session, "2026-11-17 10:00", minutes=30)
    practice.slot(session, "2026-11-18 10:00", minutes=30)
    found = book_of(web, now=now).now
    assert (found.clock if found else None) == line
    assert book_of(web, day=date(2026, 11, 18)).now is None


@pytest.mark.hazard("H10")
def test_a_long_name_stands_on_two_lines_and_is_whole(
    web: ModuleWeb, practice: Practice, session: str
) -> None:
    patient = practice.patient("O'Brien-Fitzwilliam-Featherstonehaugh", "Maximiliana Alexandrina")
    practice.booked(session, "2026-11-17 10:00", patient)
    (column,) = book_of(web).columns
    assert column.cells[0].is_long
    text = web.get("appointments?date=2026-11-17").text
    assert "O'BRIEN-FITZWILLIAM-FEATHERSTONEHAUGH, Maximiliana Alexandrina" in text


def test_someone_who_cannot_be_read_is_booked_without_a_name(
    web: ModuleWeb, practice: Practice, session: str
) -> None:
    practice.booked(session, "2026-11-17 10:00", "gone")
    assert "10:00, 15 min, Booked: Booked" in web.get("appointments?date=2026-11-17").text


def test_a_double_booking_is_counted(web: ModuleWeb, practice: Practice, session: str) -> None:
    slot = practice.booked(session, "2026-11-17 10:00", practice.patient("Smith"))
    practice.appointment(slot, [practice.patient("Jones", "Alan")])
    assert book_of(web).counts[0] == "Booked twice 1"


def test_a_full_day_is_read_in_a_few_searches(web: ModuleWeb, practice: Practice) -> None:
    patient = practice.patient("Smith")
    for family in ("Nair", "Okafor", "Lindqvist"):
        schedule = practice.schedule(practice.clinician("Dr", "A", family, "GP"))
        for minute in range(9 * 60, 12 * 60, 15):
            practice.booked(schedule, f"2026-11-17 {minute // 60:02d}:{minute % 60:02d}", patient)
    transport = Counting(web.services.fhir)
    records = read_day(FhirClient(transport), TODAY)
    assert len(records.slots) == 36
    assert transport.count <= MOST_SEARCHES
