"""A document of a patient: a coded entry, the content beside it, and DocumentReference.

The content stands in the reference itself (`attachment.data`), so that one version says all and one label
withholds all. Documents come from the legacy program alone; one that was made in the cloud is refused.
"""

from typing import Any

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.clinical.entry import entry_fields, entry_mapping, plain_values
from legacy_bridge.mapping.clinical.entry_kinds import TYPES
from legacy_bridge.mapping.clinical.fields import field, row_of
from legacy_bridge.mapping.clinical.places import Place, element, extension, marked, within
from legacy_bridge.mapping.clinical.record import ClinicalMapping
from legacy_bridge.mapping.field import Element, FieldMapping, set_extension
from legacy_bridge.mapping.values import text_of
from legacy_bridge.records import CloudContent, Content, Kind, RowGroup, Value
from legacy_bridge.sides.links import References

CONTENT = "Reference_DocumentContent"
_TYPE = "DocumentReference"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_MARK = "document"
_ATTACHMENT = marked("content", _MARK, "attachment")
_NOTHING = {"id": _MARK, "attachment": {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}}
"""FHIR R4 wants an attachment; the legacy database may know that there is a document and not have it."""


def _data() -> Place:
    plain = within(_ATTACHMENT, element("data"))

    def put(resource: Element, value: Any) -> None:
        plain.put(resource, value)
        attachment = dict(_ATTACHMENT.get(resource) or {})
        set_extension(attachment, _ABSENT, None if value is not None else {"valueCode": "unknown"})
        _ATTACHMENT.put(resource, attachment)

    return Place(get=plain.get, put=put)


_DATA = _data()


def _content(group: RowGroup) -> Value | None:
    found: Any = row_of(group, CONTENT).get("Content")
    return Content.of(found) if isinstance(found, bytes) and found else None


def _content_there(content: CloudContent, _references: References) -> Value | None:
    document = content.resources[_TYPE]
    others = [one for one in document.get("content", []) if one.get("id") != _MARK]
    if others or "url" in (_ATTACHMENT.get(document) or {}):
        raise RecordRefused(
            "document-made-in-cloud",
            "The legacy program takes documents from its own scanner and post only: add this one there.",
        )
    return _parsed(_DATA.get(document))


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


DOCUMENT = entry_mapping(
    ClinicalMapping,
    Kind.DOCUMENT,
    skeleton={"status": "current", "content": [_NOTHING]},
    called=TYPES[Kind.DOCUMENT],
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
            document=element("masterIdentifier", "value"),
        ),
        *plain_values(_TYPE),
        _word("title", "Title", within(_ATTACHMENT, element("title"))),
        _word("media_type", "MediaType", within(_ATTACHMENT, element("contentType"))),
        field(
            "content",
            _TYPE,
            _DATA,
            rows=_content,
            read=_content_there,
            write=_written,
        ),
    ),
)
