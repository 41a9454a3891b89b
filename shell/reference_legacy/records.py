"""What the screens show, as values read at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from shell.reference_legacy.plain_text import plain_line

EDITABLE: tuple[str, ...] = (
    "HomePhone",
    "MobilePhone",
    "EmailAddress",
    "HouseNameFlatNumber",
    "NumberAndStreet",
    "Village",
    "Town",
    "County",
    "Postcode",
    "Title",
    "GivenName",
    "MiddleNames",
    "Surname",
)
"""The columns of a patient that may be typed over, in the order of the Tab key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """The practice whose rows are shown."""

    guid: str
    name: str
    ods: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A patient's row as it was read.

    Attributes:
        guid: the row's key within the practice.
        number: the practice's own number, None when the row has none.
        stored: the editable columns exactly as stored, None where empty.
    """

    guid: str
    number: int | None
    nhs_number: str
    sex: str
    born: date | None
    died: date | None
    registered: date | None
    registration: str
    usual_gp: str
    stored: Mapping[str, str | None]

    @property
    def spoken_number(self) -> str:
        """The number as the title says it."""
        return "(no number)" if self.number is None else str(self.number)

    @property
    def name(self) -> str:
        """Surname in capitals, given name, title, in one line."""
        surname, given, title = (self.stored.get(key) or "" for key in ("Surname", "GivenName", "Title"))
        return plain_line(" ".join(part for part in (surname.upper(), given, title) if part))

    def age(self, today: date) -> str:
        """Whole years on a day, or at death; empty when the birth date is not known."""
        if self.born is None:
            return ""
        day = self.died or today
        years = day.year - self.born.year - ((day.month, day.day) < (self.born.month, self.born.day))
        return str(years) if years >= 0 else ""


class SlotState(StrEnum):
    """What a slot is; the value is the letter of the S column."""

    FREE = ""
    BOOKED = "B"
    ARRIVED = "A"
    SENT_IN = "I"
    LEFT = "L"
    DID_NOT_ATTEND = "D"
    CANCELLED = "C"
    BLOCKED = "x"


STATE_WORDS: Mapping[SlotState, str] = {
    SlotState.FREE: "Free",
    SlotState.BOOKED: "B - Booked",
    SlotState.ARRIVED: "A - Arrived",
    SlotState.SENT_IN: "I - Sent in",
    SlotState.LEFT: "L - Left",
    SlotState.DID_NOT_ATTEND: "D - Did not attend",
    SlotState.CANCELLED: "C - Cancelled",
    SlotState.BLOCKED: "x - Blocked",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One slot of the book as it was read.

    Attributes:
        guid: the row's key within the practice.
        status: SlotStatus exactly as stored.
        patient_guid: PatientGuid exactly as stored; empty or None for nobody.
        patient_name: who is booked, in one line; empty for nobody.
    """

    guid: str
    session_guid: str
    day: date
    starts: time
    minutes: int
    state: SlotState
    status: str | None
    slot_type: str
    patient_guid: str | None
    patient_name: str
    patient_number: int | None
    booked_on: date | None
    booked_at: time | None
    booking_method: str
    sent_in_at: time | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session of a day: who works, where, when."""

    guid: str
    description: str
    clinicians: tuple[str, ...]
    starts: time | None
    ends: time | None
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBook:
    """All sessions and slots of one day.

    Attributes:
        clinicians: column headings by key; a key is the staff of a session.
    """

    day: date
    sessions: tuple[Session, ...]
    slots: tuple[Slot, ...]
    clinicians: Mapping[tuple[str, ...], str]
