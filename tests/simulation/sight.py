"""What a person sees of a record on each side, whatever the bridge would make of it."""

from collections.abc import Mapping
from typing import Any

from legacy_bridge.errors import RecordRefused
from legacy_bridge.legacy.groups import GROUPS
from legacy_bridge.mapping.booking import TABLE as SLOT_TABLE
from legacy_bridge.mapping.codes import INACTIVE_STATUSES
from legacy_bridge.mapping.field import main_row
from legacy_bridge.mapping.patient import TABLE as PATIENT_TABLE
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.mapping.values import guid_key, link_of, moment_from_text, moment_of
from legacy_bridge.records import CloudContent, Fields, Kind, LinkKey, Reading, RowGroup
from legacy_bridge.sides.links import Link, References
from tests.legacy_bridge.support.small_practice import ODS, guid
from tests.simulation.legacy import SimulatedDatabase, SimulatedRows
from tests.simulation.server import SimulatedServer

BOOKING, RECORD = "booking", "record"
OWNED = (Kind.SLOT, Kind.DIARY)
"""What belongs to a patient."""
THERE, GONE = "there", "gone"


class Sight:
    """Both sides, without the bridge."""

    def __init__(
        self, database: SimulatedDatabase, server: SimulatedServer, mappings: Mapping[Kind, ResourceMapping]
    ) -> None:
        self._server = server
        self._database = database
        self._mappings = mappings
        self._rows = SimulatedRows(database, guid("org"), lambda: None)

    def legacy(self, link: LinkKey) -> dict[str, Any]:
        """The fields that legacy shows of a record; empty when it has none."""
        group = self._group(link)
        if group is None:
            return {}
        found = {one.name: _seen(one.from_rows, group) for one in self._mappings[link.kind].fields}
        if SLOT_TABLE in group.rows:
            row = main_row(group)
            patient = link_of(Kind.PATIENT, row["PatientGuid"])
            since = moment_of(row["BookedDate"], row["BookedTime"])
            found[BOOKING] = None if patient is None else (patient.key, str(since))
        return {RECORD: THERE, **found}

    def cloud(self, link: LinkKey) -> dict[str, Any]:
        """The fields that the cloud shows of a record; empty when it has none."""
        content = self.content(link)
        mapping = self._mappings[link.kind]
        references = self.references()
        if content is None or _is_none(mapping, content, references):
            return {}
        found: dict[str, Any] = dict(mapping.readable(content, references))
        if "Slot" in content.resources:
            active = [one for one in content.appointments if one["status"] not in INACTIVE_STATUSES]
            found[BOOKING] = _booking(active[-1], references) if active else None
        return {RECORD: THERE, **found}

    def seen(self, side: str, link: LinkKey, field: str) -> Any:
        """One field as a side shows it."""
        found = self.legacy(link) if side == "legacy" else self.cloud(link)
        return found.get(field, GONE if field == RECORD else None)

    def readings(self, link: LinkKey) -> tuple[Reading | None, Reading | None]:
        """The record as the bridge reads it on both sides.

        Raises:
            RecordRefused: it cannot be carried.
        """
        mapping = self._mappings[link.kind]
        group = self._rows.read([Link(key=link)]).get(link)
        return mapping.from_legacy(group), mapping.from_cloud(self.content(link), self.references())

    def of_nobody(self) -> list[LinkKey]:
        """Rows of patients whom the legacy program deleted: nobody sees them there."""
        patients = {
            guid_key(row["PatientGuid"]): row for row in self._database.content.tables[PATIENT_TABLE].values()
        }
        found = []
        for kind in OWNED:
            for row in self._database.content.tables[GROUPS[kind].main].values():
                patient = patients.get(guid_key(row["PatientGuid"]))
                if not row["Deleted"] and patient is not None and patient["Deleted"]:
                    found.append(LinkKey(kind=kind, key=guid_key(row[GROUPS[kind].key]) or ""))
        return found

    def content(self, link: LinkKey) -> CloudContent | None:
        """The resources of a record."""
        mapping = self._mappings[link.kind]
        found = {
            resource_type: one
            for resource_type in mapping.resource_types
            for one in self._server.resources(resource_type)
            if mapping.key_of(one, ODS) == link
        }
        if not found:
            return None
        slot = f"Slot/{found['Slot']['id']}" if "Slot" in found else None
        appointments = tuple(
            one
            for one in (self._server.resources("Appointment") if slot else ())
            if slot in [named.get("reference") for named in one.get("slot", [])]
        )
        return CloudContent(link=link, resources=found, appointments=appointments)

    def references(self) -> References:
        """Which resource is, or was, which record."""
        found: dict[str, LinkKey] = {}
        for mapping in self._mappings.values():
            resource_type = mapping.resource_types[0]
            for one in self._server.ever(resource_type):
                link = mapping.key_of(one, ODS)
                if link is not None:
                    found[f"{resource_type}/{one['id']}"] = link
        return References(of_resources=found)

    def _group(self, link: LinkKey) -> RowGroup | None:
        group = self._rows.read([Link(key=link)]).get(link)
        return None if group is None or main_row(group).get("Deleted") else group


def _is_none(mapping: ResourceMapping, content: CloudContent, references: References) -> bool:
    """Whether resources are no record: what was entered in error is none."""
    try:
        return mapping.from_cloud(content, references) is None
    except RecordRefused:
        return False


def of_record(fields: Fields, field: str) -> Any:
    """One field of a record that the bridge read or listed, as a person sees it."""
    if field == RECORD:
        return THERE if fields else GONE
    if field != BOOKING:
        return fields.get(field)
    patient = fields.get("patient")
    return (patient.key, str(fields.get("booked_at"))) if isinstance(patient, LinkKey) else None


def _booking(appointment: Mapping[str, Any], references: References) -> tuple[str, str] | None:
    for one in appointment.get("participant", []):
        link = references.of_resources.get(one["actor"]["reference"])
        if link is not None and link.kind is Kind.PATIENT:
            return link.key, str(moment_from_text(appointment.get("created")))
    return None


def _seen(read: Any, *positional: Any) -> Any:
    try:
        return read(*positional)
    except RecordRefused:
        return None
