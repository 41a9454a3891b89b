"""A site: Admin_Location and Location."""

from legacy_bridge.mapping.address import address_fields
from legacy_bridge.mapping.field import (
    Column,
    Draft,
    FieldMapping,
    concept_text,
    link_column,
    plain_text,
    reference_of,
    set_element,
    telecom,
)
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.records import CloudContent, Kind, LinkKey, Value
from legacy_bridge.sides.links import References

_TABLE = "Admin_Location"
SITE_OF = "Admin_OrganisationLocation"
"""Says of which organisation a location is a site."""


def _column(name: str, length: int) -> Column:
    return Column(table=_TABLE, name=name, length=length)


def _organization(content: CloudContent, references: References) -> Value | None:
    return reference_of(content.resources["Location"].get("managingOrganization"), references)


def _put_organization(draft: Draft, value: Value | None, references: References) -> None:
    found = references.reference(value, "Organization") if isinstance(value, LinkKey) else None
    set_element(draft["Location"], "managingOrganization", {"reference": found} if found else None)


LOCATION = ResourceMapping(
    kind=Kind.LOCATION,
    table=_TABLE,
    resource_types=("Location",),
    skeleton={"Location": {"status": "active", "mode": "instance"}},
    deleted_column="Deleted",
    parents=frozenset({"organization"}),
    fields=(
        plain_text("name", _column("LocationName", 100), "Location", "name", writes=True),
        concept_text("type", _column("LocationTypeDescription", 50), "Location", "type", repeats=True),
        telecom("phone", _column("PhoneNumber", 100), "Location", "phone", None),
        telecom("fax", _column("FaxNumber", 100), "Location", "fax", None),
        telecom("email", _column("EmailAddress", 100), "Location", "email", None),
        *address_fields(_TABLE, "Location", repeats=False),
        FieldMapping(
            name="organization",
            from_rows=link_column(SITE_OF, "OrganisationGuid", Kind.ORGANIZATION),
            from_cloud=_organization,
            to_draft=_put_organization,
        ),
    ),
)
