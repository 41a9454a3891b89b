"""Reads the parameters of a search: what is asked, in which order, how much at a time."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from web_modules.fhir_store.documents import decode, encode
from web_modules.fhir_store.elements.parameters import Parameter, ParameterCatalogue, ParameterKind
from web_modules.fhir_store.refusals import IssueCode, refuse

Pairs = Sequence[tuple[str, str]]

DEFAULT_COUNT = 50
LARGEST_COUNT = 1000
"""Resources a page; a larger wish is cut to this, as FHIR allows."""

CHEAP = "estimate"
"""Count the matches when that is cheap, else say no total: what a client gets that does not ask."""

CURSOR = "_cursor"
"""Our own parameter in `next` links: where the page before ended."""

_MODIFIERS: Mapping[ParameterKind, frozenset[str]] = {
    ParameterKind.STRING: frozenset({"exact", "contains"}),
    ParameterKind.TOKEN: frozenset({"not"}),
    ParameterKind.REFERENCE: frozenset({"identifier"}),
}
_FORMATS = frozenset({"json", "application/json", "application/fhir+json", "text/json"})
_SPLIT = re.compile(r"(?<!\\),")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One parameter that a match must fulfil, by any one of its values."""

    parameter: Parameter
    modifier: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey:
    """One parameter to order by."""

    parameter: Parameter
    is_descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """Further resources to send along: those pointed at, or (reverse) those pointing here."""

    source_type: str
    parameter: Parameter
    target_type: str
    is_reverse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search as understood.

    Attributes:
        resource_type: what is searched.
        conditions: all of which must hold.
        sort: the order; by id when empty.
        count: matches a page.
        includes: what comes along.
        total: whether to count all matches: none, accurate, or as long as it is cheap (estimate).
        wants_count_only: `_summary=count`: the total without the matches.
        cursor: where the page before ended, or None.
        used: the pairs that were understood, for the self link.
    """

    resource_type: str
    conditions: tuple[Condition, ...]
    sort: tuple[SortKey, ...]
    count: int
    includes: tuple[Include, ...]
    total: str
    wants_count_only: bool
    cursor: tuple[Any, ...] | None
    used: tuple[tuple[str, str], ...]

    def link(self, base_url: str, cursor: tuple[Any, ...] | None = None) -> str:
        """The address of this page, or of the one after a cursor."""
        pairs = list(self.used)
        if cursor is not None:
            token = base64.urlsafe_b64encode(encode(cursor)).decode().rstrip("=")
            pairs.append((CURSOR, token))
        query = urlencode(pairs)
        return f"{base_url}/{self.resource_type}" + (f"?{query}" if query else "")


def split_values(text: str) -> tuple[str, ...]:
    """The values of a parameter: commas part them unless escaped (FHIR R4 search.html#escaping)."""
    return tuple(part for part in _SPLIT.split(text) if part)


def unescape(text: str) -> str:
    r"""Take the backslashes off `\,`, `\|`, `\$` and `\\`."""
    return re.sub(r"\\([,|$\\])", r"\1", text) if "\\" in text else text


def read_cursor(token: str) -> tuple[Any, ...]:
    """Where the page before ended.

    Raises:
        Refusal: 400, it is not one of ours.
    """
    try:
        value = decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error) as error:
        raise refuse(400, IssueCode.INVALID, "This page address is not one that this server made.") from error
    if not isinstance(value, list) or not all(map(_is_sortable, value)):
        raise refuse(400, IssueCode.INVALID, "This page address is not one that this server made.")
    return tuple(float(one) if isinstance(one, Decimal) else one for one in value)


def _is_sortable(value: Any) -> bool:
    return isinstance(value, str | Decimal) or (isinstance(value, int) and abs(value) < 2**63)


def read_count(text: str) -> int:
    """`_count` as a number, cut to the largest page.

    Raises:
        Refusal: 400, it is not a whole number.
    """
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise refuse(400, IssueCode.INVALID, "`_count` must be a whole number.")
    return min(int(text), LARGEST_COUNT)


class SearchReader:
    """Reads searches by the parameters that the store knows."""

    def __init__(self, catalogue: ParameterCatalogue, resource_types: frozenset[str]) -> None:
        self._catalogue = catalogue
        self._resource_types = resource_types

    def read(self, resource_type: str, pairs: Pairs, *, is_strict: bool) -> Search:
        """Understand a search.

        Args:
            resource_type: a known type.
            pairs: names with their modifiers, and values, in order.
            is_strict: refuse an unknown parameter (`Prefer: handling=strict`) instead of leaving it out.

        Raises:
            Refusal: 400, with the parameter that is not understood.
        """
        known = self._catalogue.of(resource_type)
        reading = _Reading(resource_type, known, self._catalogue, self._resource_types)
        used = []
        for name, value in pairs:
            if "\0" in value:
                raise refuse(
                    400, IssueCode.INVALID, f"`{name[:64]}` holds a sign that no FHIR text may hold."
                )
            if value and reading.take(name, value):
                if name != CURSOR:
                    used.append((name, value))
            elif is_strict:
                words = f"`{name[:64]}` is not a search parameter of {resource_type} that this server knows."
                raise refuse(400, IssueCode.NOT_SUPPORTED, words)
        return Search(
            resource_type=resource_type,
            conditions=tuple(reading.conditions),
            sort=tuple(reading.sort),
            count=reading.count,
            includes=tuple(reading.includes),
            total=reading.total,
            wants_count_only=reading.wants_count_only or reading.count == 0,
            cursor=reading.cursor,
            used=tuple(used),
        )


class _Reading:
    """The parts of one search, while its parameters are read one by one."""

    def __init__(
        self,
        resource_type: str,
        known: Mapping[str, Parameter],
        catalogue: ParameterCatalogue,
        resource_types: frozenset[str],
    ) -> None:
        self._type = resource_type
        self._known = known
        self._catalogue = catalogue
        self._resource_types = resource_types
        self.conditions: list[Condition] = []
        self.sort: list[SortKey] = []
        self.includes: list[Include] = []
        self.count = DEFAULT_COUNT
        self.total = CHEAP
        self.wants_count_only = False
        self.cursor: tuple[Any, ...] | None = None

    def take(self, name: str, value: str) -> bool:
        """Read one parameter; whether it is known."""
        match name:
            case "_count":
                self.count = read_count(value)
            case "_sort":
                self._sorting(value)
            case "_total":
                self._total(value)
            case "_summary":
                return self._summary(value)
            case "_include" | "_revinclude":
                self.includes.append(self._include(value, is_reverse=name == "_revinclude"))
            case "_format":
                if value not in _FORMATS:
                    raise refuse(406, IssueCode.NOT_SUPPORTED, "This server speaks JSON only.")
            case "_pretty":
                pass
            case _ if name == CURSOR:
                self.cursor = read_cursor(value)
            case _:
                return self._condition(name, value)
        return True

    def _condition(self, name: str, value: str) -> bool:
        code, _, modifier = name.partition(":")
        parameter = self._known.get(code)
        if parameter is None:
            if code.split(".")[0] in self._known or code == "_has":
                raise refuse(
                    400, IssueCode.NOT_SUPPORTED, f"Chained searches such as `{name[:64]}` are not supported."
                )
            return False
        if modifier and not self._allows(parameter, modifier):
            raise refuse(
                400,
                IssueCode.NOT_SUPPORTED,
                f"The modifier in `{name[:64]}` is not one that this server knows.",
            )
        values = split_values(value)
        if modifier == "missing" and values not in {("true",), ("false",)}:
            raise refuse(400, IssueCode.INVALID, f"`{name}` must be true or false.")
        if values:
            self.conditions.append(Condition(parameter=parameter, modifier=modifier, values=values))
        return True

    def _allows(self, parameter: Parameter, modifier: str) -> bool:
        if parameter.code in {"_id", "_lastUpdated"}:
            return False
        if modifier == "missing" or modifier in _MODIFIERS.get(parameter.kind, ()):
            return True
        return parameter.kind is ParameterKind.REFERENCE and modifier in self._resource_types

    def _sorting(self, value: str) -> None:
        for part in value.split(","):
            code = part.strip().removeprefix("-")
            parameter = self._known.get(code)
            if parameter is None:
                raise refuse(
                    400,
                    IssueCode.NOT_SUPPORTED,
                    f"{self._type} cannot be sorted by `{code[:64]}`: it is not a parameter.",
                )
            self.sort.append(SortKey(parameter=parameter, is_descending=part.strip().startswith("-")))

    def _total(self, value: str) -> None:
        if value not in {"none", "estimate", "accurate"}:
            raise refuse(400, IssueCode.INVALID, "`_total` must be none, estimate or accurate.")
        self.total = value

    def _summary(self, value: str) -> bool:
        self.wants_count_only = value == "count"
        return value in {"count", "false"}

    def _include(self, value: str, *, is_reverse: bool) -> Include:
        parts = value.split(":")
        source = parts[0]
        known = self._catalogue.of(source) if source in self._resource_types else {}
        parameter = known.get(parts[1]) if len(parts) in {2, 3} else None
        if parameter is None or parameter.kind is not ParameterKind.REFERENCE:
            words = f"`{value[:64]}` is not of the form Type:reference-parameter, or not known for that type."
            raise refuse(400, IssueCode.NOT_SUPPORTED, words)
        return Include(
            source_type=source,
            parameter=parameter,
            target_type=parts[2] if len(parts) == 3 else "",
            is_reverse=is_reverse,
        )
