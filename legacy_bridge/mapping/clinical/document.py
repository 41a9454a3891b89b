"""A document of a patient: a coded entry, the content beside it, and DocumentReference.

The content stands in the reference itself (`attachment.data`), or in a Binary beside it that has the
reference as its context, so that one label withholds all. One that was made in the cloud becomes an entry and
a row with its content, both once; after that the content is the legacy program's, as a document is replaced
and not edited.
"""

from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping
from dataclasses import replace
from hashlib import sha1
from typing import Any

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.clinical.entry import TABLE, entry_fields, entry_mapping, plain_values
from legacy_bridge.mapping.clinical.entry_kinds import TYPES
from legacy_bridge.mapping.clinical.fields import field, row_of
from legacy_bridge.mapping.clinical.places import Place, element, extension, marked, within
from legacy_bridge.mapping.clinical.record import ClinicalMapping
from legacy_bridge.mapping.field import Draft, Element, FieldMapping, set_element, set_extension
from legacy_bridge.mapping.resource import CloudContext, delete_step
from legacy_bridge.mapping.values import check_text, guid_column, guid_key, text_of
from legacy_bridge.records import (
    BINARY,
    CLOUD_CONTENT_MISSING,
    CloudContent,
    Content,
    Fields,
    Kind,
    RowGroup,
    RowValue,
    Value,
)
from legacy_bridge.sides.links import Link, References
from legacy_bridge.sides.writes import CloudPlan, RowChange

CONTENT = "Reference_DocumentContent"
_TYPE = "DocumentReference"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_MARK = "document"
_URN = "urn:uuid:"
MOST_BYTES = 16 * 1024 * 1024
"""What a new row may hold: in base64 it fits into the 24 MB that the embedded store takes with a resource."""
_NOTHING = {"id": _MARK, "attachment": {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}}
"""FHIR R4 wants an attachment; the legacy database may know that there is a document and not have it."""


def _attachment() -> Place:
    """The attachment that is marked as ours, else the only one, whatever it is called."""

    def place(items: list[Any]) -> int | None:
        of_mark = [at for at, item in enumerate(items) if item.get("id") == _MARK]
        return of_mark[0] if of_mark else 0 if len(items) == 1 else None

    def get(resource: Mapping[str, Any]) -> Any:
        items = resource.get("content", [])
        at = place(items)
        return None if at is None else items[at].get("attachment")

    def put(resource: Element, value: Any) -> None:
        items = list(resource.get("content", []))
        at = place(items)
        kept = {"id": _MARK} if at is None else items[at]
        end = len(items) if at is None else at
        items[end : end + 1] = [] if value is None else [{**kept, "attachment": value}]
        set_element(resource, "content", items or None)

    return Place(get=get, put=put)


def _own_id() -> Place:
    """Where the document's own id is: beside what else it is called by its author, never in its place."""
    master, beside = element("masterIdentifier", "value"), extension("document", "valueString")

    def get(resource: Mapping[str, Any]) -> Any:
        found = master.get(resource)
        return found if _guid_in(found) is not None else beside.get(resource)

    def put(resource: Element, value: Any) -> None:
        found = master.get(resource)
        (master if found is None or _guid_in(found) is not None else beside).put(resource, value)

    return Place(get=get, put=put)


def _guid_in(urn: Any) -> str | None:
    return guid_key(urn.removeprefix(_URN)) if isinstance(urn, str) and urn.startswith(_URN) else None


_ATTACHMENT = _attachment()


def _data() -> Place:
    plain = within(_ATTACHMENT, element("data"))

    def put(resource: Element, value: Any) -> None:
        is_other = value != plain.get(resource)
        plain.put(resource, value)
        attachment = dict(_ATTACHMENT.get(resource) or {})
        if is_other:  # they are another content's
            attachment.pop("size", None)
            attachment.pop("hash", None)
            attachment.pop("url", None)
        set_extension(attachment, _ABSENT, None if value is not None else {"valueCode": "unknown"})
        _ATTACHMENT.put(resource, attachment)

    return Place(get=plain.get, put=put)


_DATA = _data()


def _content(group: RowGroup) -> Value | None:
    found: Any = row_of(group, CONTENT).get("Content")
    return Content.of(found) if isinstance(found, bytes) and found else None


def _content_there(content: CloudContent, _references: References) -> Value | None:
    document = content.resources[_TYPE]
    if len(document.get("content", [])) > 1:
        raise RecordRefused(
            "document-in-several-forms",
            "The legacy program holds one content a document and this one has several: make one of each.",
        )
    attachment = _ATTACHMENT.get(document) or {}
    if "url" not in attachment:
        return _parsed(_DATA.get(document))
    binary = content.resources.get(BINARY)
    if binary is not None:
        return _content_beside(attachment, binary)
    if content.unread is None:
        raise RecordRefused(
            "document-elsewhere",
            "What is in this document lies at another address: put it into the document itself, or into a "
            "Binary of this server.",
        )
    if content.unread[0] == CLOUD_CONTENT_MISSING and _is_known(document):
        return None  # legacy has it, and puts it back
    raise RecordRefused(*content.unread)


def _content_beside(attachment: Mapping[str, Any], binary: Mapping[str, Any]) -> Content | None:
    """What is in the Binary of a document.

    Raises:
        RecordRefused: it is not what the document says of it.
    """
    found = _parsed(binary.get("data"))
    said = attachment.get("contentType")
    if said is not None and _media_type(said) != _media_type(binary.get("contentType")):
        raise RecordRefused(
            "content-type-differs",
            "This document says of another type than its content (a Binary) does: correct one of them.",
        )
    if "data" in attachment and _parsed(attachment["data"]) != found:
        raise RecordRefused(
            "content-damaged",
            "What is in this document is not what its address leads to: keep one of the two.",
        )
    if found is not None and found.data is not None:
        _check_whole(b64decode(found.data), attachment)
    return found


def _media_type(text: Any) -> str:
    return "".join(str(text).split()).lower()


def _is_known(document: Mapping[str, Any]) -> bool:
    """Whether legacy has a document: the bridge has told the cloud its key."""
    systems = (str(one.get("system", "")) for one in document.get("identifier", []))
    return any(one.startswith(_KEYS) and one.endswith(f"/legacy/{TABLE}") for one in systems)


_KEYS = "https://banyan.example/Id/"


def _parsed(text: Any) -> Content | None:
    told = text_of(text)
    return None if told is None else Content.parse(told)


def _written(value: Value, _references: References, before: Any) -> Any:
    """The content; what is there and says the same stays as it is written."""
    if not isinstance(value, Content) or _parsed(before) == value:
        return before
    if value.data is None:
        raise RecordRefused("content-forgotten", "Only the hash of this document's content is known.")
    return value.data


def _word(name: str, column: str, place: Place) -> FieldMapping:
    return field(
        name,
        _TYPE,
        place,
        rows=lambda group: text_of(row_of(group, CONTENT).get(column)),
        read=lambda content, _: text_of(place.get(content.resources[_TYPE])),
        write=lambda value, _references, _before: value,
    )


def _content_field() -> FieldMapping:
    inside = field("content", _TYPE, _DATA, rows=_content, read=_content_there, write=_written)

    def put(draft: Draft, value: Value | None, references: References) -> None:
        binary, document = draft.get(BINARY), draft[_TYPE]
        if binary is not None and isinstance(value, Content):
            binary[_CONTEXT] = {"reference": f"{_TYPE}/{document['id']}"}
            _put_beside(document, binary, value)
            return
        if draft.pop(BINARY, None) is not None:  # it goes, and nothing may name it
            _ADDRESS.put(document, None)
        inside.to_draft(draft, value, references)

    return replace(inside, to_draft=put)


def _put_beside(document: Element, binary: Element, value: Content) -> None:
    """Write a content into the Binary that the document names; the document stays if it is there already."""
    attachment = dict(_ATTACHMENT.get(document) or {})
    address = f"{BINARY}/{binary['id']}"
    if _parsed(binary.get("data")) != value:
        binary["data"] = _written(value, _NOBODY, None)
        attachment = {name: one for name, one in attachment.items() if name not in ("size", "hash", "data")}
    if "/_history/" in str(attachment.get("url")):  # there is a new version of it
        attachment["url"] = address
    _ATTACHMENT.put(document, attachment)


_NOBODY = References()
_ADDRESS = within(_ATTACHMENT, element("url"))
_CONTEXT = "securityContext"


def _media_type_field() -> FieldMapping:
    inside = _word("media_type", "MediaType", within(_ATTACHMENT, element("contentType")))

    def read(content: CloudContent, references: References) -> Value | None:
        found = inside.from_cloud(content, references)
        beside = content.resources.get(BINARY, {})
        return found if found is not None else text_of(beside.get("contentType"))

    def put(draft: Draft, value: Value | None, references: References) -> None:
        inside.to_draft(draft, value, references)
        binary = draft.get(BINARY)
        if binary is not None and value is not None:
            binary["contentType"] = value

    return replace(inside, from_cloud=read, to_draft=put)


class DocumentMapping(ClinicalMapping):
    """How documents travel: of a new one the content is written beside the entry, whole or not at all."""

    __slots__ = ()

    def wants_words(self, content: CloudContent | None, ods: str) -> bool:
        """Also where what lies beside a document does not stand and fall with it yet."""
        return ClinicalMapping.wants_words(self, content, ods) or _stands_apart(content)

    def to_cloud(
        self,
        link: Link,
        fields: Fields,
        changed: Collection[str],
        content: CloudContent | None,
        context: CloudContext,
    ) -> CloudPlan:
        """The document; what lies beside it, and is not named any more, goes."""
        if content is None or BINARY not in content.resources:
            return ClinicalMapping.to_cloud(self, link, fields, changed, content, context)
        plan = ClinicalMapping.to_cloud(self, link, fields, {*changed, "content"}, content, context)
        written = [step.resource for step in plan.steps if step.url.startswith(_TYPE)]
        if any(one is not None and "url" not in (_ATTACHMENT.get(one) or {}) for one in written):
            return replace(plan, steps=(*plan.steps, delete_step(content.resources[BINARY])))
        return plan

    def insertion(self, link: Link, fields: Fields, content: CloudContent) -> RowChange | None:
        """The rows to make of what was made in the cloud."""
        document = content.resources[_TYPE]
        if document.get("status") != "current" or document.get("docStatus") in _UNFINISHED:
            raise RecordRefused(
                "document-not-final",
                "The legacy program takes finished documents: finish this one in the new page.",
            )
        beside = _columns_of(fields, _ATTACHMENT.get(document) or {})
        told = {name: value for name, value in fields.items() if name not in _BESIDE}
        change = ClinicalMapping.insertion(self, link, told, content)
        if change is None:
            return None
        guid = guid_column(_guid_in(fields.get("document")) or link.key.key)
        return replace(change, columns={**change.columns, "DocumentGuid": guid, **beside})


def _stands_apart(content: CloudContent | None) -> bool:
    """Whether a document is there, and its content is protected by something else."""
    there = {} if content is None else content.resources
    if BINARY not in there or _TYPE not in there:
        return False
    context = (there[BINARY].get(_CONTEXT) or {}).get("reference", "")
    return not str(context).endswith(f"{_TYPE}/{there[_TYPE]['id']}")


_UNFINISHED = ("preliminary", "entered-in-error")
_BESIDE = ("document", "title", "media_type", "content")
"""Fields that stand in the content's row, and the one that names it."""


def _columns_of(fields: Fields, attachment: Mapping[str, Any]) -> dict[str, RowValue]:
    """The columns of a new content's row.

    Raises:
        RecordRefused: there is none, or the legacy program would not show it as it is.
    """
    told = fields.get("content")
    if not isinstance(told, Content) or told.data is None or "media_type" not in fields:
        raise RecordRefused(
            "content-missing",
            "This document has no content, or does not say of what type it is: add it in the new page.",
        )
    if told.size > MOST_BYTES:
        raise RecordRefused(
            "content-too-large",
            f"This document has {told.size:,} bytes and the bridge carries up to {MOST_BYTES:,}: "
            "make a smaller file of it in the new page, or enter it in the legacy program.",
        )
    data = b64decode(told.data)
    _check_whole(data, attachment)
    title = fields.get("title")
    columns: dict[str, RowValue] = {
        "MediaType": check_text(str(fields["media_type"]), column="MediaType", length=100),
        "Title": None if title is None else check_text(str(title), column="Title", length=200),
        "Content": data,
    }
    return {f"{CONTENT}.{name}": value for name, value in columns.items()}


def _check_whole(data: bytes, attachment: Mapping[str, Any]) -> None:
    """Raise RecordRefused if a content is not what its size and its hash say (FHIR R4 datatypes.html)."""
    hashed = b64encode(sha1(data, usedforsecurity=False).digest()).decode("ascii")
    is_size = attachment.get("size", len(data)) == len(data)
    if not is_size or "".join(str(attachment.get("hash", hashed)).split()) != hashed:
        raise RecordRefused(
            "content-damaged",
            "What is in this document is not what its size or its hash say: add it again in the new page.",
        )


DOCUMENT = entry_mapping(
    DocumentMapping,
    Kind.DOCUMENT,
    skeleton={"status": "current", "content": [_NOTHING]},
    called=TYPES[Kind.DOCUMENT],
    beside=frozenset({BINARY}),
    fields=(
        *entry_fields(
            _TYPE,
            Kind.DOCUMENT,
            date=element("context", "period", "start"),
            entered=element("date"),
            clinician=marked("author", "clinician"),
            entered_by=extension("entered-by", "valueReference"),
            code=element("type"),
            consultation=within(element("context"), marked("encounter", "consultation")),
            document=_own_id(),
        ),
        *plain_values(_TYPE),
        _word("title", "Title", within(_ATTACHMENT, element("title"))),
        _media_type_field(),
        _content_field(),
    ),
)
