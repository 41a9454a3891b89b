"""The rules of FHIR R4 and of the NHS that HL7's JSON Schema misses.

One walk over a resource, led by the element model: nothing empty, gaps in lists only beside an extension,
required primitives, one form of a choice, whole numbers, real days, base64, references to types that are
allowed there, and the `invariants` and `constraints` of the type.
"""

import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from web_modules.fhir_store.definitions import Definitions, TypeFacts
from web_modules.fhir_store.documents import MAXIMUM_DEPTH
from web_modules.fhir_store.elements.model import Element, ElementModel
from web_modules.fhir_store.elements.moments import range_of
from web_modules.fhir_store.refusals import Issue, IssueCode
from web_modules.fhir_store.validation.bindings import BINDINGS
from web_modules.fhir_store.validation.constraints import CONSTRAINTS
from web_modules.fhir_store.validation.forms import Constraint
from web_modules.fhir_store.validation.invariants import INVARIANTS, Invariant
from web_modules.fhir_store.validation.references import NOWHERE, Targets, pointed_type

_WHOLE_NUMBERS: Mapping[str, int] = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}
_LARGEST_WHOLE_NUMBER = 2**31 - 1
_MOMENTS = frozenset({"date", "dateTime", "instant"})
_BASE64 = "base64Binary"
_LOOKED_AT = _MOMENTS | _WHOLE_NUMBERS.keys() | {_BASE64}
_INNER_RESOURCE = "ResourceList"
_TYPE_ADDRESS = "http://hl7.org/fhir/StructureDefinition/"
_INVARIANTS = {**INVARIANTS, **BINDINGS}
_NO_FACTS = TypeFacts(targets={})


@dataclass(frozen=True, slots=True, kw_only=True)
class _TypeRules:
    """What is looked at in a type.

    Attributes:
        elements: by name.
        facts: what HL7 says of them.
        choices: for each `value[x]`, its names, and those of their companions such as `_valueString`.
        plain: names of elements with one value, about which the schema has said everything.
        has_own: whether anything is to be said of the object as a whole.
        invariant: what must hold of it as a whole, if anything.
        constraints: further invariants of HL7's.
    """

    elements: Mapping[str, Element]
    facts: TypeFacts
    choices: tuple[frozenset[str], ...]
    plain: frozenset[str]
    has_own: bool
    invariant: Invariant | None
    constraints: tuple[Constraint, ...]


class RuleCheck:
    """The rules by type, worked out when a type is first met. Safe from every thread."""

    def __init__(self, definitions: Definitions, model: ElementModel) -> None:
        self._definitions = definitions
        self._model = model
        self._known: dict[str, _TypeRules] = {}

    def issues(
        self, node: Mapping[str, Any], type_name: str, where: str, sent_along: Targets = NOWHERE
    ) -> list[Issue]:
        """What is wrong with a resource that fits the schema; its inner resources are not looked into."""
        walk = _Walk(self._known, self._rules, self._definitions.resource_types, sent_along)
        walk.object(node, type_name, (where,), 0)
        return walk.issues

    def _rules(self, type_name: str) -> _TypeRules:
        elements = self._model.elements(type_name)
        facts = self._definitions.facts.get(type_name, _NO_FACTS)
        rules = self._known[type_name] = _TypeRules(
            elements=elements,
            facts=facts,
            choices=tuple(names | {f"_{name}" for name in names} for names in facts.choices),
            plain=frozenset(
                key
                for key, element in elements.items()
                if not element.is_list
                and element.type not in _LOOKED_AT
                and self._model.is_primitive(element.type)
            ),
            has_own=bool(facts.required or facts.choices or facts.required_choices)
            or type_name in _INVARIANTS
            or type_name in CONSTRAINTS,
            invariant=_INVARIANTS.get(type_name),
            constraints=CONSTRAINTS.get(type_name, ()),
        )
        return rules


_Place = tuple["_Place", str] | tuple["_Place", str, int] | tuple[str]
"""Where something is: what is around it, its element, its place in a list; put into words when needed."""


def _within(place: _Place, at: tuple[()] | tuple[str] | tuple[str, int]) -> _Place:
    if not at:
        return place
    return (place, at[0]) if len(at) == 1 else (place, at[0], at[1])


def _path(place: _Place) -> str:
    if len(place) == 1:
        return place[0]
    if len(place) == 2:
        return f"{_path(place[0])}.{place[1]}"
    return f"{_path(place[0])}.{place[1]}[{place[2]}]"


class _Walk:
    """One walk over a resource, and what it found."""

    def __init__(
        self,
        known: Mapping[str, _TypeRules],
        rules: Callable[[str], _TypeRules],
        resource_types: frozenset[str],
        sent_along: Targets,
    ) -> None:
        self._known = known
        self._rules = rules
        self._resource_types = resource_types
        self._sent_along = sent_along
        self.issues: list[Issue] = []

    def object(self, node: Mapping[str, Any], type_name: str, place: _Place, depth: int) -> None:
        """Look at an object and all that is in it."""
        if not node:
            self._found(IssueCode.STRUCTURE, "An object must not be empty; leave it out.", place)
            return
        if depth > MAXIMUM_DEPTH:
            self._found(IssueCode.TOO_COSTLY, "This nests deeper than any record does.", place)
            return
        rules = self._known.get(type_name) or self._rules(type_name)
        elements, targets = rules.elements, rules.facts.targets
        if rules.has_own:
            self._whole(node, rules, place)
        plain = rules.plain
        for key, value in node.items():
            if key in plain and value is not None:
                continue
            element = elements.get(key)
            if element is None:
                if key.startswith("_"):
                    self._companion(node, key, value, place, depth)
                continue
            if element.is_list:
                if not value:
                    self._found(IssueCode.STRUCTURE, "A list must not be empty; leave it out.", (place, key))
                for index, one in enumerate(value):
                    self._value(node, element, one, (place, key, index), depth)
            else:
                self._value(node, element, value, (place, key), depth)
            if element.type == "Reference":
                self._references(targets.get(key), value, place, key)

    def _whole(self, node: Mapping[str, Any], rules: _TypeRules, place: _Place) -> None:
        self._presence(node, rules, place)
        if rules.invariant is not None:
            for broken in rules.invariant(node):
                self._found(broken.code, broken.words, _within(place, broken.at))
        for constraint in rules.constraints:
            if not constraint.holds(node):
                self._found(IssueCode.INVARIANT, constraint.words, place)

    def _found(self, code: IssueCode, words: str, place: _Place) -> None:
        self.issues.append(Issue(code=code, words=words, expression=_path(place)))

    def _value(
        self, owner: Mapping[str, Any], element: Element, value: Any, place: _Place, depth: int
    ) -> None:
        if isinstance(value, dict):
            if element.type != _INNER_RESOURCE:
                self.object(value, element.type, place, depth + 1)
        elif value is None:
            if not _has_companion(owner, element.key, place[2] if len(place) == 3 else None):
                self._found(IssueCode.STRUCTURE, "A value is missing here; leave the place out.", place)
        elif element.type in _MOMENTS:
            try:
                range_of(value)
            except ValueError:
                self._found(IssueCode.VALUE, "There is no such day or time.", place)
        elif element.type in _WHOLE_NUMBERS:
            lowest = _WHOLE_NUMBERS[element.type]
            if isinstance(value, Decimal) or not lowest <= value <= _LARGEST_WHOLE_NUMBER:
                words = f"This must be a whole number from {lowest} to {_LARGEST_WHOLE_NUMBER}."
                self._found(IssueCode.VALUE, words, place)
        elif element.type == _BASE64 and not _is_base64(value):
            self._found(IssueCode.VALUE, "This is not base64.", place)

    def _presence(self, node: Mapping[str, Any], rules: _TypeRules, place: _Place) -> None:
        for name in rules.facts.required:
            if name not in node and f"_{name}" not in node:
                self._found(IssueCode.REQUIRED, f"The element `{name}` is required and missing.", place)
        for names in rules.choices:
            there = [name for name in node if name in names]
            if len(there) > 1 and len({name.removeprefix("_") for name in there}) > 1:
                self._found(IssueCode.STRUCTURE, f"Only one of {', '.join(there)} may be there.", place)
        for required in rules.facts.required_choices:
            if not any(name in node or f"_{name}" in node for name in required):
                self._found(IssueCode.REQUIRED, f"One of {', '.join(required[:8])} is required.", place)

    def _companion(self, owner: Mapping[str, Any], key: str, value: Any, place: _Place, depth: int) -> None:
        name = key[1:]
        beside = owner.get(name)
        if isinstance(value, list) and isinstance(beside, list) and len(value) != len(beside):
            words = f"`{name}` and `{key}` must have the same number of places."
            self._found(IssueCode.STRUCTURE, words, (place, name))
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                self.object(part, "Element", (place, name), depth + 1)

    def _references(self, allowed: frozenset[str] | None, value: Any, place: _Place, key: str) -> None:
        for index, reference in enumerate(value if isinstance(value, list) else (value,)):
            if not isinstance(reference, dict):
                continue
            kind, address, stated = None, reference.get("reference"), reference.get("type")
            at: _Place = (place, key, index) if isinstance(value, list) else (place, key)
            if address is not None:
                try:
                    kind = pointed_type(address, self._sent_along, self._resource_types)
                except ValueError as error:
                    self._found(IssueCode.VALUE, str(error), (at, "reference"))
                else:
                    self._allowed(kind, allowed, (at, "reference"))
            elif len(reference) == 1 and "id" in reference:
                self._found(IssueCode.INVARIANT, "This reference points nowhere.", at)
            if stated is not None:
                stated = stated.removeprefix(_TYPE_ADDRESS)
                self._allowed(stated, allowed, (at, "type"))
                if kind is not None and stated != kind:
                    self._found(IssueCode.VALUE, f"The reference is to a {kind}, not to this.", (at, "type"))

    def _allowed(self, kind: str | None, allowed: frozenset[str] | None, place: _Place) -> None:
        if allowed is not None and kind in self._resource_types and kind not in allowed:
            words = f"A reference to {kind} is not allowed here, only to {', '.join(sorted(allowed))}."
            self._found(IssueCode.VALUE, words, place)


def _has_companion(owner: Mapping[str, Any], key: str, index: int | None) -> bool:
    beside = owner.get(f"_{key}")
    if index is None or not isinstance(beside, list):
        return isinstance(beside, dict)
    return index < len(beside) and beside[index] is not None


def _is_base64(text: str) -> bool:
    try:
        binascii.a2b_base64("".join(text.split()), strict_mode=True)
    except ValueError:
        return False
    return True
