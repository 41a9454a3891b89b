"""The practice itself: Admin_Organisation and Organization."""

from legacy_bridge.mapping.field import Column, concept_text, identifier, plain_text
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.records import Kind
from web_modules.fhir.systems import ODS_CODE

_TABLE = "Admin_Organisation"
_ODS = Column(table=_TABLE, name="ODSCode", length=20)
_NAME = Column(table=_TABLE, name="OrganisationName", length=200)
_TYPE = Column(table=_TABLE, name="OrganisationType", length=50)

ORGANIZATION = ResourceMapping(
    kind=Kind.ORGANIZATION,
    table=_TABLE,
    resource_types=("Organization",),
    skeleton={"Organization": {"active": True}},
    fields=(
        identifier("ods", _ODS, "Organization", ODS_CODE),
        plain_text("name", _NAME, "Organization", "name", writes=True),
        concept_text("type", _TYPE, "Organization", "type", repeats=True),
    ),
)
