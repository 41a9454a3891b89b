"""The first load: a batch is read while the one before is written, and the feed tells of both."""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from legacy_bridge.records import Kind
from tests.legacy_bridge.support.carriers import InTurn
from tests.legacy_bridge.support.clinical import add_record, clinical_stages
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import ODS, SmallPractice, key
from web_modules.fhir.client import FhirClient
from web_modules.fhir.resource_json import parse
from web_modules.fhir.systems import legacy_key
from web_modules.fhir.transport import FhirRequest, FhirResponse
from web_modules.fhir_store.service import FhirService


@dataclass(slots=True)
class Listening:
    """A transport that counts the versions which histories hand over."""

    fhir: FhirService
    told: int = 0

    def send(self, request: FhirRequest) -> FhirResponse:
        """See `Transport.send`."""
        answer = self.fhir.send(request)
        if request.path == "_history":
            self.told += len(parse(answer.body).get("entry", []))
        return answer


@dataclass(slots=True)
class BooksAtOnce:
    """A transport to a server on which somebody books the first slot as soon as it is there."""

    fhir: FhirService
    is_booked: bool = False
    tell: Callable[[], None] = lambda: None

    def send(self, request: FhirRequest) -> FhirResponse:
        """See `Transport.send`."""
        answer = self.fhir.send(request)
        slots = [] if self.is_booked else FhirClient(self.fhir).search("Slot", {"status": "free"})
        if slots:
            self.is_booked = True
            self.tell()
            slot, patient = slots[0], FhirClient(self.fhir).search("Patient", {})[0]
            FhirClient(self.fhir).create(
                {
                    "resourceType": "Appointment",
                    "status": "booked",
                    "slot": [{"reference": f"Slot/{slot['id']}"}],
                    "start": slot["start"],
                    "end": slot["end"],
                    "created": "2026-11-17T08:00:00Z",
                    "participant": [
                        {"actor": {"reference": f"Patient/{patient['id']}"}, "status": "accepted"}
                    ],
                }
            )
        return answer


def test_the_bridges_own_versions_are_not_read_back(
    practice: SmallPractice, fhir: FhirService, tmp_path: Path
) -> None:
    heard = Listening(fhir)
    mirror = Mirror(practice, heard, tmp_path)
    mirror.drain()
    mirror.drain()
    heard.told = 0
    for name in ("mary", "omar"):
        practice.edit("Admin_Patient", name, HomePhone="01632 960321")
    mirror.drain()
    mirror.drain()
    mirror.drain()
    looks = 4  # each asks for the first and the last version alone, to see that the server still has them
    assert heard.told <= 2 * looks
    mirror.stop()


def test_an_edit_among_the_bridges_own_versions_is_told(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "omar", HomePhone="01632 960321")
    seen = mirror.patient("mary")
    mirror.put(seen, birthDate="1980-02-28")
    mirror.drain()
    assert mirror.differing() == []
    assert str(mirror.practice.row("Admin_Patient", "mary")["DateOfBirth"]) == "1980-02-28"


def test_what_is_on_the_cloud_already_is_merged_and_not_made_twice(
    practice: SmallPractice, fhir: FhirService, tmp_path: Path
) -> None:
    practice.edit("Admin_Patient", "mary", HomePhone=None)
    number = {"system": legacy_key(ODS, "Admin_Patient"), "value": key(Kind.PATIENT, "mary").key}
    FhirClient(fhir).create(
        {
            "resourceType": "Patient",
            "identifier": [number],
            "telecom": [{"system": "phone", "use": "home", "value": "01632 960777"}],
        }
    )
    mirror = Mirror(practice, fhir, tmp_path)
    mirror.drain()
    assert practice.row("Admin_Patient", "mary")["HomePhone"] == "01632 960777"  # empty beats no value
    assert len(mirror.resources("Patient", "Admin_Patient", "mary")) == 1
    assert mirror.differing() == []
    mirror.stop()


def test_a_booking_of_a_slot_that_was_made_a_moment_ago_is_carried(
    practice: SmallPractice, fhir: FhirService, tmp_path: Path
) -> None:
    server = BooksAtOnce(fhir)
    mirror = Mirror(practice, server, tmp_path, batch=1, carrier=InTurn(lambda: True))
    server.tell = mirror.service._parts.cloud_moved.set
    mirror.drain()
    assert [one.subject for one in mirror.journal.quarantined()] == []
    assert mirror.differing() == []
    assert sum(practice.slot(f"slot{one}")["PatientGuid"] is not None for one in range(3)) >= 1
    mirror.stop()


@pytest.mark.parametrize("how", ["at once", "late", "on a thread"])
def test_a_record_arrives_whole_however_reading_and_writing_overlap(
    how: str, practice: SmallPractice, fhir: FhirService, tmp_path: Path
) -> None:
    add_record(practice)
    carriers: dict[str, Executor] = {
        "at once": InTurn(),
        "late": InTurn(lambda: True),
        "on a thread": ThreadPoolExecutor(max_workers=1),
    }
    mirror = Mirror(practice, fhir, tmp_path, standings=clinical_stages(), batch=1, carrier=carriers[how])
    mirror.drain()
    assert mirror.differing() == []
    assert mirror.journal.quarantined() == []
    mirror.stop()
    carriers[how].shutdown()
