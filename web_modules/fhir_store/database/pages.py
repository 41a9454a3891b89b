"""Reads many versions without holding more of them in memory than one answer may have."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from web_modules.fhir_store.database.records import VERSION_COLUMNS, StoredVersion, stored
from web_modules.fhir_store.database.session import Session

LARGEST_PAGE_BYTES = 16_000_000
"""A page ends early when it grows larger: a thousand of the largest usual records are as much."""

_LARGEST_AT_ONCE = 32_768
"""A larger content is fetched when its turn comes; a thousand of this size are 33 MB."""

_WithContent = TypeVar("_WithContent", bound="HasContent")


class HasContent(Protocol):
    """A version, or an entry of the audit."""

    @property
    def content(self) -> bytes | None:
        """Its JSON, or None where there is none."""


def unless_large(column: str) -> str:
    """A content, or nothing in its place when it is to be fetched by itself."""
    return f"CASE WHEN length({column}) <= {_LARGEST_AT_ONCE} THEN {column} END"


PAGE_COLUMNS = VERSION_COLUMNS.replace("v.content", unless_large("v.content"))
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


def fitting(several: Iterable[_WithContent]) -> list[_WithContent]:
    """As many versions as a page may have, from the first on; always the first."""
    fit: list[_WithContent] = []
    size = 0
    for version in several:
        size += len(version.content or b"")
        if fit and size > LARGEST_PAGE_BYTES:
            break
        fit.append(version)
    return fit
