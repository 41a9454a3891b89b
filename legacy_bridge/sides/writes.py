"""Guarded writes of one record, and how they ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from legacy_bridge.records import LinkKey, RowValue


class OutcomeKind(Enum):
    """How one guarded write ended."""

    WRITTEN = "written"
    CHANGED = "changed"  # it was no longer what had been read; nothing was written
    REFUSED = "refused"  # the side will never take it; nothing was written


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the write of one record ended.

    Attributes:
        kind: see `OutcomeKind`.
        ids: resource type to logical id of what was written (cloud).
        versions: `Type/id` to the version that the write made (cloud).
        refusal: reason and words when refused.
    """

    kind: OutcomeKind
    ids: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    refusal: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """A guarded write of one record's row: changed columns only.

    Attributes:
        link: which record.
        digest: the row group must still hash to this; None: there must be no row, and the bridge must never
            have made one.
        columns: column to new value; empty with `delete`. `Table.Column` is a column of the row that extends
            the record's own.
        delete: mark the row deleted.
        parts: rows of the same table that are parts of the record, by GUID, with the columns to write; one
            that names its parent is new.
    """

    link: LinkKey
    digest: str | None
    columns: Mapping[str, RowValue]
    delete: bool = False
    parts: Mapping[str, Mapping[str, RowValue]] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        """Whether anything is to be written."""
        return bool(self.columns or self.parts or self.delete)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudStep:
    """One entry of a transaction; the names are FHIR's (http.html#transaction).

    Attributes:
        method: POST, PUT or DELETE.
        url: `Patient` for a create, `Patient/1` for the others.
        resource: the content; None for a deletion.
        full_url: `urn:uuid:…` when other steps refer to what this one creates.
        if_match: the version that must still be current.
        if_none_exist: the search that must find nothing for a create.
    """

    method: str
    url: str
    resource: Mapping[str, Any] | None = None
    full_url: str | None = None
    if_match: str | None = None
    if_none_exist: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudPlan:
    """A guarded write of one record's resources: all steps or none.

    Attributes:
        link: which record.
        steps: in order.
        bookings: how many Appointments the slot has had after this.
        withdraws: what it deletes is confidential: its earlier versions have to go too.
    """

    link: LinkKey
    steps: tuple[CloudStep, ...]
    bookings: int = 0
    withdraws: bool = False
