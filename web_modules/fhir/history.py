"""Reads the pages of a history: which version of what, when, and the content where it is wanted."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from web_modules.fhir.errors import FhirBroken
from web_modules.fhir.outcomes import located
from web_modules.fhir.references import are_absolute, with_own_references
from web_modules.fhir.resource_json import Resource, parse

Version = tuple[str, str, str]
"""Resource type, logical id and version."""

IsKnown = Callable[[Version, datetime], bool]
"""Says of a version, and of when it was made, whether its content is not wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One version of one resource, as a history tells it.

    Attributes:
        resource_type: such as Patient.
        resource_id: the logical id.
        version_id: opaque; compare for equality only.
        changed_at: when the server took this version, aware UTC.
        resource: the content, or None when this version is a deletion; empty where it was not wanted.
    """

    resource_type: str
    resource_id: str
    version_id: str
    changed_at: datetime
    resource: Resource | None

    @property
    def version(self) -> Version:
        """What names it."""
        return self.resource_type, self.resource_id, self.version_id


class _Request(msgspec.Struct):
    method: str = ""
    url: str = ""


class _Response(msgspec.Struct):
    etag: str = ""
    last_modified: str = msgspec.field(default="", name="lastModified")


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw()
    request: _Request = msgspec.field(default_factory=_Request)
    response: _Response = msgspec.field(default_factory=_Response)
    full_url: str = msgspec.field(default="", name="fullUrl")


class _Page(msgspec.Struct):
    entry: list[_Entry] = []


class _Meta(msgspec.Struct):
    version_id: str = msgspec.field(name="versionId")
    last_updated: str = msgspec.field(name="lastUpdated")


class _Head(msgspec.Struct):
    resource_type: str = msgspec.field(name="resourceType")
    id: str
    meta: _Meta


_PAGE = msgspec.json.Decoder(_Page)
_HEAD = msgspec.json.Decoder(_Head)


def without_content(body: bytes) -> Resource:
    """A page's links and what else it says of itself, without its entries.

    Raises:
        FhirBroken: it is no Bundle.
    """
    try:
        page: dict[str, Any] = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        kept = {name: parse(bytes(value)) for name, value in page.items() if name != "entry"}
    except ValueError as error:
        raise FhirBroken("The FHIR server's history is not a Bundle.") from error
    return kept


def entries_of(body: bytes, is_known: IsKnown | None) -> Iterator[HistoryEntry]:
    """The entries of a page, in its order.

    A server need not say when something was deleted: such a deletion is as old as its neighbour.

    Raises:
        FhirBroken: it cannot be understood.
    """
    try:
        entries = _PAGE.decode(body).entry
        heads = [_head(one) for one in entries]
    except ValueError as error:
        raise FhirBroken(f"The FHIR server's history cannot be read: {error}") from error
    moments = _filled([moment for _, moment in heads])
    for entry, (name, _), moment in zip(entries, heads, moments, strict=True):
        is_deletion = _is_deletion(entry)
        is_wanted = not is_deletion and not (is_known is not None and is_known(name, moment))
        content: Resource | None = None if is_deletion else {}
        if is_wanted:
            body = bytes(entry.resource)
            content = parse(body)
            if are_absolute(body):
                content = with_own_references(content, entry.full_url)
        resource_type, resource_id, version_id = name
        yield HistoryEntry(
            resource_type=resource_type,
            resource_id=resource_id,
            version_id=version_id,
            changed_at=moment,
            resource=content,
        )


def is_newest_first(page: Sequence[HistoryEntry]) -> bool:
    """Whether a page begins with what changed last, as histories do by default (FHIR R4, history)."""
    return len(page) > 1 and page[0].changed_at > page[-1].changed_at


def instant(text: str) -> datetime:
    """Read a FHIR instant as aware UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _head(entry: _Entry) -> tuple[Version, datetime | None]:
    if not _is_deletion(entry):
        head = _HEAD.decode(entry.resource)
        return (head.resource_type, head.id, head.meta.version_id), instant(head.meta.last_updated)
    told = entry.response.last_modified
    resource_type, resource_id = located(entry.request.url or entry.full_url)
    version = entry.response.etag.removeprefix("W/").strip('"')
    return (resource_type, resource_id, version), instant(told) if told else None


def _is_deletion(entry: _Entry) -> bool:
    return not bytes(entry.resource) or entry.request.method == "DELETE"


def _filled(moments: Sequence[datetime | None]) -> list[datetime]:
    known = next((one for one in moments if one is not None), datetime(1970, 1, 1, tzinfo=UTC))
    filled = []
    for one in moments:
        known = known if one is None else one
        filled.append(known)
    return filled
