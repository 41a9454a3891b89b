"""A session: Appointment_Session with its people, and Schedule."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from legacy_bridge.mapping.clinical.fields import flag_field
from legacy_bridge.mapping.clinical.places import extension
from legacy_bridge.mapping.field import (
    Column,
    Draft,
    FieldMapping,
    concept_text,
    link_column,
    plain_text,
    reference_of,
    relative,
    set_element,
)
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.mapping.values import link_of, moment_from_text, moment_of, moment_text, text_of
from legacy_bridge.records import CloudContent, Kind, LinkKey, RowGroup, Value
from legacy_bridge.sides.links import References

TABLE = "Appointment_Session"
PEOPLE = "Appointment_SessionUser"
"""The session's people, only those of this practice."""
SITE = "Admin_Location"
"""The session's site, present only when it is one of this practice."""


def _moment_field(name: str, day: str, clock: str, element: str) -> FieldMapping:
    def from_rows(group: RowGroup) -> Value | None:
        row = group.rows[TABLE][0]
        return moment_of(row.get(day), row.get(clock))

    def get(content: CloudContent, _references: References) -> Value | None:
        horizon = content.resources["Schedule"].get("planningHorizon") or {}
        return moment_from_text(text_of(horizon.get(element)))

    def put(draft: Draft, value: Value | None, _references: References) -> None:
        horizon = dict(draft["Schedule"].get("planningHorizon") or {})
        set_element(horizon, element, moment_text(value if isinstance(value, datetime) else None))
        set_element(draft["Schedule"], "planningHorizon", horizon or None)

    return FieldMapping(name=name, from_rows=from_rows, from_cloud=get, to_draft=put)


def _people(group: RowGroup) -> Value | None:
    links = {link_of(Kind.PRACTITIONER, row.get("UserInRoleGuid")) for row in group.rows.get(PEOPLE, ())}
    return tuple(sorted((one for one in links if one is not None), key=str)) or None


def _actors(content: CloudContent, references: References, kind: Kind) -> list[LinkKey]:
    found = (reference_of(one, references) for one in content.resources["Schedule"].get("actor", []))
    return sorted((one for one in found if one is not None and one.kind is kind), key=str)


def _put_actors(draft: Draft, links: list[LinkKey], resource_type: str, references: References) -> None:
    kept: list[Any] = [
        one
        for one in draft["Schedule"].get("actor", [])
        if relative(one.get("reference", "")).partition("/")[0] != resource_type
    ]
    found = (references.reference(one, resource_type) for one in links)
    mine = [{"reference": one} for one in found if one is not None]
    # the people first: a book is read by who sees the patients
    both = [*mine, *kept] if resource_type == "Practitioner" else [*kept, *mine]
    set_element(draft["Schedule"], "actor", both or None)


def _put_people(draft: Draft, value: Value | None, references: References) -> None:
    _put_actors(draft, list(value) if isinstance(value, tuple) else [], "Practitioner", references)


def _put_site(draft: Draft, value: Value | None, references: References) -> None:
    _put_actors(draft, [value] if isinstance(value, LinkKey) else [], "Location", references)


SESSION = ResourceMapping(
    kind=Kind.SESSION,
    table=TABLE,
    resource_types=("Schedule",),
    skeleton={"Schedule": {"active": True}},
    deleted_column="Deleted",
    parents=frozenset({"people", "site"}),
    fields=(
        plain_text(
            "description",
            Column(table=TABLE, name="Description", length=100),
            "Schedule",
            "comment",
            writes=True,
        ),
        concept_text(
            "type",
            Column(table=TABLE, name="SessionTypeDescription", length=50),
            "Schedule",
            "serviceType",
            repeats=True,
        ),
        concept_text(
            "category",
            Column(table=TABLE, name="SessionCategoryDisplayName", length=100),
            "Schedule",
            "serviceCategory",
            repeats=True,
        ),
        replace(
            flag_field("private", TABLE, "Private", "Schedule", extension("session-private", "valueBoolean")),
            to_columns=None,
        ),
        _moment_field("start", "StartDate", "StartTime", "start"),
        _moment_field("end", "EndDate", "EndTime", "end"),
        FieldMapping(
            name="people",
            from_rows=_people,
            from_cloud=lambda content, references: (
                tuple(_actors(content, references, Kind.PRACTITIONER)) or None
            ),
            to_draft=_put_people,
        ),
        FieldMapping(
            name="site",
            from_rows=link_column(SITE, "LocationGuid", Kind.LOCATION),
            from_cloud=lambda content, references: next(
                iter(_actors(content, references, Kind.LOCATION)), None
            ),
            to_draft=_put_site,
        ),
    ),
)
