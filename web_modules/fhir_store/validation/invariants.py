"""What must hold of an object as a whole, by its type: HL7's invariants, and the rules of the NHS."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nhs_number.validate import is_valid

from web_modules.fhir.systems import CONFIDENTIALITY, NHS_NUMBER
from web_modules.fhir_store.elements.labels import CODES, is_unreadable
from web_modules.fhir_store.elements.moments import range_of
from web_modules.fhir_store.refusals import IssueCode
from web_modules.fhir_store.validation.narrative import wrong_in_narrative

_VALUE = re.compile("_?value[A-Z]")
_CONTACT_PARTS = frozenset({"name", "telecom", "address", "organization"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A rule that an object breaks.

    Attributes:
        code: the kind of issue.
        words: a sentence for a person; never a value out of the record.
        at: the element that is wrong, and its place in a list; empty for the object itself.
    """

    code: IssueCode
    words: str
    at: tuple[()] | tuple[str] | tuple[str, int] = ()


Invariant = Callable[[Mapping[str, Any]], Iterator[Broken]]
"""Tells what is broken in an object that fits the schema."""


def _invariant(words: str) -> Broken:
    return Broken(code=IssueCode.INVARIANT, words=words)


def _contact(node: Mapping[str, Any]) -> Iterator[Broken]:
    if _CONTACT_PARTS.isdisjoint(node):
        yield _invariant("A contact needs a name, a telecom, an address or an organization.")


def _extension(node: Mapping[str, Any]) -> Iterator[Broken]:
    has_value = any(map(_VALUE.match, node))
    if has_value is ("extension" in node):
        yield _invariant("An extension has either a value or further extensions; not both, and not neither.")


def _identifier(node: Mapping[str, Any]) -> Iterator[Broken]:
    value = node.get("value")
    if node.get("system") != NHS_NUMBER or value is None:
        return
    if len(value) != 10 or not value.isascii() or not value.isdigit() or not is_valid(value):
        words = "This is not an NHS number: ten digits, of which the last checks the others."
        yield Broken(code=IssueCode.VALUE, words=words, at=("value",))


def _meta(node: Mapping[str, Any]) -> Iterator[Broken]:
    for index, label in enumerate(node.get("security", ())):
        words = _wrong_in_label(label)
        if words is not None:
            yield Broken(code=IssueCode.CODE_INVALID, words=words, at=("security", index))


def _wrong_in_label(label: Mapping[str, Any]) -> str | None:
    """Why it cannot be told whether a label hides a record: one that might and would not is refused."""
    if not is_unreadable(label):
        return None
    system = label.get("system")
    if not system:
        return "A security label names its system; without it nobody can tell whether it hides the record."
    if system != CONFIDENTIALITY:
        return f"A label of confidentiality has the system {CONFIDENTIALITY}."
    return f"A label of confidentiality is one of {', '.join(sorted(CODES))}."


def _narrative(node: Mapping[str, Any]) -> Iterator[Broken]:
    words = wrong_in_narrative(node.get("div", ""))
    if words is not None:
        yield Broken(code=IssueCode.INVARIANT, words=words, at=("div",))


def _period(node: Mapping[str, Any]) -> Iterator[Broken]:
    if not {"start", "end"} <= node.keys():
        return
    try:
        is_backwards = range_of(node["start"]).low >= range_of(node["end"]).high
    except ValueError:  # there is no such day, of which the walk tells
        return
    if is_backwards:
        yield _invariant("A period must not end before it starts.")


INVARIANTS: Mapping[str, Invariant] = {
    "Extension": _extension,
    "Identifier": _identifier,
    "Meta": _meta,
    "Narrative": _narrative,
    "Patient_Contact": _contact,
    "Period": _period,
}
"""ext-1, pat-1, per-1 and txt-1 of FHIR R4, labels that access goes by, and NHS numbers."""
