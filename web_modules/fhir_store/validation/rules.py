"""The rules of FHIR R4 and of the NHS that HL7's JSON Schema misses.

One walk over a resource, led by the element model: nothing empty, gaps in lists only beside an extension,
required primitives, one form of a choice, whole numbers, real days, references to types that are allowed
there, valid NHS numbers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from nhs_number.validate import is_valid

from web_modules.fhir.systems import NHS_NUMBER
from web_modules.fhir_store.definitions import Definitions, TypeFacts
from web_modules.fhir_store.documents import MAXIMUM_DEPTH
from web_modules.fhir_store.elements.model import Element, ElementModel
from web_modules.fhir_store.elements.moments import range_of
from web_modules.fhir_store.refusals import Issue, IssueCode

_WHOLE_NUMBERS: Mapping[str, int] = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}
_LARGEST_WHOLE_NUMBER = 2**31 - 1
_MOMENTS = frozenset({"date", "dateTime", "instant"})
_INNER_RESOURCE = "ResourceList"
_NO_FACTS = TypeFacts(targets={})


@dataclass(frozen=True, slots=True, kw_only=True)
class _TypeRules:
    elements: Mapping[str, Element]
    facts: TypeFacts


class RuleCheck:
    """The rules by type, worked out when a type is first met. Safe from every thread."""

    def __init__(self, definitions: Definitions, model: ElementModel) -> None:
        self._definitions = definitions
        self._model = model
        self._known: dict[str, _TypeRules] = {}

    def issues(self, node: Mapping[str, Any], type_name: str, where: str) -> list[Issue]:
        """What is wrong with a resource that fits the schema; its inner resources are not looked into."""
        return list(self._object(node, type_name, where, 0))

    def _rules(self, type_name: str) -> _TypeRules:
        rules = self._known.get(type_name)
        if rules is None:
            rules = self._known[type_name] = _TypeRules(
                elements=self._model.elements(type_name),
                facts=self._definitions.facts.get(type_name, _NO_FACTS),
            )
        return rules

    def _object(self, node: Mapping[str, Any], type_name: str, where: str, depth: int) -> Iterator[Issue]:
        if not node:
            yield Issue(
                code=IssueCode.STRUCTURE, words="An object must not be empty; leave it out.", expression=where
            )
            return
        if depth > MAXIMUM_DEPTH:
            yield Issue(
                code=IssueCode.TOO_COSTLY, words="This nests deeper than any record does.", expression=where
            )
            return
        rules = self._rules(type_name)
        yield from self._presence(node, rules.facts, where)
        for key, value in node.items():
            element = rules.elements.get(key)
            if element is None:
                if key.startswith("_"):
                    yield from self._companion(node, key, value, where, depth)
            elif element.is_list:
                if not value:
                    yield Issue(
                        code=IssueCode.STRUCTURE,
                        words="A list must not be empty; leave it out.",
                        expression=f"{where}.{key}",
                    )
                for index, one in enumerate(value):
                    yield from self._value(node, element, one, f"{where}.{key}[{index}]", (depth, index))
            else:
                yield from self._value(node, element, value, f"{where}.{key}", (depth, None))
            if element is not None and element.type == "Reference" and key in rules.facts.targets:
                yield from self._targets(rules.facts.targets[key], value, f"{where}.{key}")
        if type_name == "Identifier":
            yield from _nhs_number(node, where)
        elif type_name == "Reference" and len(node) == 1 and "id" in node:
            yield Issue(code=IssueCode.INVARIANT, words="This reference points nowhere.", expression=where)

    def _value(
        self, owner: Mapping[str, Any], element: Element, value: Any, where: str, at: tuple[int, int | None]
    ) -> Iterator[Issue]:
        depth, index = at
        if value is None:
            if not _has_companion(owner, element.key, index):
                yield Issue(
                    code=IssueCode.STRUCTURE,
                    words="A value is missing here; leave the place out.",
                    expression=where,
                )
        elif isinstance(value, dict):
            if element.type == _INNER_RESOURCE:
                return
            yield from self._object(value, element.type, where, depth + 1)
        elif element.type in _MOMENTS:
            yield from _real_moment(value, where)
        elif element.type in _WHOLE_NUMBERS:
            yield from _whole_number(element.type, value, where)

    def _presence(self, node: Mapping[str, Any], facts: TypeFacts, where: str) -> Iterator[Issue]:
        for name in facts.required:
            if name not in node and f"_{name}" not in node:
                yield Issue(
                    code=IssueCode.REQUIRED,
                    words=f"The element `{name}` is required and missing.",
                    expression=where,
                )
        for names in facts.choices:
            if len([name for name in names if name in node]) > 1:
                yield Issue(
                    code=IssueCode.STRUCTURE,
                    words=f"Only one of {', '.join(name for name in names if name in node)} may be there.",
                    expression=where,
                )
        for names in facts.required_choices:
            if not any(name in node or f"_{name}" in node for name in names):
                yield Issue(
                    code=IssueCode.REQUIRED,
                    words=f"One of {', '.join(names[:8])} is required.",
                    expression=where,
                )

    def _companion(
        self, owner: Mapping[str, Any], key: str, value: Any, where: str, depth: int
    ) -> Iterator[Issue]:
        parts = value if isinstance(value, list) else [value]
        beside = owner.get(key[1:])
        if isinstance(value, list) and isinstance(beside, list) and len(value) != len(beside):
            yield Issue(
                code=IssueCode.STRUCTURE,
                words=f"`{key[1:]}` and `{key}` must have the same number of places.",
                expression=f"{where}.{key[1:]}",
            )
        for part in parts:
            if isinstance(part, dict):
                yield from self._object(part, "Element", f"{where}.{key[1:]}", depth + 1)

    def _targets(self, allowed: frozenset[str], value: Any, where: str) -> Iterator[Issue]:
        for index, reference in enumerate(value if isinstance(value, list) else [value]):
            address = reference.get("reference") if isinstance(reference, dict) else None
            if not isinstance(address, str):
                continue
            pointed_at = address.split("/")[0]
            if pointed_at in self._definitions.resource_types and pointed_at not in allowed:
                place = f"[{index}]" if isinstance(value, list) else ""
                yield Issue(
                    code=IssueCode.VALUE,
                    words=f"A reference to {pointed_at} is not allowed here, only to {_listed(allowed)}.",
                    expression=f"{where}{place}.reference",
                )


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


def _has_companion(owner: Mapping[str, Any], key: str, index: int | None) -> bool:
    beside = owner.get(f"_{key}")
    if index is None or not isinstance(beside, list):
        return isinstance(beside, dict)
    return index < len(beside) and beside[index] is not None


def _real_moment(value: str, where: str) -> Iterator[Issue]:
    try:
        range_of(value)
    except ValueError:
        yield Issue(code=IssueCode.VALUE, words="There is no such day or time.", expression=where)


def _whole_number(type_name: str, value: Any, where: str) -> Iterator[Issue]:
    if isinstance(value, Decimal) or not _WHOLE_NUMBERS[type_name] <= value <= _LARGEST_WHOLE_NUMBER:
        yield Issue(
            code=IssueCode.VALUE,
            words=f"This must be a whole number from {_WHOLE_NUMBERS[type_name]} to {_LARGEST_WHOLE_NUMBER}.",
            expression=where,
        )


def _nhs_number(identifier: Mapping[str, Any], where: str) -> Iterator[Issue]:
    value = identifier.get("value")
    if identifier.get("system") != NHS_NUMBER or value is None:
        return
    if len(value) != 10 or not value.isascii() or not value.isdigit() or not is_valid(value):
        yield Issue(
            code=IssueCode.VALUE,
            words="This is not an NHS number: ten digits, of which the last checks the others.",
            expression=f"{where}.value",
        )
