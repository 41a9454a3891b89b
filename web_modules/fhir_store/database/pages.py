"""Reads many versions without holding more of them in memory than one answer may have."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from web_modules.fhir_store.database.records import VERSION_COLUMNS, StoredVersion, stored
from web_modules.fhir_store.database.session import Session

LARGEST_PAGE_BYTES = 16_000_000
"""A page ends early when it grows larger: a thousand of the largest usual records are as much."""

_LARGEST_AT_ONCE = 32_768
"""A larger content is fetched when its turn comes; a thousand of this size are 33 MB."""

PAGE_COLUMNS = VERSION_COLUMNS.replace(
    "v.content", f"CASE WHEN length(v.content) <= {_LARGEST_AT_ONCE} THEN v.content END"
)
"""The columns of `version AS v` that `versions` takes, in the order of `VERSION_COLUMNS`."""

_CONTENT = "SELECT v.content FROM version AS v WHERE v.practice = ? AND v.updated = ?"


def versions(session: Session, practice: str, rows: Iterable[Sequence[Any]]) -> Iterator[StoredVersion]:
    """Rows that begin with `PAGE_COLUMNS` as versions, each made when it is asked for."""
    for row in rows:
        version = stored(row)
        if version.content is None and version.method != "DELETE":
            [(content,)] = session.rows_beside(_CONTENT, (practice, version.updated))
            version = replace(version, content=content)
        yield version


def fitting(several: Iterable[StoredVersion]) -> list[StoredVersion]:
    """As many versions as a page may have, from the first on; always the first."""
    fit: list[StoredVersion] = []
    size = 0
    for version in several:
        size += len(version.content or b"")
        if fit and size > LARGEST_PAGE_BYTES:
            break
        fit.append(version)
    return fit
