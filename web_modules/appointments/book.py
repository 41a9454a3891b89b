"""A day's book: a column for each clinician, the times below it, and what the day counts. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from web_modules.appointments.cells import MINUTES_A_ROW, Cell, cell_of, placed
from web_modules.appointments.reading import DayRecords, id_of
from web_modules.appointments.states import State
from web_modules.fhir.resource_json import Resource
from web_modules.identity.services import Services
from web_modules.pages.patient import person_words, shown_patient
from web_modules.pages.words import long_day_words

_MARK_MINUTES = 15
_EDGE_MINUTES = 30
_FINE_BELOW_MINUTES = 10
"""Shorter times are drawn twice as high, or a name would not fit."""

_COUNTED = (State.BOOKED, State.ARRIVED, State.IN, State.DONE, State.MISSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The times of one clinician, or of several who work together.

    Attributes:
        id: names it within the page.
        title: such as Dr Priya Nair.
        detail: role and place.
        cells: in order of time.
        lanes: how many stand beside each other where times overlap.
    """

    id: str
    title: str
    detail: str
    cells: tuple[Cell, ...]
    lanes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeMark:
    """A time at the book's edge."""

    clock: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A day's book.

    Attributes:
        day: which.
        columns: by name of the clinician.
        marks: the times at the edge.
        first_minute: of the day, at which the grid begins.
        rows: of the grid.
        is_fine: whether rows are drawn twice as high.
        is_today: whether the now line belongs here.
        now: where the now line stands, or None when the day is another or the hour outside the book.
        counts: what the day counts, in words, in order.
        entry: the slot with which the keys begin: the next one today, else the day's first; or empty.
    """

    day: date
    columns: tuple[Column, ...]
    marks: tuple[TimeMark, ...]
    first_minute: int
    rows: int
    is_fine: bool
    is_today: bool
    now: TimeMark | None
    counts: tuple[str, ...]
    entry: str

    @property
    def title(self) -> str:
        """Such as Tuesday 17 November 2026."""
        return long_day_words(self.day)

    @property
    def before(self) -> str:
        """The day before, ISO 8601."""
        return (self.day - timedelta(days=1)).isoformat()

    @property
    def after(self) -> str:
        """The day after, ISO 8601."""
        return (self.day + timedelta(days=1)).isoformat()

    def cell(self, slot: str) -> tuple[Column, Cell] | None:
        """A time by its slot's id."""
        found = ((column, cell) for column in self.columns for cell in column.cells if cell.id == slot)
        return next(found, None)

    def first_of(self, patient: str) -> str:
        """The slot of a patient's first appointment that is still to come, else the first; or empty."""
        mine = [cell for column in self.columns for cell in column.cells if cell.occupant_of(patient)]
        mine.sort(key=lambda cell: (cell.state in {State.DONE, State.MISSED, State.CANCELLED}, cell.starts))
        return mine[0].id if mine else ""


def make_book(records: DayRecords, day: date, services: Services, now: datetime) -> Book:
    """Make the book of a day.

    Args:
        records: of that day.
        day: which.
        services: the practice.
        now: aware, at the practice; its hour and minute place the now line.
    """
    today = services.today()
    patients = {
        one: shown_patient(found, services.practice, today) for one, found in records.patients.items()
    }
    of_slot: dict[str, list[Resource]] = defaultdict(list)
    for appointment in sorted(records.appointments, key=lambda one: str(one.get("created", ""))):
        for reference in appointment.get("slot") or []:
            of_slot[id_of(reference, "Slot")].append(appointment)
    made = (cell_of(slot, of_slot[slot["id"]], patients, day) for slot in records.slots)
    cells = [cell for cell in made if cell is not None]
    first, last = _edges(cells)
    columns = _columns(cells, records, first, services.practice_name)
    minute = now.hour * 60 + now.minute
    is_now = day == today and first <= minute < last
    return Book(
        day=day,
        columns=columns,
        marks=tuple(_mark(at, first) for at in range(first, last, _MARK_MINUTES)),
        first_minute=first,
        rows=(last - first) // MINUTES_A_ROW,
        is_fine=any(0 < cell.minutes < _FINE_BELOW_MINUTES for cell in cells),
        is_today=day == today,
        now=_mark(minute, first) if is_now else None,
        counts=_counts(cells),
        entry=_entry(cells, minute if day == today else 0),
    )


def _entry(cells: Sequence[Cell], minute: int) -> str:
    in_time = sorted(cells, key=lambda cell: (cell.minute < minute, cell.starts, cell.id))
    return in_time[0].id if in_time else ""


def _edges(cells: Sequence[Cell]) -> tuple[int, int]:
    if not cells:
        return 0, 0
    first = min(cell.minute for cell in cells) // _EDGE_MINUTES * _EDGE_MINUTES
    last = max(cell.minute + max(cell.minutes, MINUTES_A_ROW) for cell in cells)
    return first, -(-last // _EDGE_MINUTES) * _EDGE_MINUTES


def _mark(minute: int, first: int) -> TimeMark:
    return TimeMark(clock=f"{minute // 60:02d}:{minute % 60:02d}", row=1 + (minute - first) // MINUTES_A_ROW)


def _columns(
    cells: Sequence[Cell], records: DayRecords, first_minute: int, practice_name: str
) -> tuple[Column, ...]:
    grouped: dict[tuple[str, ...], list[Cell]] = defaultdict(list)
    for cell in cells:
        schedule = records.schedules.get(cell.schedule, {})
        actors = (id_of(one, "Practitioner") for one in schedule.get("actor") or [])
        grouped[tuple(one for one in actors if one) or ("", cell.schedule)].append(cell)
    made: list[tuple[tuple[int, str], Column]] = []
    for key, mine in grouped.items():
        title = " and ".join(
            person_words(records.people[one].get("name", [])) for one in key if one in records.people
        )
        schedules = [
            records.schedules[one] for one in {cell.schedule for cell in mine} if one in records.schedules
        ]
        comments = sorted({str(one.get("comment") or "") for one in schedules} - {""})
        done, lanes = placed(mine, first_minute)
        role = _role(records, key)
        column = Column(
            id="-".join(one for one in key if one) or "other",
            title=title or " and ".join(comments) or "Nobody named",
            detail=" · ".join(one for one in (role, _place(records, schedules, practice_name)) if one),
            cells=done,
            lanes=lanes,
        )
        made.append(((_rank(column), column.title), column))
    return tuple(column for _, column in sorted(made, key=lambda one: one[0]))


def _rank(column: Column) -> int:
    """Doctors stand first, as in the practice's own book."""
    return 0 if column.title.startswith("Dr ") else 1


def _role(records: DayRecords, people: Sequence[str]) -> str:
    found = (records.roles.get(one, {}).get("code") or [{}] for one in people)
    words = (str(codes[0].get("text") or _first_display(codes[0])) for codes in found)
    return " and ".join(dict.fromkeys(one for one in words if one))


def _first_display(concept: Mapping[str, Any]) -> str:
    return str((concept.get("coding") or [{}])[0].get("display") or "")


def _place(records: DayRecords, schedules: Sequence[Resource], practice_name: str) -> str:
    """Where the sessions are; the practice's own name above each column would tell nothing."""
    found = (id_of(one, "Location") for schedule in schedules for one in schedule.get("actor") or [])
    names = {str(records.places[one].get("name") or "") for one in found if one in records.places}
    return " and ".join(sorted(names - {"", practice_name}))


def _counts(cells: Sequence[Cell]) -> tuple[str, ...]:
    counted = Counter(cell.state for cell in cells)
    free = counted[State.FREE] + counted[State.ON_THE_DAY]
    told = [f"{state.words} {counted[state]}" for state in _COUNTED if counted[state]]
    twice = sum(cell.is_double for cell in cells)
    if twice:
        told.insert(0, f"Booked twice {twice}")
    return (*told, f"Free {free}")
