"""The search parameters of each resource type, compiled from HL7's definitions when first asked for."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
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

_BARE_TOKENS = frozenset({"code", "boolean", "id", "string", "uri"})
_KINDS = frozenset(kind.value for kind in ParameterKind)
NOT_MEANT = frozenset({"phonetic"})
"""Parameters whose values the store could find, but not compare as their description promises."""

BUILT_IN = frozenset({"_id", "_lastUpdated"})
"""Parameters of every type that are columns of the resource table and need no index rows."""


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
        has_systems: whether its tokens carry a system; a bare code has one implied.
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
    has_systems: bool


def parameter_number(resource_type: str, code: str) -> int:
    """What stands for a parameter of a type in the index: 63 bits of its name's digest, the same for ever."""
    digest = hashlib.blake2b(f"{resource_type}.{code}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


class ParameterCatalogue:
    """Answers which search parameters a type has; each type is compiled once."""

    def __init__(self, definitions: Definitions, model: ElementModel) -> None:
        self._model = model
        self._known: dict[str, Mapping[str, Parameter]] = {}
        self._declared: dict[str, list[dict[str, Any]]] = {}
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

    def _compile(self, declared: Mapping[str, Any], resource_type: str) -> Parameter | None:
        if declared["type"] not in _KINDS or "expression" not in declared or declared["code"] in NOT_MEANT:
            return None
        kind = ParameterKind(declared["type"])
        try:
            routes = compile_path(declared["expression"], resource_type, self._model)
        except PathError:
            return None
        routes = tuple(route for route in routes if route.type in INDEXABLE[kind])
        if not routes:
            return None
        return Parameter(
            code=declared["code"],
            number=parameter_number(resource_type, declared["code"]),
            identifier_number=parameter_number(resource_type, f"{declared['code']}:identifier"),
            kind=kind,
            address=declared["url"],
            words=declared.get("description", ""),
            routes=routes,
            targets=frozenset(declared.get("target", ())),
            is_point=len(routes) == 1 and routes[0].is_single and routes[0].type == "instant",
            has_systems=any(route.type not in _BARE_TOKENS for route in routes),
        )
