"""The search parameters of each resource type, compiled from HL7's definitions when first asked for."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from web_modules.fhir_store.definitions import Definitions
from web_modules.fhir_store.elements.model import ElementModel
from web_modules.fhir_store.elements.paths import PathError, Route, compile_path


class ParameterKind(StrEnum):
    """How the values of a parameter are compared (FHIR R4 search.html#ptypes)."""

    TOKEN = "token"  # noqa: S105  (a kind of search parameter, not a secret)
    STRING = "string"
    DATE = "date"
    REFERENCE = "reference"
    URI = "uri"
    NUMBER = "number"
    QUANTITY = "quantity"
    COMPOSITE = "composite"

    __hash__ = str.__hash__  # Enum's own is ten times as slow, and index rows are gathered by kind


_QUANTITIES = frozenset({"Quantity", "Age", "Duration", "Count", "Distance", "Money", "Range"})
INDEXABLE: Mapping[ParameterKind, frozenset[str]] = {
    ParameterKind.TOKEN: frozenset(
        {"Identifier", "CodeableConcept", "Coding", "ContactPoint", "code", "boolean", "id", "string", "uri"}
    ),
    ParameterKind.STRING: frozenset({"string", "markdown", "code", "uri", "HumanName", "Address"}),
    ParameterKind.DATE: frozenset({"date", "dateTime", "instant", "Period", "Timing"}),
    ParameterKind.REFERENCE: frozenset({"Reference", "canonical", "uri"}),
    ParameterKind.URI: frozenset({"uri", "url", "canonical", "oid", "uuid"}),
    ParameterKind.NUMBER: frozenset({"integer", "decimal", "positiveInt", "unsignedInt"}),
    ParameterKind.QUANTITY: _QUANTITIES,
}
"""The element types that the store knows how to index, by kind of parameter."""

WITH_TEXT = frozenset({"CodeableConcept", "Coding", "Identifier"})
"""Types of tokens that bring words for people (the modifier `:text`)."""

_BARE_TOKENS = frozenset({"code", "boolean", "id", "string", "uri"})
_KINDS = frozenset(kind.value for kind in ParameterKind)
_MISSPELT = {"DateTime": "dateTime"}
"""HL7 writes a type in a component's expression that there is not."""
NOT_MEANT = frozenset({"phonetic"})
"""Parameters whose values the store could find, but not compare as their description promises."""

APART = frozenset({"AuditEvent"})
"""Types that are kept apart from the records, and are searched only by themselves."""

BUILT_IN = frozenset({"_id", "_lastUpdated"})
"""Parameters of every type that are columns of the resource table and need no index rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Where a composite parameter finds its pairs: a token, and a value of another kind beside it.

    Attributes:
        stem: names the pairs in the index; two parameters that find the same pairs share it.
        base: the way to the element that holds both.
        first: the token, from that element on.
        second: the value, from that element on.
    """

    stem: str
    base: Route
    first: "Parameter"
    second: "Parameter"

    def number(self, token: str, *, is_spread: bool = False) -> int:
        """By which the index knows the values beside a token: `system|code`, `|code` or `code`.

        Args:
            token: as above.
            is_spread: whether of the values that are ranges, see `Parameter.spread_number`.
        """
        return _pair_number(f"{self.stem}:spread" if is_spread else self.stem, token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One search parameter of one resource type.

    Attributes:
        code: its name in a URL.
        number: by which the index knows it, see `parameter_number`.
        identifier_number: the same for the tokens of `Reference.identifier` (the modifier `:identifier`).
        kind: how it is compared.
        address: HL7's canonical URL of it.
        words: HL7's description.
        routes: the ways to its values.
        targets: the types that a reference may point to.
        is_point: whether it has at most one value, an exact moment; two bounds are then one range.
        is_single: whether it has at most one value.
        has_systems: whether its tokens carry a system; a bare code has one implied.
        text_numbers: the numbers of the words beside its tokens (the modifier `:text`), one a route.
        of_type_number: that of identifiers with their types (the modifier `:of-type`); 0 when it has none.
        part_number: that of the later parts of people's names, such as of a double name; 0 when it has none.
        spread_number: that of amounts that are ranges: of a Range or with a comparator; 0 when it has
            none.
        pairings: of a composite parameter.
    """

    code: str
    number: int
    identifier_number: int
    kind: ParameterKind
    address: str
    words: str
    routes: tuple[Route, ...]
    targets: frozenset[str]
    is_point: bool
    is_single: bool
    has_systems: bool
    text_numbers: tuple[int, ...] = ()
    of_type_number: int = 0
    part_number: int = 0
    spread_number: int = 0
    pairings: tuple[Pairing, ...] = ()


_PARTS_OF_A_NAME = frozenset({"family", "given"})


def parameter_number(resource_type: str, code: str) -> int:
    """What stands for a parameter of a type in the index: 63 bits of its name's digest, the same for ever."""
    digest = hashlib.blake2b(f"{resource_type}.{code}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


@lru_cache(maxsize=16384)
def _pair_number(stem: str, token: str) -> int:
    return parameter_number(stem, token)


def text_number(resource_type: str, route: Route) -> int:
    """By which the index knows the words beside the tokens of a route."""
    return parameter_number(resource_type, f"{route.name}:text")


class ParameterCatalogue:
    """Answers which search parameters a type has; each type is compiled once."""

    def __init__(self, definitions: Definitions, model: ElementModel) -> None:
        self.definitions = definitions
        self.model = model
        self._known: dict[str, Mapping[str, Parameter]] = {}
        self._declared: dict[str, list[dict[str, Any]]] = {}
        self._by_address = {declared["url"]: declared for declared in definitions.search_parameters}
        self.resource_types = definitions.resource_types - APART
        for declared in definitions.search_parameters:
            for base in declared["base"]:
                self._declared.setdefault(base, []).append(declared)

    def of(self, resource_type: str) -> Mapping[str, Parameter]:
        """The parameters of a type by their names, `_id` and `_lastUpdated` among them."""
        known = self._known.get(resource_type)
        if known is None:
            known = {}
            for base in ("Resource", "DomainResource", resource_type):
                for declared in self._declared.get(base, ()):
                    parameter = self._compile(declared, resource_type)
                    if parameter is not None:
                        known[parameter.code] = parameter
            self._known[resource_type] = known
        return known

    def unsupported(self, resource_type: str) -> frozenset[str]:
        """What HL7 declares for a type and this store cannot find by."""
        declared = (
            one["code"]
            for base in ("Resource", "DomainResource", resource_type)
            for one in self._declared.get(base, ())
        )
        return frozenset(declared) - set(self.of(resource_type))

    def _compile(self, declared: Mapping[str, Any], resource_type: str) -> Parameter | None:
        if declared["type"] not in _KINDS or "expression" not in declared or declared["code"] in NOT_MEANT:
            return None
        expression = declared["expression"]
        if not expression[0].isupper() and expression[0] != "(":  # HL7 has left the type out once
            expression = _from(resource_type, expression)
        try:
            routes = compile_path(expression, resource_type, self.model)
        except PathError:
            return None
        if declared["type"] != ParameterKind.COMPOSITE:
            return self._simple(declared, resource_type, routes)
        pairings = tuple(self._pairing(declared, resource_type, base) for base in routes)
        found = tuple(pairing for pairing in pairings if pairing is not None)
        if not found or len(found) < len(pairings):
            return None
        return _parameter(declared, resource_type, ParameterKind.COMPOSITE, routes, pairings=found)

    def _simple(
        self, declared: Mapping[str, Any], resource_type: str, routes: tuple[Route, ...]
    ) -> Parameter | None:
        kind = ParameterKind(declared["type"])
        routes = tuple(route for route in routes if route.type in INDEXABLE.get(kind, ()))
        return _parameter(declared, resource_type, kind, routes) if routes else None

    def _pairing(self, declared: Mapping[str, Any], resource_type: str, base: Route) -> Pairing | None:
        components = declared["component"]
        if len(components) != 2:
            return None
        addresses = [component["definition"] for component in components]
        expressions = [component["expression"] for component in components]
        first, second = self._components(addresses, expressions, resource_type, base)
        if first is None or second is None:  # HL7 has exchanged them in DocumentReference's `relationship`
            first, second = self._components(addresses[::-1], expressions, resource_type, base)
        if first is None or second is None or first.kind is not ParameterKind.TOKEN:
            return None
        stem = f"{resource_type}.{base.name}${'$'.join(expressions)}"
        return Pairing(stem=stem, base=base, first=first, second=second)

    def _components(
        self, addresses: Sequence[str], expressions: Sequence[str], resource_type: str, base: Route
    ) -> list[Parameter | None]:
        return [
            self._component(self._by_address[address], expression, resource_type, base)
            for address, expression in zip(addresses, expressions, strict=True)
        ]

    def _component(
        self, declared: Mapping[str, Any], expression: str, resource_type: str, base: Route
    ) -> Parameter | None:
        for wrong, right in _MISSPELT.items():
            expression = expression.replace(f"({wrong})", f"({right})")
        try:
            routes = compile_path(_from(base.type, expression), base.type, self.model)
        except PathError:
            return None
        return self._simple(declared, resource_type, routes)


def _is_single(routes: tuple[Route, ...]) -> bool:
    """At most one value: one route to it, or the forms of one choice."""
    if not all(route.is_single and route.type != "Timing" for route in routes):
        return False
    stems = {
        (*route.steps[:-1], route.steps[-1].key.lower().removesuffix(route.type.lower()))
        for route in routes
        if route.steps
    }
    return len(routes) == 1 or len(stems) == 1


def _from(type_name: str, expression: str) -> str:
    return " | ".join(f"{type_name}.{part.strip()}" for part in expression.split("|"))


def _parameter(
    declared: Mapping[str, Any],
    resource_type: str,
    kind: ParameterKind,
    routes: tuple[Route, ...],
    *,
    pairings: tuple[Pairing, ...] = (),
) -> Parameter:
    code = declared["code"]
    is_token = kind is ParameterKind.TOKEN
    is_name = kind is ParameterKind.STRING and (
        code in _PARTS_OF_A_NAME or any(route.type == "HumanName" for route in routes)
    )
    has_types = is_token and any(route.type == "Identifier" for route in routes)
    return Parameter(
        code=code,
        number=parameter_number(resource_type, code),
        identifier_number=parameter_number(resource_type, f"{code}:identifier"),
        kind=kind,
        address=declared["url"],
        words=declared.get("description", ""),
        routes=routes,
        targets=frozenset(declared.get("target", ())),
        is_point=len(routes) == 1 and routes[0].is_single and routes[0].type == "instant",
        is_single=_is_single(routes),
        has_systems=any(route.type not in _BARE_TOKENS for route in routes),
        text_numbers=tuple(
            text_number(resource_type, route) for route in routes if is_token and route.type in WITH_TEXT
        ),
        of_type_number=parameter_number(resource_type, f"{code}:of-type") if has_types else 0,
        part_number=parameter_number(resource_type, f"{code}:part") if is_name else 0,
        spread_number=(
            parameter_number(resource_type, f"{code}:spread") if kind is ParameterKind.QUANTITY else 0
        ),
        pairings=pairings,
    )
