"""Reads the parameters of a search: what is asked, in which order, how much at a time."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from web_modules.fhir_store.addresses import query_text
from web_modules.fhir_store.documents import decode, encode
from web_modules.fhir_store.elements.parameters import Parameter, ParameterCatalogue, ParameterKind
from web_modules.fhir_store.formats import check_format
from web_modules.fhir_store.refusals import IssueCode, Refusal, about, of_parameter, refuse
from web_modules.fhir_store.search.criteria import Criterion, CriterionReader
from web_modules.fhir_store.search.subsets import Subset, read_subset

Pairs = Sequence[tuple[str, str]]

DEFAULT_COUNT = 50
LARGEST_COUNT = 1000
"""Resources a page; a larger wish is cut to this, as FHIR allows."""

MOST_SORT_KEYS = 5

CHEAP = "estimate"
"""Count the matches when that is cheap, else say no total: what a client gets that does not ask."""

MOST_COUNTED = 10_000
"""Matches counted unasked; beyond, a total costs more than it tells."""

CURSOR = "_cursor"
"""Our own parameter in `next` links: where the page before ended."""

SHAPING = frozenset(
    {"_contained", "_containedType", "_count", CURSOR, "_elements", "_include", "_revinclude", "_sort"}
    | {"_summary", "_total"}
)
"""What says how a page of matches looks, and not which they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey:
    """One parameter to order by."""

    parameter: Parameter
    is_descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """Further resources to send along: those pointed at, or (reverse) those pointing here.

    Attributes:
        source_type: what points; empty for any.
        parameter: by which reference; None for all of the type.
        target_type: what is pointed at; empty for any.
        is_reverse: whether the source is what comes along.
        is_iterated: whether it goes on from what came along.
    """

    source_type: str
    parameter: Parameter | None
    target_type: str
    is_reverse: bool
    is_iterated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """What is asked of one type.

    Attributes:
        resource_type: what is searched.
        criteria: all of which must hold.
        sort: the order; as many keys for each type of one search.
    """

    resource_type: str
    criteria: tuple[Criterion, ...]
    sort: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search as understood.

    Attributes:
        path: below the base: the type, or nothing when several are searched.
        branches: what is asked, by type.
        count: matches a page.
        includes: what comes along.
        total: whether to count all matches: none, accurate, or as long as it is cheap (estimate).
        wants_count_only: `_summary=count`: the total without the matches.
        subset: how much of each resource is shown.
        cursor: where the page before ended, or None.
        used: the pairs that were understood, for the self link.
        ignored: names that were not understood, and left out.
    """

    path: str
    branches: tuple[Branch, ...]
    count: int
    includes: tuple[Include, ...]
    total: str
    wants_count_only: bool
    subset: Subset
    cursor: tuple[Any, ...] | None
    used: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]

    @property
    def sort(self) -> tuple[SortKey, ...]:
        """The order; that of creation when empty."""
        return self.branches[0].sort

    def link(self, base_url: str, cursor: tuple[Any, ...] | None = None) -> str:
        """The address of this page, or of the one after a cursor."""
        pairs = list(self.used)
        if cursor is not None:
            token = base64.urlsafe_b64encode(encode(cursor)).decode().rstrip("=")
            pairs.append((CURSOR, token))
        query = query_text(pairs)
        return "/".join(filter(None, (base_url, self.path))) + (f"?{query}" if query else "")


def read_cursor(token: str) -> tuple[Any, ...]:
    """Where the page before ended.

    Raises:
        Refusal: 400, it is not one of ours.
    """
    try:
        value = decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error) as error:
        raise not_our_page() from error
    if not isinstance(value, list) or not all(map(_is_sortable, value)):
        raise not_our_page()
    return tuple(float(one) if isinstance(one, Decimal) else one for one in value)


def not_our_page() -> Refusal:
    """What to say of a cursor that no page of the search ends with."""
    words = "This page address is not one that this server made."
    return refuse(400, IssueCode.INVALID, words, of_parameter(CURSOR))


def _is_sortable(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value
    return isinstance(value, Decimal) or (type(value) is int and abs(value) < 2**63)


def check_text(name: str, value: str) -> None:
    """A parameter holds no sign that no database keeps.

    Raises:
        Refusal: 400, it does.
    """
    if "\0" in value or "\0" in name:
        words = f"`{name[:64]}` holds a sign that no FHIR text may hold.".replace("\0", "")
        raise refuse(400, IssueCode.INVALID, words, of_parameter(name))


def check_criteria(pairs: Pairs) -> None:
    """What says which records are meant holds nothing that shapes a page of them.

    Raises:
        Refusal: 400, it does: a page without its matches would look as if nothing fulfilled the condition.
    """
    for name, _value in pairs:
        if name.partition(":")[0] in SHAPING:
            words = f"`{name[:64]}` shapes a page of matches and has no place in a condition."
            raise refuse(400, IssueCode.NOT_SUPPORTED, words)


def read_count(text: str) -> int:
    """`_count` as a number, cut to the largest page.

    Raises:
        Refusal: 400, it is not a whole number.
    """
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        words = "`_count` must be a whole number."
        raise refuse(400, IssueCode.INVALID, words, of_parameter("_count"))
    return min(int(text), LARGEST_COUNT)


def read_total(text: str) -> str:
    """`_total`.

    Raises:
        Refusal: 400, it is not one of FHIR's words.
    """
    if text not in {"none", CHEAP, "accurate"}:
        words = "`_total` must be none, estimate or accurate."
        raise refuse(400, IssueCode.INVALID, words, of_parameter("_total"))
    return text


class SearchReader:
    """Reads searches by the parameters that the store knows."""

    def __init__(self, catalogue: ParameterCatalogue) -> None:
        self._catalogue = catalogue

    def read(self, resource_type: str, pairs: Pairs, *, is_strict: bool) -> Search:
        """Understand a search of one type.

        Args:
            resource_type: a known type.
            pairs: names with their modifiers, and values, in order.
            is_strict: refuse an unknown parameter (`Prefer: handling=strict`) instead of leaving it out.

        Raises:
            Refusal: 400, with the parameter that is not understood.
        """
        return self._read(resource_type, (resource_type,), pairs, is_strict=is_strict)

    def read_several(self, pairs: Pairs, *, is_strict: bool) -> Search:
        """Understand a search of several types: those in `_type`, or all; see `read`."""
        named = [part for name, value in pairs if name == "_type" for part in value.split(",") if part]
        known = self._catalogue.resource_types
        for one in named:
            if one not in known:
                words = f"`{one[:64]}` is not a resource type that is searched here."
                raise refuse(400, IssueCode.NOT_SUPPORTED, words, of_parameter("_type"))
        types = tuple(sorted(set(named) or known))
        search = self._read("", types, pairs, is_strict=is_strict)
        if not named and not any(branch.criteria for branch in search.branches):
            words = "Say which types to search: `_type=Patient,Appointment`."
            raise refuse(400, IssueCode.TOO_COSTLY, words, of_parameter("_type"))
        return search

    def _read(self, path: str, types: tuple[str, ...], pairs: Pairs, *, is_strict: bool) -> Search:
        reading = _Reading(self._catalogue, types)
        used, ignored = [], []
        for name, value in pairs:
            with about(name):
                check_text(name, value)
                if value and reading.take(name, value):
                    if name != CURSOR:
                        used.append((name, value))
                elif is_strict:
                    said = "has no value" if not value else "is not a search parameter that is known here"
                    raise refuse(400, IssueCode.NOT_SUPPORTED, f"`{name[:64]}` {said}.")
                else:
                    ignored.append(name)
        return Search(
            path=path,
            branches=tuple(
                Branch(
                    resource_type=kind,
                    criteria=tuple(reading.criteria[kind]),
                    sort=tuple(keys[n] for keys in reading.sort),
                )
                for n, kind in enumerate(types)
            ),
            count=reading.count,
            includes=tuple(reading.includes),
            total=reading.total,
            wants_count_only=reading.summary == "count" or reading.count == 0,
            subset=read_subset("" if reading.summary == "count" else reading.summary, reading.elements),
            cursor=reading.cursor,
            used=tuple(used),
            ignored=tuple(ignored),
        )


@dataclass(slots=True)
class _Reading:
    """The parts of one search, while its parameters are read one by one."""

    catalogue: ParameterCatalogue
    types: tuple[str, ...]
    criteria: dict[str, list[Criterion]] = field(init=False)
    readers: dict[str, CriterionReader] = field(init=False)
    sort: list[list[SortKey]] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    count: int = DEFAULT_COUNT
    total: str = CHEAP
    summary: str = ""
    elements: str = ""
    cursor: tuple[Any, ...] | None = None

    def __post_init__(self) -> None:
        self.criteria = {kind: [] for kind in self.types}
        self.readers = {kind: CriterionReader(self.catalogue) for kind in self.types}

    def take(self, name: str, value: str) -> bool:  # noqa: PLR0912  (one case a parameter)
        """Read one parameter; whether it is known."""
        match name:
            case "_count":
                self.count = read_count(value)
            case "_sort":
                self._sorting(value)
            case "_total":
                self.total = read_total(value)
            case "_summary":
                self.summary = value
            case "_elements":
                self.elements = value
            case "_type":
                return len(self.types) > 1 or value == self.types[0]
            case "_format":
                check_format(value)
            case "_pretty":
                pass
            case "_contained":
                if value != "false":
                    raise refuse(400, IssueCode.NOT_SUPPORTED, "Contained resources cannot be searched.")
            case _ if name == CURSOR:
                self.cursor = read_cursor(value)
            case _ if name.partition(":")[0] in {"_include", "_revinclude"}:
                self.includes.append(read_include(self.catalogue, name, value))
            case _:
                return self._criterion(name, value)
        return True

    def _criterion(self, name: str, value: str) -> bool:
        found = {kind: self.readers[kind].read(kind, name, value) for kind in self.types}
        if any(criterion is None for criterion in found.values()):
            return False
        for kind, criterion in found.items():
            if criterion is not None:
                self.criteria[kind].append(criterion)
        return True

    def _sorting(self, value: str) -> None:
        for part in value.split(","):
            code = part.strip().removeprefix("-")
            keys = [self.catalogue.of(kind).get(code) for kind in self.types]
            found = [key for key in keys if key is not None and key.kind is not ParameterKind.COMPOSITE]
            if len(found) < len(keys) or len({key.kind for key in found}) > 1:
                words = f"The matches cannot be sorted by `{code[:64]}`."
                raise refuse(400, IssueCode.NOT_SUPPORTED, words)
            is_descending = part.strip().startswith("-")
            self.sort.append([SortKey(parameter=key, is_descending=is_descending) for key in found])
        if len(self.sort) > MOST_SORT_KEYS:
            words = f"Matches can be sorted by {MOST_SORT_KEYS} parameters at most."
            raise refuse(400, IssueCode.TOO_COSTLY, words)


def read_include(catalogue: ParameterCatalogue, name: str, value: str) -> Include:
    """Understand `_include` or `_revinclude`, `:iterate` and `*` included.

    Raises:
        Refusal: 400, it names no reference.
    """
    kind, _, modifier = name.partition(":")
    parts = value.split(":")
    known: Mapping[str, Parameter] = {}
    if parts[0] in catalogue.resource_types:
        known = catalogue.of(parts[0])
    is_any = value == "*" or (bool(known) and len(parts) in {2, 3} and parts[1] == "*")
    parameter = known.get(parts[1]) if len(parts) in {2, 3} else None
    is_reference = parameter is not None and parameter.kind is ParameterKind.REFERENCE
    target_type = parts[2] if len(parts) == 3 else ""
    if (
        not (is_any or is_reference)
        or modifier not in {"", "iterate", "recurse"}
        or target_type not in {"", *catalogue.resource_types}
    ):
        raise _not_included(name, value)
    return Include(
        source_type="" if value == "*" else parts[0],
        parameter=parameter if is_reference else None,
        target_type=target_type,
        is_reverse=kind == "_revinclude",
        is_iterated=bool(modifier),
    )


def _not_included(name: str, value: str) -> Refusal:
    words = f"`{name[:64]}={value[:64]}` is not of the form Type:reference-parameter, or not known there."
    return refuse(400, IssueCode.NOT_SUPPORTED, words)
