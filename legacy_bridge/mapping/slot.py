"""An appointment slot: one Appointment_Slot row, and a Slot with at most one current Appointment."""

import copy
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping import booking
from legacy_bridge.mapping.clinical.fields import code_field, flag_field, text_field
from legacy_bridge.mapping.clinical.places import extension
from legacy_bridge.mapping.codes import (
    DELIVERY_CHANNEL,
    DELIVERY_CHANNEL_SYSTEM,
    MODE_TO_CHANNEL,
    ORIGINAL_TERM,
)
from legacy_bridge.mapping.field import (
    Column,
    Draft,
    FieldMapping,
    concept_text,
    extension_of,
    link_column,
    reference_of,
    set_element,
    set_extension,
)
from legacy_bridge.mapping.resource import (
    CloudContext,
    ResourceMapping,
    create_step,
    delete_step,
    differing,
    update_step,
)
from legacy_bridge.mapping.values import (
    link_of,
    minutes_between,
    moment_from_text,
    moment_of,
    moment_text,
    text_of,
)
from legacy_bridge.records import Agreed, CloudContent, Fields, Kind, LinkKey, Reading, RowGroup, Value
from legacy_bridge.sides.links import Link, References
from legacy_bridge.sides.writes import CloudPlan, CloudStep, RowChange
from web_modules.fhir.systems import legacy_key

TABLE = "Appointment_Slot"
_MODE = Column(table=TABLE, name="ModeOfContact", length=200)


def _start(group: RowGroup) -> Value | None:
    row = group.rows[TABLE][0]
    start = moment_of(row.get("AppointmentDate"), row.get("AppointmentStartTime"))
    if start is None:
        raise RecordRefused(
            "slot-without-time", "The slot has no date or no time: set it in the legacy program."
        )
    return start


def _minutes(group: RowGroup) -> Value | None:
    minutes = group.rows[TABLE][0].get("PlannedDurationInMinutes")
    if not isinstance(minutes, int) or minutes < 0:
        raise RecordRefused(
            "slot-without-length",
            "The slot's length is missing or negative, so it has no end: correct it in the legacy program.",
        )
    return minutes


def _cloud_start(content: CloudContent, _references: References) -> Value | None:
    return moment_from_text(text_of(content.resources["Slot"].get("start")))


def _cloud_minutes(content: CloudContent, references: References) -> Value | None:
    start = _cloud_start(content, references)
    end = moment_from_text(text_of(content.resources["Slot"].get("end")))
    if not isinstance(start, datetime) or end is None:
        return None
    return minutes_between(start, end)


def _put_start(draft: Draft, value: Value | None, references: References) -> None:
    slot = draft["Slot"]
    start, end = (moment_from_text(slot.get(element)) for element in ("start", "end"))
    set_element(slot, "start", moment_text(value))
    if start is not None and end is not None:
        _put_minutes(draft, minutes_between(start, end), references)


def _put_minutes(draft: Draft, value: Value | None, _references: References) -> None:
    start = moment_from_text(draft["Slot"].get("start"))
    if start is not None and isinstance(value, int):
        draft["Slot"]["end"] = moment_text(start + timedelta(minutes=value))


def _put_session(draft: Draft, value: Value | None, references: References) -> None:
    found = references.reference(value, "Schedule") if isinstance(value, LinkKey) else None
    set_element(draft["Slot"], "schedule", {"reference": found} if found else None)


def _mode(content: CloudContent, _references: References) -> Value | None:
    return text_of(extension_of(content.resources["Slot"], ORIGINAL_TERM).get("valueString"))


def _put_mode(draft: Draft, value: Value | None, _references: References) -> None:
    slot = draft["Slot"]
    set_extension(slot, ORIGINAL_TERM, None if value is None else {"valueString": value})
    channel = MODE_TO_CHANNEL.get(str(value))
    coding = {"system": DELIVERY_CHANNEL_SYSTEM, "code": channel, "display": value}
    set_extension(slot, DELIVERY_CHANNEL, {"valueCodeableConcept": {"coding": [coding]}} if channel else None)


def _text(name: str, column: str, length: int) -> FieldMapping:
    place = extension(f"slot-{name.replace('_', '-')}", "valueString")
    made = text_field(name, Column(table=TABLE, name=column, length=length), "Slot", place)
    return replace(made, to_columns=None)


def _is_online() -> FieldMapping:
    place = extension("slot-bookable-online", "valueBoolean")
    return replace(flag_field("online", TABLE, "IsBookableOnline", "Slot", place), to_columns=None)


def _reason() -> FieldMapping:
    """Why nobody came; the code's own row is looked up where there is one."""
    place = extension("slot-dna-reason", "valueCodeableConcept")
    made = code_field("dna_reason", TABLE, "DnaReasonCodeId", "", "Slot", place, kind=Kind.SLOT)
    return replace(made, to_columns=None)


_FIELDS = (
    FieldMapping(
        name="session",
        from_rows=link_column(TABLE, "SessionGuid", Kind.SESSION),
        from_cloud=lambda content, references: reference_of(
            content.resources["Slot"].get("schedule"), references
        ),
        to_draft=_put_session,
    ),
    FieldMapping(name="start", from_rows=_start, from_cloud=_cloud_start, to_draft=_put_start),
    FieldMapping(name="minutes", from_rows=_minutes, from_cloud=_cloud_minutes, to_draft=_put_minutes),
    concept_text("type", Column(table=TABLE, name="SlotType", length=100), "Slot", "appointmentType"),
    FieldMapping(name="mode", from_rows=_MODE.read, from_cloud=_mode, to_draft=_put_mode),
    _is_online(),
    _text("context", "ContextType", 200),
    _text("setting", "ServiceSetting", 200),
    _text("national_category", "NationalSlotCategoryName", 200),
    _reason(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotMapping(ResourceMapping):
    """A slot's mapping: its plain fields, and who is booked in it (see `booking`)."""

    @property
    def stands_alone(self) -> bool:
        """It does not: Appointments of any number may name it."""
        return False

    def from_legacy(self, group: RowGroup | None) -> Reading | None:
        """The slot's record; what must not be told of a booking is held back."""
        reading = ResourceMapping.from_legacy(self, group)
        if reading is None or group is None:
            return None
        booked = booking.from_rows(group)
        return Reading(fields={**reading.fields, **booked.fields}, held=booked.held)

    def known(
        self, reading: Reading | None, group: RowGroup | None, references: References
    ) -> Reading | None:
        """The slot without a patient who is withheld, also where the rows alone do not say so."""
        if reading is None or reading.fields.get("patient") not in references.withheld:
            return ResourceMapping.known(self, reading, group, references)
        hidden = booking.hidden()
        plain = {name: value for name, value in reading.fields.items() if name not in booking.FIELDS}
        return replace(reading, fields={**plain, **hidden.fields}, held=reading.held | hidden.held)

    def from_cloud(self, content: CloudContent | None, references: References) -> Reading | None:
        """The slot's record, with its current Appointment."""
        reading = ResourceMapping.from_cloud(self, content, references)
        if reading is None or content is None:
            return None
        return Reading(fields={**reading.fields, **booking.from_cloud(content, references)})

    def to_legacy(self, fields: Fields, changed: Collection[str], group: RowGroup) -> RowChange:
        """The columns of the booking; the slot itself is the legacy program's."""
        plain = [name for name in changed if name not in booking.FIELDS]
        change = ResourceMapping.to_legacy(self, fields, plain, group)
        if len(plain) == len(changed):
            return change
        row = group.rows[TABLE][0]
        columns = differing(booking.to_columns(fields, row), row)
        return RowChange(link=group.link, digest=group.digest, columns={**change.columns, **columns})

    def to_cloud(
        self,
        link: Link,
        fields: Fields,
        changed: Collection[str],
        content: CloudContent | None,
        context: CloudContext,
    ) -> CloudPlan:
        """The Slot, and its Appointments: cancelled, made or brought up to date."""
        plan = ResourceMapping.to_cloud(
            self, link, fields, [one for one in changed if one not in booking.FIELDS], content, context
        )
        slot = _slot_of(plan, content)
        slot["status"] = booking.status_for(fields, str(slot["status"]), names_nobody=context.hides)
        steps: list[CloudStep] = []
        if content is None:
            (made,) = plan.steps
            steps.append(create_step(slot, self.identifier_system(context.ods), str(made.full_url)))
            reference = str(made.full_url)
        else:
            if slot != content.resources["Slot"]:
                steps.append(update_step(slot))
            reference = f"Slot/{slot['id']}"
        bookings = link.bookings
        appointments = () if content is None else content.appointments
        current = booking.current(appointments, slot=content.resources["Slot"]) if content else None
        drafted = booking.to_appointment(fields, slot, reference, current, context.references)
        if current is not None and (drafted is None or drafted.get("id") != current["id"]):
            steps.append(delete_step(current) if context.hides else _end(current))
        if drafted is not None and "id" in drafted and drafted != current:
            steps.append(update_step(drafted))
        elif drafted is not None and "id" not in drafted:
            bookings = max([bookings, *(booking.number_of(one) for one in appointments)]) + 1
            system = legacy_key(context.ods, booking.IDENTIFIER)
            drafted["identifier"] = [{"system": system, "value": f"{link.key.key}.{bookings}"}]
            name = uuid.uuid5(uuid.NAMESPACE_URL, f"{link.key}/{bookings}")
            steps.append(create_step(drafted, system, f"urn:uuid:{name}"))
        return CloudPlan(link=link.key, steps=tuple(steps), bookings=bookings, withdraws=context.hides)

    def _named(self, group: RowGroup | None, content: CloudContent | None) -> set[str]:
        """Who is booked in the slot, on either side."""
        rows = () if group is None else group.rows.get(TABLE, ())
        links = (link_of(Kind.PATIENT, row.get("PatientGuid")) for row in rows)
        booked = () if content is None else booking.active(content.appointments)
        named = {patient for one in booked for patient in booking.patients_of(one)}
        return {*(str(link) for link in links if link is not None), *named}

    def correction(
        self,
        link: Link,
        base: Agreed,
        agreed: Agreed,
        to_legacy: Collection[str],
        content: CloudContent | None,
    ) -> CloudPlan | None:
        """Free a Slot whose Appointment alone was ended; then legacy can follow."""
        slot = None if content is None else content.resources["Slot"]
        is_told = any(name in to_legacy for name in booking.FIELDS)
        if slot is None or not is_told or not booking.has_ended(base, agreed, slot):
            return None
        freed = update_step({**slot, "status": booking.FREE})
        return CloudPlan(link=link.key, steps=(freed,), bookings=link.bookings)


def _slot_of(plan: CloudPlan, content: CloudContent | None) -> dict[str, Any]:
    written = next((one.resource for one in plan.steps if one.resource is not None), None)
    if written is not None:
        return copy.deepcopy(dict(written))
    if content is None:
        raise RecordRefused("slot-missing", "The slot has neither a resource nor a plan to make one.")
    return copy.deepcopy(dict(content.resources["Slot"]))


def _end(appointment: Mapping[str, Any]) -> CloudStep:
    return update_step({**appointment, "status": "cancelled"})


SLOT = SlotMapping(
    kind=Kind.SLOT,
    table=TABLE,
    resource_types=("Slot",),
    skeleton={"Slot": {"status": "free"}},
    deleted_column="Deleted",
    parents=frozenset({"session", "patient"}),
    fields=_FIELDS,
)
