"""What of a resource goes into the search index: rows of plain values, by kind of parameter."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from web_modules.fhir.systems import CONFIDENTIALITY
from web_modules.fhir_store.elements.amounts import amount, ends_of, spread_of
from web_modules.fhir_store.elements.contexts import BINARY, CONTEXT, CONTEXT_NUMBER
from web_modules.fhir_store.elements.labels import (
    LABELLED_INSIDE,
    STRICTEST,
    UNREADABLE,
    has_unreadable,
    labels_inside,
)
from web_modules.fhir_store.elements.moments import EARLIEST, LATEST, range_of
from web_modules.fhir_store.elements.parameters import (
    BUILT_IN,
    WITH_TEXT,
    Pairing,
    Parameter,
    ParameterCatalogue,
    ParameterKind,
    parameter_number,
    text_number,
)
from web_modules.fhir_store.elements.paths import Route

Row = tuple[str | int | float, ...]
IndexRows = dict[ParameterKind, dict[Row, None]]
"""The rows of each kind, each once, in the order of the resource."""

LONGEST_KEY = 400
"""PostgreSQL refuses index entries beyond 2,700 bytes; a longer value is kept by its start and its digest."""

_UNREADABLE = parameter_number("Resource", UNREADABLE)

NOTHING_TO_COMPARE = ("", "")
"""Stands in the index for a value without a code or an address, so that `:missing` knows that it is there."""

_NAME_PARTS = ("family", "given", "prefix", "suffix", "text")
_GAP_IN_A_NAME = re.compile(r"[\s\-\u2010-\u2015'\u2019]+")
_MOST_PARTS = 8  # of the longest names in use; a hostile one does not fill the index
_ADDRESS_PARTS = ("line", "city", "district", "state", "country", "postalCode", "text")


def fold(text: str) -> str:
    """A text for comparing: no case, no accents, single spaces (FHIR R4 search.html#string)."""
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).split())


def later_parts(folded: str) -> list[str]:
    """The rest of a folded name from each part of it on but the first."""
    starts = [gap.end() for gap in islice(_GAP_IN_A_NAME.finditer(folded), _MOST_PARTS)]
    return [folded[start:] for start in starts if 0 < start < len(folded)]


def key_text(text: str) -> str:
    """A text short enough for every database's index, still equal only for equal texts."""
    if len(text) <= LONGEST_KEY:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{text[: LONGEST_KEY - len(digest) - 1]}#{digest}"


Values = Collection[tuple[Any, ...]]


Draw = Callable[[str, Any, str], Values]
"""What is compared of a value of a FHIR type, in a store with a base URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawing:
    """How the values of a route become index rows of one kind.

    Attributes:
        route: to the values.
        kind: of the rows.
        numbers: of the parameters that share them.
        draw: what of a value goes into a row, after the number.
        is_spread: whether these are amounts that stand for several.
    """

    route: Route
    kind: ParameterKind
    numbers: tuple[int, ...]
    draw: Draw
    is_spread: bool = False

    def rows(self, value: Any, base_url: str) -> Values:
        return self.draw(self.route.type, value, base_url)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PairDrawing:
    """How the values beside a token become index rows that know the token.

    Attributes:
        pairing: where they are.
        drawings: of the values.
        keys: elements of the resource, without any of which there are no values.
    """

    pairing: Pairing
    drawings: tuple[_Drawing, ...]
    keys: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What to draw out of a type's resources.

    Attributes:
        singles: by the first element of each route, "" when it looks at several.
        pairs: for the composite parameters.
        labels_number: by which the index knows the labels of what is inside.
    """

    singles: Mapping[str, Sequence[tuple[Route, Sequence[_Drawing]]]]
    pairs: Sequence[_PairDrawing]
    labels_number: int


class Indexer:
    """Draws the index rows out of resources. What a type needs is worked out once."""

    def __init__(self, catalogue: ParameterCatalogue) -> None:
        self._catalogue = catalogue
        self._plans: dict[str, _Plan] = {}

    def rows(self, resource: Mapping[str, Any], base_url: str = "") -> IndexRows:
        """The rows of one resource.

        Each begins with the parameter's number. Then: token: system, code. String: folded, exact. Date: low,
        high. Reference: type, id (or an empty type and the whole address). URI: the text. Number and
        quantity: low, high, system, code.

        Args:
            resource: a valid resource.
            base_url: the store's own base; references to it are the same as relative ones.
        """
        plan = self._plan(resource["resourceType"])
        found: IndexRows = {}
        for key in ("", *resource):
            for route, drawings in plan.singles.get(key, ()):
                for value in route.values(resource):
                    for drawing in drawings:
                        rows = drawing.rows(value, base_url)
                        if rows:
                            into = found.setdefault(drawing.kind, {})
                            for row in rows:
                                for number in drawing.numbers:
                                    into[(number, *row)] = None
        for pair in plan.pairs:
            if not pair.keys.isdisjoint(resource):
                _draw_pairs(pair, resource, base_url, found)
        for label in labels_inside(resource):
            into = found.setdefault(ParameterKind.TOKEN, {})
            into[(plan.labels_number, CONFIDENTIALITY, label)] = None
        if resource["resourceType"] == BINARY and CONTEXT in resource:
            [row] = _reference("Reference", resource[CONTEXT], base_url)
            found.setdefault(ParameterKind.REFERENCE, {})[(CONTEXT_NUMBER, *row)] = None
        if has_unreadable(resource):
            found.setdefault(ParameterKind.TOKEN, {})[(_UNREADABLE, CONFIDENTIALITY, STRICTEST)] = None
        return found

    def _plan(self, resource_type: str) -> _Plan:
        plan = self._plans.get(resource_type)
        if plan is None:
            known = self._catalogue.of(resource_type).values()
            parameters = [one for one in known if one.code not in BUILT_IN]
            made: dict[Route, dict[tuple[ParameterKind, Draw], dict[int, None]]] = {}
            for parameter in parameters:
                for route in () if parameter.pairings else parameter.routes:
                    drawn = made.setdefault(route, {})
                    for number, kind, draw in _drawn(parameter, route, resource_type):
                        drawn.setdefault((kind, draw), {})[number] = None
            singles: dict[str, list[tuple[Route, Sequence[_Drawing]]]] = {}
            for route, drawn in made.items():
                key = route.steps[0].key if route.steps else ""
                drawings = [
                    _Drawing(route=route, kind=kind, numbers=tuple(numbers), draw=draw)
                    for (kind, draw), numbers in drawn.items()
                ]
                singles.setdefault(key, []).append((route, drawings))
            pairings = {one.stem: one for parameter in parameters for one in parameter.pairings}
            plan = self._plans[resource_type] = _Plan(
                singles=singles,
                pairs=[_pair_drawing(one, resource_type) for one in pairings.values()],
                labels_number=parameter_number(resource_type, LABELLED_INSIDE),
            )
        return plan

    def targets(
        self, parameter: Parameter, resource: Mapping[str, Any], base_url: str
    ) -> list[tuple[str, str]]:
        """The types and ids in this store that a resource points to by a reference parameter."""
        found: dict[tuple[str, str], None] = {}
        for route in parameter.routes:
            for value in route.values(resource):
                address = value if isinstance(value, str) else value.get("reference")
                if isinstance(address, str):
                    found[split_reference(address, base_url)] = None
        return [target for target in found if target[0]]


def _pair_drawing(pairing: Pairing, resource_type: str) -> _PairDrawing:
    second = pairing.second
    return _PairDrawing(
        pairing=pairing,
        drawings=tuple(
            _Drawing(
                route=route,
                kind=kind,
                numbers=(number,),
                draw=draw,
                is_spread=number == second.spread_number,
            )
            for route in second.routes
            for number, kind, draw in _drawn(second, route, resource_type)
            if number in {second.number, second.spread_number}
        ),
        keys=frozenset((*pairing.base.steps, *route.steps)[0].key for route in second.routes),
    )


def _draw_pairs(pair: _PairDrawing, resource: Mapping[str, Any], base_url: str, found: IndexRows) -> None:
    for node in pair.pairing.base.values(resource):
        rows = [
            (drawing, row)
            for drawing in pair.drawings
            if drawing.route.steps[0].key in node
            for value in drawing.route.values(node)
            for row in drawing.rows(value, base_url)
        ]
        if not rows:
            continue
        for token in _token_names(pair.pairing, node):
            for drawing, row in rows:
                number = pair.pairing.number(token, is_spread=drawing.is_spread)
                found.setdefault(drawing.kind, {})[(number, *row)] = None


def _token_names(pairing: Pairing, node: Mapping[str, Any]) -> Iterator[str]:
    for route in pairing.first.routes:
        for value in route.values(node):
            for system, code in _tokens(route.type, value, ""):
                if code:
                    yield f"{system}|{code}"
                    yield code


def _drawn(
    parameter: Parameter, route: Route, resource_type: str
) -> Iterator[tuple[int, ParameterKind, Draw]]:
    """Under which numbers and in which way the values of a route are kept."""
    kind = parameter.kind
    match kind:
        case ParameterKind.TOKEN:
            if route.type in WITH_TEXT:
                yield text_number(resource_type, route), ParameterKind.STRING, _token_words
            if route.type == "Identifier":
                yield parameter.of_type_number, kind, _typed_identifier
        case ParameterKind.STRING if parameter.part_number:
            yield parameter.part_number, kind, _later_parts
        case ParameterKind.REFERENCE:
            yield parameter.identifier_number, ParameterKind.TOKEN, _identifier_of_reference
        case ParameterKind.NUMBER:
            kind = ParameterKind.QUANTITY
        case ParameterKind.QUANTITY:
            yield parameter.spread_number, kind, _spread_amount
            if route.type == "Range":
                return
    yield parameter.number, kind, _DRAWS[parameter.kind]


def _tokens(type_name: str, value: Any, _base_url: str) -> Values:
    match type_name:
        case "CodeableConcept":
            codings = value.get("coding")
            return [_coding(coding) for coding in codings] if codings else (NOTHING_TO_COMPARE,)
        case "Coding":
            return (_coding(value),)
        case "Identifier" | "ContactPoint":
            return ((key_text(value.get("system", "")), key_text(value.get("value", ""))),)
        case "boolean":
            return (("", "true" if value else "false"),)
        case _:
            return (("", key_text(str(value))),)


def _coding(value: Mapping[str, Any]) -> tuple[str, str]:
    return key_text(value.get("system", "")), key_text(value.get("code", ""))


def _token_words(type_name: str, value: Mapping[str, Any], _base_url: str) -> Values:
    if type_name == "Coding":
        texts = [value.get("display")]
    elif type_name == "Identifier":
        texts = [value.get("type", {}).get("text")]
    else:
        texts = [value.get("text"), *(coding.get("display") for coding in value.get("coding", ()))]
    return [(key_text(fold(text)), "") for text in texts if text]


def _typed_identifier(_type_name: str, value: Mapping[str, Any], _base_url: str) -> Values:
    held = key_text(value.get("value", ""))
    codings = value.get("type", {}).get("coding", ())
    return [("|".join(_coding(coding)), held) for coding in codings if held]


def _texts(type_name: str, value: Any) -> list[str]:
    if type_name not in {"HumanName", "Address"}:
        return [str(value)]
    found: list[str] = []
    for part in _NAME_PARTS if type_name == "HumanName" else _ADDRESS_PARTS:
        held = value.get(part)
        if isinstance(held, str):
            found.append(held)
        elif held is not None:
            found += [one for one in held if one is not None]
    return found


def _strings(type_name: str, value: Any, _base_url: str) -> Values:
    return [(key_text(fold(text)), key_text(text)) for text in _texts(type_name, value)]


def _later_parts(type_name: str, value: Any, _base_url: str) -> Values:
    """What a name is after each space, hyphen or apostrophe in it: people are looked for by that as well."""
    texts = [value.get("family"), *value.get("given", ())] if type_name == "HumanName" else [value]
    return [(key_text(part), "") for text in texts if text for part in later_parts(fold(str(text)))]


def _ranges(type_name: str, value: Any, _base_url: str) -> Values:
    if type_name == "Period":
        low = range_of(value["start"]).low if "start" in value else EARLIEST
        high = range_of(value["end"]).high if "end" in value else LATEST
        return ((low, high),)
    if type_name == "Timing":
        found = [range_of(event) for event in value.get("event", ()) if event is not None]
        bounds = value.get("repeat", {}).get("boundsPeriod")
        return [*found, *(() if bounds is None else _ranges("Period", bounds, ""))]
    return (range_of(value),)


def _reference(_type_name: str, value: Any, base_url: str) -> Values:
    if isinstance(value, str):  # a canonical, which may say which version it means
        return [("", key_text(one)) for one in dict.fromkeys((value, value.partition("|")[0]))]
    address = value.get("reference")
    if isinstance(address, str) and not address.startswith("#"):
        return (split_reference(address, base_url),)
    return (NOTHING_TO_COMPARE,)


def _identifier_of_reference(_type_name: str, value: Any, _base_url: str) -> Values:
    identifier = None if isinstance(value, str) else value.get("identifier")
    return _tokens("Identifier", identifier, "") if isinstance(identifier, dict) else ()


def split_reference(address: str, base_url: str) -> tuple[str, str]:
    """The type and id of a reference into this store, or an empty type and the address of any other."""
    local = address.removeprefix(f"{base_url}/") if base_url else address
    parts = local.split("/_history/", maxsplit=1)[0].split("/")
    if len(parts) == 2 and parts[0][:1].isupper():
        return parts[0], parts[1]
    return "", key_text(address)


def _exact_amount(_type_name: str, value: Any, _base_url: str) -> Values:
    if "value" not in value or "comparator" in value:
        return ()
    exact = amount(value["value"])
    return ((exact, exact, *_unit(value)),)


def _spread_amount(type_name: str, value: Any, _base_url: str) -> Values:
    if type_name == "Range":
        return ((*ends_of(value), *_unit(value.get("low") or value.get("high") or {})),)
    spread = spread_of(value)
    return () if spread is None else ((*spread, *_unit(value)),)


def _unit(value: Mapping[str, Any]) -> tuple[str, str]:
    unit = value.get("currency") or value.get("code") or value.get("unit") or ""
    return key_text(value.get("system", "")), key_text(unit)


def _number(_type_name: str, value: Any, _base_url: str) -> Values:
    return ((amount(value), amount(value), "", ""),)


def _uri(_type_name: str, value: Any, _base_url: str) -> Values:
    return ((key_text(value),),) if isinstance(value, str) else ()


_DRAWS: Mapping[ParameterKind, Draw] = {
    ParameterKind.TOKEN: _tokens,
    ParameterKind.STRING: _strings,
    ParameterKind.DATE: _ranges,
    ParameterKind.REFERENCE: _reference,
    ParameterKind.URI: _uri,
    ParameterKind.NUMBER: _number,
    ParameterKind.QUANTITY: _exact_amount,
}
