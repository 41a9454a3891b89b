"""Whether a side says of a patient that they are somebody else: then a person looks before anything travels.

A record that is written over with another person's details, by mistake or by a program, looks like a few
edits of one side, each of which would be carried for itself.
"""

from collections.abc import Sequence
from typing import Final

from legacy_bridge.merge.policy import IDENTITY, UNITS, Unit, fields_of
from legacy_bridge.records import Agreed, Fields, Kind, Value
from legacy_bridge.sides.links import Conflict

_MARKS: Final = (("nhs_number",), ("given", "family"), ("birth_date",), ("sex",))
"""What tells people apart; of a name both parts, for many change one of them."""
_ENOUGH: Final = 2


def units_for(kind: Kind, base: Agreed, legacy: Fields, cloud: Fields) -> Sequence[Unit]:
    """The units of a record, by what was agreed on and what each side says now.

    Where nobody knows what was agreed on (the journal was lost), the sides are held against each other.
    """
    if kind is not Kind.PATIENT or not (
        is_somebody_else({**cloud, **base}, legacy) or is_somebody_else({**legacy, **base}, cloud)
    ):
        return UNITS[kind]
    return (*(one for one in UNITS[kind] if not set(one.fields) <= set(IDENTITY.fields)), IDENTITY)


def is_somebody_else(base: Agreed, said: Fields) -> bool:
    """Whether a side says that a patient is another person than was agreed on.

    What is entered for the first time, or removed, makes nobody another person.
    """
    return sum(all(_is_other(base.get(name), said.get(name)) for name in mark) for mark in _MARKS) >= _ENOUGH


def told_fields(kind: Kind, said: Conflict) -> tuple[str, ...]:
    """The fields of a conflict that people are told of; none of what is about a record as a whole.

    Of who somebody is, only what differs: that is what they have to see.
    """
    fields = fields_of(kind, said.unit)
    if said.unit != IDENTITY.name:
        return fields
    return tuple(name for name in fields if said.legacy.get(name) != said.cloud.get(name))


def _is_other(before: Value | None, now: Value | None) -> bool:
    if before is None or now is None:
        return False
    return str(before).casefold() != str(now).casefold()
