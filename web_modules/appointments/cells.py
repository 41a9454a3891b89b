"""One time of the book: where it stands, what it is, and who is in it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from web_modules.appointments.reading import participants
from web_modules.appointments.states import (
    State,
    is_active,
    slot_type,
    state_of_appointment,
    state_of_slot,
)
from web_modules.fhir.client import version_of
from web_modules.fhir.resource_json import Resource
from web_modules.pages.patient import ShownPatient
from web_modules.pages.words import PRACTICE_ZONE

MINUTES_A_ROW = 5
"""The book's grid; a time that does not fit is drawn at the nearest row and says its own minutes."""

_ONE_LINE = 30
"""Letters of a name; a longer one takes the room of what else would stand in its time."""

_TWO_LINES = 60
"""Letters of a name; a longer one is written small, as it would not fit into a quarter of an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupant:
    """Somebody's appointment in a time.

    Attributes:
        id: of the Appointment.
        version: of the Appointment.
        state: what became of it.
        patient: who, or None when the person must not or cannot be shown.
        reason: why, or empty.
        made: when it was booked, ISO 8601, or empty.
    """

    id: str
    version: str
    state: State
    patient: ShownPatient | None
    reason: str
    made: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A time in the book.

    Attributes:
        id: of the Slot.
        version: of the Slot.
        schedule: the id of its Schedule.
        state: what it is.
        starts: aware, at the practice.
        recorded_start: the Slot's own words for it.
        minutes: how long.
        kind: what kind of time, in the practice's words, or empty.
        occupants: who is in it; more than one is a mistake that is shown.
        lane: 1, or beside which other one it stands, when times overlap.
        row: of the grid, from 1.
        span: rows.
    """

    id: str
    version: str
    schedule: str
    state: State
    starts: datetime
    recorded_start: str
    minutes: int
    kind: str
    occupants: tuple[Occupant, ...] = ()
    lane: int = 1
    row: int = 1
    span: int = 1

    @property
    def clock(self) -> str:
        """When it begins, such as 10:15."""
        return f"{self.starts:%H:%M}"

    @property
    def minute(self) -> int:
        """When it begins, in minutes of the day."""
        return self.starts.hour * 60 + self.starts.minute

    @property
    def is_double(self) -> bool:
        """Whether two appointments claim this time."""
        return sum(one.state is not State.CANCELLED for one in self.occupants) > 1

    @property
    def words(self) -> str:
        """What stands in a time in which nobody is shown."""
        match self.state:
            case State.FREE:
                return f"Free · {self.minutes} min"
            case State.ON_THE_DAY:
                return f"On the day · {self.clock}"
            case State.BLOCKED:
                return self.state.words
            case _:
                return "Booked"

    @property
    def is_long(self) -> bool:
        """Whether the name wants two lines; it is never cut."""
        return self._letters > _ONE_LINE

    @property
    def is_very_long(self) -> bool:
        """Whether not even two lines hold the name."""
        return self._letters > _TWO_LINES

    def is_short(self, is_fine: bool) -> bool:
        """Whether only one line fits."""
        return self.span < (2 if is_fine else 3)

    @property
    def _letters(self) -> int:
        return max((len(one.patient.name.short) for one in self.occupants if one.patient), default=0)

    def occupant_of(self, patient: str) -> Occupant | None:
        """A patient's appointment here, if there is one."""
        return next((one for one in self.occupants if one.patient and one.patient.id == patient), None)


def cell_of(
    slot: Resource, appointments: Sequence[Resource], patients: Mapping[str, ShownPatient], day: date
) -> Cell | None:
    """A slot with the appointments that name it; None when it is not at any time of that day."""
    starts, ends = (_moment(slot.get(element)) for element in ("start", "end"))
    if starts is None or starts.date() != day:
        return None
    minutes = max(0, round((ends - starts).total_seconds() / 60)) if ends else 0
    standing = [one for one in appointments if is_active(one)]
    ended = [one for one in appointments if one.get("status") == "cancelled"]
    state = state_of_slot(slot)
    shown = standing
    if not standing and state is State.BLOCKED:
        shown = ended[-1:]  # the patient cancelled and the time was not given back
    occupants = tuple(occupant_of(one, patients) for one in shown)
    return Cell(
        id=str(slot["id"]),
        version=version_of(slot),
        schedule=str((slot.get("schedule") or {}).get("reference", "")).rpartition("/")[2],
        state=occupants[0].state if occupants else state,
        starts=starts,
        recorded_start=str(slot["start"]),
        minutes=minutes,
        kind=slot_type(slot),
        occupants=occupants,
    )


def occupant_of(appointment: Mapping[str, Any], patients: Mapping[str, ShownPatient]) -> Occupant:
    """An appointment as it stands in its time."""
    found = (patients.get(one) for one in participants(appointment, "Patient"))
    return Occupant(
        id=str(appointment["id"]),
        version=str(appointment["meta"]["versionId"]),
        state=state_of_appointment(appointment),
        patient=next((one for one in found if one is not None), None),
        reason=str(appointment.get("description") or "").strip(),
        made=str(appointment.get("created") or ""),
    )


def placed(cells: Sequence[Cell], first_minute: int) -> tuple[tuple[Cell, ...], int]:
    """Give each cell its rows and, where times overlap, its lane; answer how many lanes there are."""
    ends_of_lane: list[int] = []
    done: list[Cell] = []
    for cell in sorted(cells, key=lambda one: (one.starts, one.id)):
        row = 1 + round((cell.minute - first_minute) / MINUTES_A_ROW)
        span = max(1, 1 + round((cell.minute + cell.minutes - first_minute) / MINUTES_A_ROW) - row)
        lane = next((at for at, end in enumerate(ends_of_lane) if end <= row), len(ends_of_lane))
        ends_of_lane[lane : lane + 1] = [row + span]
        done.append(replace(cell, row=row, span=span, lane=lane + 1))
    return tuple(done), max(1, len(ends_of_lane))


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(PRACTICE_ZONE)
    except ValueError:
        return None
