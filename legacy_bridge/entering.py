"""Reads a value that a person enters in place of both sides', by the rules of its field's mapping."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from legacy_bridge.errors import RecordRefused, SettingsWrong
from legacy_bridge.mapping.catalogue import catalogue
from legacy_bridge.merge.policy import IDENTITY, fields_of
from legacy_bridge.records import Agreed, PartialDate, Quantity, Value
from legacy_bridge.sides.listings import ListedConflict

_NOT_TYPED: Final = "cannot be typed here: make one screen say what is right, and keep that side."


def entered(found: ListedConflict, values: Sequence[str], ods: str) -> Agreed:
    """The values of every field of a conflict; an empty text is an empty field.

    Raises:
        SettingsWrong: a value does not fit its field.
    """
    names = fields_of(found.link.kind, found.conflict.unit)
    if not names:
        raise SettingsWrong("This is about a record as a whole: keep one side.")
    is_alone = len(names) == len(values) == 1
    texts = {names[0]: values[0]} if is_alone else _by_name(names, values)
    known = [found.conflict.legacy, found.conflict.cloud, found.conflict.base]
    samples = {
        name: next((side[name] for side in known if side.get(name) is not None), None) for name in names
    }
    taken = {name: _read(name, text, samples[name]) for name, text in texts.items()}
    for name in set(names) - set(taken):  # what was not named is as both sides have it
        if found.conflict.legacy.get(name) != found.conflict.cloud.get(name):
            raise SettingsWrong(f"Both sides differ in {name}, too: give {name}=value.")
        taken[name] = found.conflict.legacy.get(name)
    fields = {one.name: one for one in catalogue(ods)[found.link.kind].fields}
    for name, value in taken.items():
        write = fields[name].to_columns
        if write is None:
            raise SettingsWrong(f"The bridge never writes {name}: make one screen say what is right.")
        try:
            write(value)
        except RecordRefused as refused:
            raise SettingsWrong(str(refused)) from refused
    return taken


def enterable(found: ListedConflict, ods: str) -> tuple[str, ...]:
    """The fields of a conflict for which a third value may be typed; none where one of them cannot be."""
    names = fields_of(found.link.kind, found.conflict.unit)
    if found.conflict.unit == IDENTITY.name:  # who somebody is is one side's, or is put right on a screen
        return ()
    writers = {one.name: one.to_columns for one in catalogue(ods)[found.link.kind].fields}
    sides = (found.conflict.legacy, found.conflict.cloud, found.conflict.base)
    values = [side[name] for side in sides for name in names if side.get(name) is not None]
    is_typed = all(type(value) is str or isinstance(value, PartialDate | Quantity) for value in values)
    return names if is_typed and all(writers.get(name) is not None for name in names) else ()


def _by_name(names: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    found = dict(one.split("=", 1) for one in values if "=" in one)
    if len(found) != len(values) or not set(found) <= set(names):
        raise SettingsWrong(f"Give name=value; the names are {', '.join(names)}.")
    return found


def _read(name: str, text: str, sample: Value | None) -> Value | None:
    if not text.strip():
        return None
    try:
        if isinstance(sample, PartialDate):
            return PartialDate.parse(text)
        if isinstance(sample, Quantity):
            number, _, unit = text.partition(" ")
            return Quantity(number=format(Decimal(number), "f"), unit=unit or None)
    except (RecordRefused, ArithmeticError) as error:
        raise SettingsWrong(f"The value of {name} is not written as the others are.") from error
    if sample is None or type(sample) is str:
        return text
    raise SettingsWrong(f"The value of {name} {_NOT_TYPED}")
