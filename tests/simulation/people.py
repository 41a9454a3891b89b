"""People at work on both sides; each tells the oracle what they saw and what they left."""

import copy
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

from legacy_bridge.legacy.groups import GROUPS
from legacy_bridge.mapping.field import FieldMapping
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.records import CloudContent, Fields, Kind, LinkKey, Value
from legacy_bridge.rehearsal.oracle import Oracle
from legacy_bridge.sides.links import Link, References
from tests.legacy_bridge.support.small_practice import guid, key
from tests.simulation.legacy import SimulatedDatabase, SimulatedRows
from tests.simulation.practice import DAY, EDITABLE, NAMES
from tests.simulation.server import SimulatedServer
from web_modules.fhir.client import FhirClient, TransactionEntry, version_of
from web_modules.fhir.errors import FhirError

BOOKING = "booking"
_LEGACY, _CLOUD = "legacy", "cloud"


class People:
    """Those who work on one practice's records."""

    def __init__(
        self,
        seed: int,
        database: SimulatedDatabase,
        server: SimulatedServer,
        mappings: dict[Kind, ResourceMapping],
        oracle: Oracle,
        told: Callable[[str], None],
    ) -> None:
        self.random = random.Random(seed)
        self.reached: Counter[str] = Counter()
        self.names = {kind: list(found) for kind, found in NAMES.items()}
        self._database = database
        self._server = server
        self._client = FhirClient(server)
        self._mappings = mappings
        self._oracle = oracle
        self._told = told
        self._rows = SimulatedRows(database, guid("org"), lambda: None)
        self._count = 0
        self.cancels = False

    def work(self) -> None:
        """Somebody does something."""
        what = self.random.choices(
            (self._edit_legacy, self._edit_cloud, self._book_legacy, self._book_cloud), (4, 4, 2, 2)
        )[0]
        what()

    def legacy_fields(self, link: LinkKey) -> Fields:
        """What legacy says of a record; nothing when it has none, or cannot be read."""
        group = self._rows.read([Link(key=link)]).get(link)
        reading = self._mappings[link.kind].from_legacy(group)
        return {} if reading is None else reading.fields

    def cloud_fields(self, link: LinkKey) -> Fields:
        """What the cloud says of a record."""
        mapping = self._mappings[link.kind]
        content = self.content(link)
        if content is None or mapping.resource_types[0] not in content.resources:
            return {}
        reading = mapping.from_cloud(content, self._references())
        return {} if reading is None else reading.fields

    def content(self, link: LinkKey) -> CloudContent | None:
        """The resources of a record."""
        mapping = self._mappings[link.kind]
        found = {
            resource_type: one
            for resource_type in mapping.resource_types
            for one in self._server.resources(resource_type)
            if mapping.key_of(one, "Y99002") == link
        }
        if not found:
            return None
        slot = f"Slot/{found['Slot']['id']}" if "Slot" in found else None
        appointments = tuple(
            one
            for one in self._server.resources("Appointment")
            if slot in [named.get("reference") for named in one.get("slot", [])]
        )
        return CloudContent(link=link, resources=found, appointments=appointments)

    def _edit_legacy(self) -> None:
        link, name, field = self._chosen()
        table = GROUPS[link.kind].main
        if self._database.is_held(table, name):
            return
        saw = self.legacy_fields(link).get(field.name)
        left = self._token(_LEGACY)
        assert field.to_columns is not None
        self._database.edit(table, name, **field.to_columns(left))
        self._note(link, name, field.name, _LEGACY, saw, left)

    def _edit_cloud(self) -> None:
        link, name, field = self._chosen()
        content = self.content(link)
        if content is None:
            return
        saw = self.cloud_fields(link).get(field.name)
        left = self._token(_CLOUD)
        draft = {one: copy.deepcopy(dict(resource)) for one, resource in content.resources.items()}
        field.to_draft(draft, left, References())
        changed = [one for kind, one in draft.items() if one != content.resources[kind]]
        if self._send([_put(one) for one in changed]):
            self._note(link, name, field.name, _CLOUD, saw, left)

    def _book_legacy(self) -> None:
        slot = self.random.choice(self.names[Kind.SLOT])
        link, row = key(Kind.SLOT, slot), self._database.row("Appointment_Slot", slot)
        if self._database.is_held("Appointment_Slot", slot):
            return
        saw = booking_in(self.legacy_fields(link))
        if saw is not None and not self.cancels:
            return
        if row["PatientGuid"] is None:
            booked_at = self._moment()
            patient = self.random.choice(self.names[Kind.PATIENT])
            columns = {
                "PatientGuid": guid(patient),
                "SlotStatus": "Booked",
                "BookedDate": DAY,
                "BookedTime": booked_at,
                "BookingMethod": "Practice",
            }
        else:
            columns = {
                "PatientGuid": None,
                "SlotStatus": "Slot Available",
                "BookedDate": None,
                "BookedTime": None,
                "BookingMethod": None,
            }
        self._database.edit("Appointment_Slot", slot, **columns)
        self._note(link, slot, BOOKING, _LEGACY, saw, booking_in(self.legacy_fields(link)))

    def _book_cloud(self) -> None:
        name = self.random.choice(self.names[Kind.SLOT])
        link = key(Kind.SLOT, name)
        content = self.content(link)
        if content is None:
            return
        slot = content.resources["Slot"]
        saw = booking_in(self.cloud_fields(link))
        active = [one for one in content.appointments if one["status"] == "booked"]
        if active and not self.cancels:
            return
        if active:
            steps = [_put({**active[0], "status": "cancelled"}), _put({**slot, "status": "free"})]
        elif slot["status"] == "free":
            patient = self.content(key(Kind.PATIENT, self.random.choice(self.names[Kind.PATIENT])))
            if patient is None:
                return
            booked_at = datetime.combine(DAY, self._moment(), UTC)
            appointment = {
                "resourceType": "Appointment",
                "status": "booked",
                "slot": [{"reference": f"Slot/{slot['id']}"}],
                "start": slot["start"],
                "end": slot["end"],
                "created": booked_at.isoformat().replace("+00:00", "Z"),
                "participant": [
                    {
                        "actor": {"reference": f"Patient/{patient.resources['Patient']['id']}"},
                        "status": "accepted",
                    }
                ],
            }
            steps = [
                _put({**slot, "status": "busy"}),
                TransactionEntry(method="POST", url="Appointment", resource=appointment),
            ]
        else:
            return
        if self._send(steps):
            self._note(link, name, BOOKING, _CLOUD, saw, booking_in(self.cloud_fields(link)))

    def _send(self, steps: list[TransactionEntry]) -> bool:
        try:
            self._client.transaction(steps)
        except FhirError:
            return False
        return True

    def _chosen(self) -> tuple[LinkKey, str, FieldMapping]:
        kinds = [Kind.PATIENT] * 6 + list(EDITABLE)
        kind = self.random.choice(kinds)
        name = self.random.choice(self.names[kind])
        wanted = self.random.choice(EDITABLE[kind])
        field = next(one for one in self._mappings[kind].fields if one.name == wanted)
        return key(kind, name), name, field

    def _token(self, side: str) -> str:
        self._count += 1
        return f"{side[0]}{self._count}"

    def _moment(self) -> time:
        self._count += 1
        return (datetime.combine(DAY, time(8)) + timedelta(seconds=self._count)).time()

    def _note(self, link: LinkKey, name: str, field: str, side: str, saw: Any, left: Any) -> None:
        self.reached[f"edit on {side}"] += 1
        self._told(f"{side}: {link.kind.value}/{name} {field}: {saw} -> {left}")
        self._oracle.edited(place_of(link, field), side, saw=saw, left=left)

    def _references(self) -> References:
        found: dict[str, LinkKey] = {}
        for mapping in self._mappings.values():
            resource_type = mapping.resource_types[0]
            for one in self._server.resources(resource_type):
                link = mapping.key_of(one, "Y99002")
                if link is not None:
                    found[f"{resource_type}/{one['id']}"] = link
        return References(of_resources=found)


def place_of(link: LinkKey, field: str) -> str:
    """How the oracle names a field of a record."""
    return f"{link} {field}"


def booking_in(fields: Fields) -> tuple[Value | None, Value | None] | None:
    """Who is booked, and since when; None when nobody is."""
    return (fields["patient"], fields.get("booked_at")) if "patient" in fields else None


def _put(resource: dict[str, Any]) -> TransactionEntry:
    url = f"{resource['resourceType']}/{resource['id']}"
    return TransactionEntry(method="PUT", url=url, resource=resource, if_match=version_of(resource))
