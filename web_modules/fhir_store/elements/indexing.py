"""What of a resource goes into the search index: rows of plain values, by kind of parameter."""

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from web_modules.fhir_store.elements.moments import EARLIEST, LATEST, range_of
from web_modules.fhir_store.elements.parameters import BUILT_IN, Parameter, ParameterCatalogue, ParameterKind

Row = tuple[str | int | float, ...]
IndexRows = dict[ParameterKind, list[Row]]

LONGEST_KEY = 400
"""PostgreSQL refuses index entries beyond 2,700 bytes; a longer value is kept by its start and its digest."""

IDENTIFIER_SUFFIX = ":identifier"
"""Tokens of `Reference.identifier` are kept under the parameter's name with FHIR's own modifier."""

NOTHING_TO_COMPARE = ("", "")
"""Stands in the index for a value without a code or an address, so that `:missing` knows that it is there."""

_NAME_PARTS = ("family", "given", "prefix", "suffix", "text")
_ADDRESS_PARTS = ("line", "city", "district", "state", "country", "postalCode", "text")


def fold(text: str) -> str:
    """A text for comparing: no case, no accents, single spaces (FHIR R4 search.html#string)."""
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).split())


def key_text(text: str) -> str:
    """A text short enough for every database's index, still equal only for equal texts."""
    if len(text) <= LONGEST_KEY:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{text[: LONGEST_KEY - len(digest) - 1]}#{digest}"


class Indexer:
    """Draws the index rows out of resources."""

    def __init__(self, catalogue: ParameterCatalogue) -> None:
        self._catalogue = catalogue

    def rows(self, resource: Mapping[str, Any], base_url: str = "") -> IndexRows:
        """The rows of one resource, each once.

        Each begins with the parameter's name. Then: token: system, code. String: folded, exact. Date: low,
        high. Reference: type, id (or an empty type and the whole address). URI: the text. Number and
        quantity: low, high, system, code.

        Args:
            resource: a valid resource.
            base_url: the store's own base; references to it are the same as relative ones.
        """
        found: dict[ParameterKind, dict[Row, None]] = {}
        for parameter in self._catalogue.of(resource["resourceType"]).values():
            if parameter.code in BUILT_IN:
                continue
            for route in parameter.routes:
                if route.steps and route.steps[0].key not in resource:
                    continue
                for value in route.values(resource):
                    for kind, row in _rows(parameter, route.type, value, base_url):
                        found.setdefault(kind, {})[row] = None
        return {kind: list(rows) for kind, rows in found.items()}


def _rows(
    parameter: Parameter, type_name: str, value: Any, base_url: str
) -> Iterator[tuple[ParameterKind, Row]]:
    code = parameter.code
    match parameter.kind:
        case ParameterKind.TOKEN:
            for system, token in _tokens(type_name, value):
                yield ParameterKind.TOKEN, (code, key_text(system), key_text(token))
        case ParameterKind.STRING:
            for text in _texts(type_name, value):
                yield ParameterKind.STRING, (code, key_text(fold(text)), key_text(text))
        case ParameterKind.DATE:
            for low, high in _ranges(type_name, value):
                yield ParameterKind.DATE, (code, low, high)
        case ParameterKind.REFERENCE:
            yield from _references(code, value, base_url)
        case ParameterKind.URI:
            if isinstance(value, str):
                yield ParameterKind.URI, (code, key_text(value))
        case ParameterKind.NUMBER:
            amount = float(Decimal(value))
            yield ParameterKind.QUANTITY, (code, amount, amount, "", "")
        case ParameterKind.QUANTITY:
            yield from ((ParameterKind.QUANTITY, (code, *row)) for row in _quantities(type_name, value))


def _tokens(type_name: str, value: Any) -> Iterator[tuple[str, str]]:
    match type_name:
        case "CodeableConcept":
            for coding in value.get("coding", ()):
                yield from _tokens("Coding", coding)
            if "coding" not in value:
                yield NOTHING_TO_COMPARE
        case "Coding":
            yield value.get("system", ""), value.get("code", "")
        case "Identifier" | "ContactPoint":
            yield value.get("system", ""), value.get("value", "")
        case "boolean":
            yield "", "true" if value else "false"
        case _:
            yield "", str(value)


def _texts(type_name: str, value: Any) -> Iterator[str]:
    if type_name not in {"HumanName", "Address"}:
        yield str(value)
        return
    for part in _NAME_PARTS if type_name == "HumanName" else _ADDRESS_PARTS:
        held = value.get(part)
        if isinstance(held, str):
            yield held
        elif held is not None:
            yield from (one for one in held if one is not None)


def _ranges(type_name: str, value: Any) -> Iterator[tuple[int, int]]:
    if type_name == "Period":
        low = range_of(value["start"]).low if "start" in value else EARLIEST
        high = range_of(value["end"]).high if "end" in value else LATEST
        yield low, high
    elif type_name == "Timing":
        for event in value.get("event", ()):
            if event is not None:
                yield range_of(event)
        bounds = value.get("repeat", {}).get("boundsPeriod")
        if bounds is not None:
            yield from _ranges("Period", bounds)
    else:
        yield range_of(value)


def _references(code: str, value: Any, base_url: str) -> Iterator[tuple[ParameterKind, Row]]:
    if isinstance(value, str):
        yield ParameterKind.REFERENCE, (code, "", key_text(value))
        return
    address = value.get("reference")
    if isinstance(address, str) and not address.startswith("#"):
        yield ParameterKind.REFERENCE, (code, *split_reference(address, base_url))
    else:
        yield ParameterKind.REFERENCE, (code, *NOTHING_TO_COMPARE)
    if isinstance(value.get("identifier"), dict):
        for system, token in _tokens("Identifier", value["identifier"]):
            yield ParameterKind.TOKEN, (code + IDENTIFIER_SUFFIX, key_text(system), key_text(token))


def split_reference(address: str, base_url: str) -> tuple[str, str]:
    """The type and id of a reference into this store, or an empty type and the address of any other."""
    local = address.removeprefix(f"{base_url}/") if base_url else address
    parts = local.split("/_history/", maxsplit=1)[0].split("/")
    if len(parts) == 2 and parts[0][:1].isupper():
        return parts[0], parts[1]
    return "", key_text(address)


def _quantities(type_name: str, value: Any) -> Iterator[tuple[float, float, str, str]]:
    if type_name == "Range":
        low, high = value.get("low", {}), value.get("high", {})
        unit = low or high
        yield (
            float(Decimal(low["value"])) if "value" in low else float("-inf"),
            float(Decimal(high["value"])) if "value" in high else float("inf"),
            unit.get("system", ""),
            unit.get("code", unit.get("unit", "")),
        )
    elif "value" in value:
        amount = float(Decimal(value["value"]))
        unit = value.get("currency") or value.get("code") or value.get("unit") or ""
        yield amount, amount, key_text(value.get("system", "")), key_text(unit)
