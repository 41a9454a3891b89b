"""What a time in the book can be, in words, with an icon: never told apart by colour alone. Pure."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

ON_THE_DAY = "on the day"
"""A slot type that holds a time back for today's calls."""


class State(Enum):
    """What a time in the book is; the value names its style."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    IN = "in"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"
    FREE = "free"
    ON_THE_DAY = "held"
    BLOCKED = "blocked"

    @property
    def words(self) -> str:
        """As a person says it."""
        return _WORDS[self][0]

    @property
    def icon(self) -> str:
        """The name of its icon, or empty."""
        return _WORDS[self][1]

    @property
    def is_open(self) -> bool:
        """Whether somebody can be booked."""
        return self in {State.FREE, State.ON_THE_DAY}

    @property
    def is_told(self) -> bool:
        """Whether the state is worth a line of its own under the name; else the reason stands there."""
        return self in {State.ARRIVED, State.IN, State.MISSED, State.CANCELLED}


_WORDS: Mapping[State, tuple[str, str]] = {
    State.BOOKED: ("Booked", ""),
    State.ARRIVED: ("Arrived", "arrived"),
    State.IN: ("Sent in", "in"),
    State.DONE: ("Done", "done"),
    State.MISSED: ("Did not attend", "missed"),
    State.CANCELLED: ("Cancelled", "missed"),
    State.FREE: ("Free", ""),
    State.ON_THE_DAY: ("On the day", ""),
    State.BLOCKED: ("Blocked", ""),
}

_OF_APPOINTMENT: Mapping[str, State] = {
    "arrived": State.ARRIVED,
    "checked-in": State.IN,
    "fulfilled": State.DONE,
    "noshow": State.MISSED,
    "cancelled": State.CANCELLED,
}
_NOT_ACTIVE = frozenset({"cancelled", "entered-in-error"})


def is_active(appointment: Mapping[str, Any]) -> bool:
    """Whether an appointment stands."""
    return appointment.get("status") not in _NOT_ACTIVE


def state_of_appointment(appointment: Mapping[str, Any]) -> State:
    """What an appointment makes of its time; proposed, pending and waiting ones are booked."""
    return _OF_APPOINTMENT.get(str(appointment.get("status")), State.BOOKED)


def state_of_slot(slot: Mapping[str, Any]) -> State:
    """What a slot is in which nobody is shown; a busy one is booked for somebody who is not shown."""
    match slot.get("status"):
        case "free":
            return State.ON_THE_DAY if slot_type(slot).lower() == ON_THE_DAY else State.FREE
        case "busy-unavailable":
            return State.BLOCKED
        case _:
            return State.BOOKED


def slot_type(slot: Mapping[str, Any]) -> str:
    """What kind of time a slot is, in the practice's words, or empty."""
    kinds = [slot.get("appointmentType"), *(slot.get("serviceType") or [])]
    for kind in kinds:
        codings = (kind or {}).get("coding") or [{}]
        text = (kind or {}).get("text") or codings[0].get("display")
        if text:
            return str(text).strip()
    return ""
