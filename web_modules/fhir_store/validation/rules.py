"""The rules of FHIR R4 and of the NHS that HL7's JSON Schema misses.

One walk over a resource, led by the element model: nothing empty, gaps in lists only beside an extension,
required primitives, one form of a choice, whole numbers, real days, references to types that are allowed
there, valid NHS numbers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from nhs_number.validate import is_valid

from web_modules.fhir.systems import CONFIDENTIALITY, NHS_NUMBER
from web_modules.fhir_store.access import OPEN_LABELS, RESTRICTED_LABELS
from web_modules.fhir_store.definitions import Definitions, TypeFacts
from web_modules.fhir_store.documents import MAXIMUM_DEPTH
from web_modules.fhir_store.elements.model import Element, ElementModel
from web_modules.fhir_store.elements.moments import range_of
from web_modules.fhir_store.refusals import Issue, IssueCode

_WHOLE_NUMBERS: Mapping[str, int] = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}
_LARGEST_WHOLE_NUMBER = 2**31 - 1
_MOMENTS = frozenset({"date", "dateTime", "instant"})
_LOOKED_AT = _MOMENTS | _WHOLE_NUMBERS.keys()
_INNER_RESOURCE = "ResourceList"
_CONFIDENTIALITY_CODES = OPEN_LABELS | RESTRICTED_LABELS
_WITH_RULES = frozenset({"Identifier", "Meta", "Reference"})
_NO_FACTS = TypeFacts(targets={})


@dataclass(frozen=True, slots=True, kw_only=True)
class _TypeRules:
    """What is looked at in a type.

    Attributes:
        elements: by name.
        facts: what HL7 says of them.
        plain: names of elements with one value, about which the schema has said everything.
        has_own: whether anything is to be said of the object as a whole.
    """

    elements: Mapping[str, Element]
    facts: TypeFacts
    plain: frozenset[str]
    has_own: bool


class RuleCheck:
    """The rules by type, worked out when a type is first met. Safe from every thread."""

    def __init__(self, definitions: Definitions, model: ElementModel) -> None:
        self._definitions = definitions
        self._model = model
        self._known: dict[str, _TypeRules] = {}

    def issues(self, node: Mapping[str, Any], type_name: str, where: str) -> list[Issue]:
        """What is wrong with a resource that fits the schema; its inner resources are not looked into."""
        walk = _Walk(self._rules, self._definitions.resource_types)
        walk.object(node, type_name, (where,), 0)
        return walk.issues

    def _rules(self, type_name: str) -> _TypeRules:
        rules = self._known.get(type_name)
        if rules is None:
            elements = self._model.elements(type_name)
            facts = self._definitions.facts.get(type_name, _NO_FACTS)
            rules = self._known[type_name] = _TypeRules(
                elements=elements,
                facts=facts,
                plain=frozenset(
                    key
                    for key, element in elements.items()
                    if not element.is_list
                    and element.type not in _LOOKED_AT
                    and self._model.is_primitive(element.type)
                ),
                has_own=bool(facts.required or facts.choices or facts.required_choices)
                or type_name in _WITH_RULES,
            )
        return rules


_Place = tuple["_Place", str] | tuple["_Place", str, int] | tuple[str]
"""Where something is: what is around it, its element, its place in a list; put into words when needed."""


def _path(place: _Place) -> str:
    if len(place) == 1:
        return place[0]
    if len(place) == 2:
        return f"{_path(place[0])}.{place[1]}"
    return f"{_path(place[0])}.{place[1]}[{place[2]}]"


class _Walk:
    """One walk over a resource, and what it found."""

    def __init__(self, rules: Callable[[str], _TypeRules], resource_types: frozenset[str]) -> None:
        self._rules = rules
        self._resource_types = resource_types
        self.issues: list[Issue] = []

    def object(self, node: Mapping[str, Any], type_name: str, place: _Place, depth: int) -> None:
        """Look at an object and all that is in it."""
        if not node:
            self._found(IssueCode.STRUCTURE, "An object must not be empty; leave it out.", place)
            return
        if depth > MAXIMUM_DEPTH:
            self._found(IssueCode.TOO_COSTLY, "This nests deeper than any record does.", place)
            return
        rules = self._rules(type_name)
        elements, targets = rules.elements, rules.facts.targets
        if rules.has_own:
            self._presence(node, rules.facts, place)
            self._own_rules(node, type_name, place)
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
            if element.type == "Reference" and key in targets:
                self._targets(targets[key], value, place, key)

    def _own_rules(self, node: Mapping[str, Any], type_name: str, place: _Place) -> None:
        if type_name == "Identifier":
            self._nhs_number(node, place)
        elif type_name == "Meta":
            self._labels(node, place)
        elif type_name == "Reference" and len(node) == 1 and "id" in node:
            self._found(IssueCode.INVARIANT, "This reference points nowhere.", place)

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

    def _presence(self, node: Mapping[str, Any], facts: TypeFacts, place: _Place) -> None:
        for name in facts.required:
            if name not in node and f"_{name}" not in node:
                self._found(IssueCode.REQUIRED, f"The element `{name}` is required and missing.", place)
        for names in facts.choices:
            there = [name for name in names if name in node]
            if len(there) > 1:
                self._found(IssueCode.STRUCTURE, f"Only one of {', '.join(there)} may be there.", place)
        for names in facts.required_choices:
            if not any(name in node or f"_{name}" in node for name in names):
                self._found(IssueCode.REQUIRED, f"One of {', '.join(names[:8])} is required.", place)

    def _companion(self, owner: Mapping[str, Any], key: str, value: Any, place: _Place, depth: int) -> None:
        name = key[1:]
        beside = owner.get(name)
        if isinstance(value, list) and isinstance(beside, list) and len(value) != len(beside):
            words = f"`{name}` and `{key}` must have the same number of places."
            self._found(IssueCode.STRUCTURE, words, (place, name))
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                self.object(part, "Element", (place, name), depth + 1)

    def _targets(self, allowed: frozenset[str], value: Any, place: _Place, key: str) -> None:
        for index, reference in enumerate(value if isinstance(value, list) else [value]):
            address = reference.get("reference") if isinstance(reference, dict) else None
            if not isinstance(address, str):
                continue
            pointed_at = address.split("/")[0]
            if pointed_at in self._resource_types and pointed_at not in allowed:
                words = (
                    f"A reference to {pointed_at} is not allowed here, only to {', '.join(sorted(allowed))}."
                )
                at: _Place = (place, key, index) if isinstance(value, list) else (place, key)
                self._found(IssueCode.VALUE, words, (at, "reference"))

    def _labels(self, meta: Mapping[str, Any], place: _Place) -> None:
        for index, label in enumerate(meta.get("security", ())):
            code = label.get("code")
            if label.get("system") == CONFIDENTIALITY and code not in _CONFIDENTIALITY_CODES:
                words = f"A label of confidentiality is one of {', '.join(sorted(_CONFIDENTIALITY_CODES))}."
                self._found(IssueCode.CODE_INVALID, words, (place, "security", index))

    def _nhs_number(self, identifier: Mapping[str, Any], place: _Place) -> None:
        value = identifier.get("value")
        if identifier.get("system") != NHS_NUMBER or value is None:
            return
        if len(value) != 10 or not value.isascii() or not value.isdigit() or not is_valid(value):
            words = "This is not an NHS number: ten digits, of which the last checks the others."
            self._found(IssueCode.VALUE, words, (place, "value"))


def _has_companion(owner: Mapping[str, Any], key: str, index: int | None) -> bool:
    beside = owner.get(f"_{key}")
    if index is None or not isinstance(beside, list):
        return isinstance(beside, dict)
    return index < len(beside) and beside[index] is not None
