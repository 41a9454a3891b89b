"""How far a practice's history and audit have come."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from web_modules.fhir.audit_chain import Head, kept_bytes

READ_HEAD = "SELECT position, audited, audit_link, audit_seal FROM practice WHERE practice = ?"
MOVE_HEAD = """
    UPDATE practice SET position = ?, audited = ?, audit_link = ?, audit_seal = ? WHERE practice = ?
"""


_READ_LINK = "SELECT link FROM audit WHERE practice = ? AND number = ?"


class Rows(Protocol):
    """Whatever can be asked."""

    def rows(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """What a query finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeHead:
    """The ends of a practice's history and audit.

    Attributes:
        position: `lastUpdated` of the newest version, in microseconds since 1970 UTC.
        audit: the last entry.
    """

    position: int
    audit: Head

    @property
    def values(self) -> tuple[Any, ...]:
        """As `MOVE_HEAD` takes them, before the practice."""
        return self.position, self.audit.count, self.audit.link, self.audit.seal


def read_link(session: Rows, practice: str, number: int) -> bytes | None:
    """What signs an entry of the audit; None when there is none."""
    rows = session.rows(_READ_LINK, (practice, number))
    return kept_bytes(rows[0][0]) if rows else None


def head_of(row: Sequence[Any]) -> PracticeHead:
    """A row of `READ_HEAD`."""
    position, count, link, seal = row
    end = Head(count=count, link=kept_bytes(link), seal=kept_bytes(seal))
    return PracticeHead(position=position, audit=end)
