"""Which tables are watched, which of their columns name records, and what a touched row is."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from legacy_bridge.legacy.absent import absent_tables
from legacy_bridge.legacy.entries import TABLE as ENTRY_TABLE
from legacy_bridge.legacy.entries import documents_of, kinds_of, parts_of
from legacy_bridge.mapping.values import guid_key
from legacy_bridge.records import ENTRIES, Kind, LinkKey

_CONTENTS = "Reference_DocumentContent"
"""Its rows are named by entries, whose key they do not have."""
Sources = Mapping[str, tuple[Kind | None, tuple[str, ...]]]
SOURCES: Sources = {
    "Admin_Organisation": (Kind.ORGANIZATION, ("OrganisationGuid",)),
    "Admin_Location": (Kind.LOCATION, ("LocationGuid",)),
    "Admin_OrganisationLocation": (Kind.LOCATION, ("LocationGuid",)),
    "Admin_UserInRole": (Kind.PRACTITIONER, ("UserInRoleGuid",)),
    "Admin_Patient": (Kind.PATIENT, ("PatientGuid",)),
    "Appointment_Session": (Kind.SESSION, ("AppointmentSessionGuid",)),
    "Appointment_SessionUser": (Kind.SESSION, ("SessionGuid",)),
    "Appointment_Slot": (Kind.SLOT, ("SlotGuid",)),
    "CareRecord_Consultation": (Kind.CONSULTATION, ("ConsultationGuid",)),
    "CareRecord_Diary": (Kind.DIARY, ("DiaryGuid",)),
    "CareRecord_Observation": (None, ("ObservationGuid", "ParentObservationGuid")),
    "CareRecord_Problem": (None, ("ObservationGuid",)),
    "CareRecord_ObservationReferral": (None, ("ObservationGuid",)),
    "Prescribing_DrugRecord": (Kind.MEDICATION, ("DrugRecordGuid",)),
    "Prescribing_IssueRecord": (Kind.ISSUE, ("IssueRecordGuid",)),
    _CONTENTS: (None, ("DocumentGuid",)),
}
"""Of each table the kind, or None for coded entries, whose code tells it, and the columns that name records:
a result's row names its panel too, which lists its results."""


def sources_in(connection: Connection) -> Sources:
    """Those of the watched tables that a database has."""
    absent = absent_tables(connection)
    return {table: source for table, source in SOURCES.items() if table not in absent}


def touched_of(connection: Connection, noted: Collection[tuple[str, str | None]]) -> tuple[LinkKey, ...]:
    """The records that some noted rows belong to, each once.

    Args:
        connection: by which the kinds of entries are looked up.
        noted: tables and the GUIDs that their touched rows name.
    """
    keys = {(source, key) for source, guid in noted if source in SOURCES and (key := guid_key(guid))}
    contents = {key for source, key in keys if source == _CONTENTS}
    if contents:
        keys = {one for one in keys if one[0] != _CONTENTS}
        keys |= {(ENTRY_TABLE, key) for key in documents_of(connection, contents)}
    entries = {key for source, key in keys if SOURCES[source][0] is None}
    entries |= parts_of(connection, entries) if entries else set()
    of_entries = kinds_of(connection, entries) if entries else {}
    touched = {
        LinkKey(kind=kind, key=key) for source, key in keys for kind in _kinds(source, key, of_entries)
    }
    touched |= {LinkKey(kind=kind, key=key) for key, kinds in of_entries.items() for kind in kinds}
    return tuple(sorted(touched, key=str))


def _kinds(source: str, key: str, of_entries: Mapping[str, set[Kind]]) -> Collection[Kind]:
    """What a touched row is; an entry that is gone may have been anything, and the journal knows what."""
    kind = SOURCES[source][0]
    return (kind,) if kind is not None else of_entries.get(key, {ENTRIES[0]})
