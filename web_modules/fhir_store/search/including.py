"""Finds what comes along with the matches of a search: what they point to, and what points to them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from web_modules.fhir_store.access import Interaction
from web_modules.fhir_store.database import pages
from web_modules.fhir_store.database.records import CURRENT, Records, StoredVersion
from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.elements.indexing import Indexer
from web_modules.fhir_store.elements.parameters import Parameter, ParameterCatalogue, ParameterKind
from web_modules.fhir_store.search.query import Include
from web_modules.fhir_store.search.sql import EVERYTHING, among

MOST_INCLUDED = 5000
"""Resources sent along with one page; more would be a list, not a context."""

MOST_ROUNDS = 10
"""How often `:iterate` goes on from what came along."""

_AT_A_TIME = 500
"""Values in one statement."""

Key = tuple[str, str]

Row = Sequence[Any]
"""That begins with `PAGE_COLUMNS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Included:
    """What comes along.

    Attributes:
        versions: each once, none of them a match.
        is_cut: whether there was more than this server sends.
        is_withheld: whether a label hides something that would have come.
    """

    versions: tuple[StoredVersion, ...]
    is_cut: bool
    is_withheld: bool


class Including:
    """Follows references in one practice's records."""

    def __init__(self, catalogue: ParameterCatalogue, indexer: Indexer, base_url: str) -> None:
        self._catalogue = catalogue
        self._indexer = indexer
        self._base_url = base_url

    def find(
        self, records: Records, includes: Sequence[Include], matches: Sequence[StoredVersion]
    ) -> Included:
        """Everything that the includes bring to some matches."""
        seen = {(match.type, match.id) for match in matches}
        found: list[StoredVersion] = []
        latest, asked = list(matches), list(includes)
        is_withheld = False
        size = 0
        for _round in range(MOST_ROUNDS):
            if not latest or not asked:
                break
            new: list[StoredVersion] = []
            for include in asked:
                for row in self._followed(records, include, latest):
                    if row is None:
                        is_withheld = True
                        continue
                    if (row[0], row[1]) in seen:
                        continue
                    seen.add((row[0], row[1]))
                    [version] = pages.versions(records.session, records.practice, [row])
                    size += len(version.content or b"")
                    if len(found) + len(new) == MOST_INCLUDED or size > pages.LARGEST_PAGE_BYTES:
                        return Included(versions=(*found, *new), is_cut=True, is_withheld=is_withheld)
                    new.append(version)
            found += new
            latest, asked = new, [include for include in includes if include.is_iterated]
        return Included(versions=tuple(found), is_cut=bool(latest and asked), is_withheld=is_withheld)

    def _followed(
        self, records: Records, include: Include, origins: Sequence[StoredVersion]
    ) -> Iterator[Row | None]:
        if include.is_reverse:
            yield from self._pointing(records, include, origins)
            return
        wanted: dict[Key, None] = {}
        for origin in origins:
            if include.source_type in {"", origin.type}:
                content = decode(origin.content or b"null")
                for parameter in self._references(include, origin.type):
                    targets = self._indexer.targets(parameter, content, self._base_url)
                    wanted |= dict.fromkeys(key for key in targets if include.target_type in {"", key[0]})
        yield from _read(records, list(wanted))

    def _pointing(
        self, records: Records, include: Include, origins: Sequence[StoredVersion]
    ) -> Iterator[Row | None]:
        ids: dict[str, list[str]] = {}
        for origin in origins:
            if include.target_type in {"", origin.type}:
                ids.setdefault(origin.type, []).append(origin.id)
        sources = [include.source_type] if include.source_type else sorted(self._catalogue.resource_types)
        numbers: dict[str, dict[int, None]] = {}
        for target_type, all_ids in ids.items():
            references = {
                parameter.number: source
                for source in sources
                for parameter in self._references(include, source)
                if not parameter.targets or target_type in parameter.targets
            }
            parameters = among("i.parameter", references)
            for some in _parts(all_ids):
                targets = among("i.target_id", some)
                rows = records.session.rows(
                    "SELECT i.parameter, i.number FROM search_reference AS i WHERE i.practice = ?"
                    f" AND {parameters.text} AND {targets.text} AND i.target_type = ? LIMIT ?",
                    (records.practice, *parameters.values, *targets.values, target_type, MOST_INCLUDED + 1),
                )
                for parameter, number in rows:
                    numbers.setdefault(references[parameter], {})[number] = None
        for source, found in sorted(numbers.items()):
            yield from _current(records, source, "number", sorted(found)[: MOST_INCLUDED + 1])

    def _references(self, include: Include, source_type: str) -> list[Parameter]:
        if include.parameter is not None:
            return [include.parameter] if include.source_type == source_type else []
        known = self._catalogue.of(source_type).values()
        return [parameter for parameter in known if parameter.kind is ParameterKind.REFERENCE]


def _read(records: Records, keys: Sequence[Key]) -> Iterator[Row | None]:
    by_type: dict[str, list[str]] = {}
    for resource_type, resource_id in keys[: MOST_INCLUDED + 1]:
        by_type.setdefault(resource_type, []).append(resource_id)
    for resource_type, ids in by_type.items():
        for some in _parts(ids):
            found = {
                None if row is None else row[1]: row for row in _current(records, resource_type, "id", some)
            }
            yield from (found[one] for one in (None, *some) if one in found)


def _current(
    records: Records, resource_type: str, column: str, wanted: Sequence[Any]
) -> Iterator[Row | None]:
    """Rows of the newest versions; None stands for what a label hides."""
    limit = records.sight.limit(Interaction.SEARCH, resource_type) or EVERYTHING
    for some in _parts(wanted):
        named = among(f"r.{column}", some)
        rows = records.session.rows(
            f"SELECT {pages.PAGE_COLUMNS} FROM {CURRENT} WHERE r.practice = ? AND r.type = ?"
            f" AND r.is_deleted = 0 AND {named.text} AND {limit.text} ORDER BY r.number",
            (records.practice, resource_type, *named.values, *limit.values),
        )
        yield from rows
        if records.withholds(resource_type, named):
            yield None


def _parts(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[at : at + _AT_A_TIME] for at in range(0, len(values), _AT_A_TIME))
