"""The first load: a batch is read while the one before is written, and the feed tells of both."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from legacy_bridge.first_load import FirstLoad
from legacy_bridge.journal.journal import SqlJournal
from legacy_bridge.legacy.rows import LegacyRows
from legacy_bridge.records import Kind
from legacy_bridge.sides.feeds import FeedBatch
from legacy_bridge.sides.links import Settlement
from legacy_bridge.sides.listings import progress_of
from tests.legacy_bridge.support.carriers import InTurn
from tests.legacy_bridge.support.clinical import (
    add_allergy,
    add_codes,
    add_problem,
    add_record,
    add_value,
    clinical_stages,
)
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import ODS, SmallPractice, guid, key
from web_modules.decision.words import Function
from web_modules.fhir.client import FhirClient
from web_modules.fhir.systems import legacy_key
from web_modules.fhir.transport import FhirRequest, FhirResponse
from web_modules.fhir_store.service import FhirService


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


@dataclass(slots=True)
class Loads:
    """First loads of a practice that has not been carried, one after another, on a made clock."""

    mirror: Mirror
    now: float = 0.0

    def begin(self, *kinds: Kind, page: int = 1, rows_a_second: float = 0.0) -> FirstLoad:
        """Another bridge begins, or goes on."""
        load = FirstLoad(
            legacy=LegacyRows(self.mirror.practice.engine, ODS),
            journal=self.mirror.journal,
            clock=lambda: datetime(2026, 11, 17, 9, tzinfo=UTC),
            seconds=lambda: self.now,
            page=page,
            rows_a_second=rows_a_second,
        )
        load.begin(kinds)
        return load

    def waiting(self, *kinds: Kind) -> int:
        """How many records wait."""
        standing = self.mirror.journal.standing()
        return sum(standing.waiting.get(kind, 0) for kind in kinds)


@pytest.fixture
def loads(practice: SmallPractice, fhir: FhirService, tmp_path: Path) -> Iterator[Loads]:
    add_record(practice)
    mirror = Mirror(practice, fhir, tmp_path, standings=clinical_stages())
    yield Loads(mirror)
    mirror.stop()


def test_a_first_load_goes_on_at_the_page_where_it_was_killed(loads: Loads) -> None:
    first = loads.begin(Kind.PATIENT, Kind.SLOT)
    for _ in range(3):
        first.mark_more()
    assert (loads.waiting(Kind.PATIENT), loads.waiting(Kind.SLOT)) == (2, 1)
    second = loads.begin(Kind.PATIENT, Kind.SLOT)
    while second.mark_more():
        pass
    assert loads.waiting(Kind.SLOT) == 3
    taken = loads.mirror.journal.take([Kind.PATIENT], limit=9, now=datetime.max.replace(tzinfo=UTC))
    assert {one.generation for one in taken} == {1}, "none was marked twice"
    assert loads.begin(Kind.PATIENT, Kind.SLOT).wait_seconds() is None


def test_the_list_of_what_waits_never_holds_more_than_a_page_and_what_is_in_flight(
    practice: SmallPractice, fhir: FhirService, tmp_path: Path
) -> None:
    for number in range(60):
        practice.add_patient(f"patient{number}", Surname="Lind", GivenName="N", PatientNumber=2000 + number)
    seen: list[int] = []

    class Watched(SqlJournal):
        def settle(self, settlements: Sequence[Settlement], now: datetime) -> None:
            seen.append(sum(self.standing().waiting.values()))
            super().settle(settlements, now)

    def watched(side: Any) -> Any:
        if isinstance(side, SqlJournal):
            side.__class__ = Watched
        return side

    mirror = Mirror(practice, fhir, tmp_path, batch=1, wrap=watched)
    mirror.drain()
    assert mirror.differing() == []
    assert 4 <= max(seen) <= 7, "of some seventy, five a page"
    mirror.stop()


def test_a_first_load_marks_no_more_a_second_than_is_allowed(loads: Loads) -> None:
    load = loads.begin(Kind.SLOT, page=100, rows_a_second=4)  # pages of two, half a second apart
    assert load.mark_more()
    assert not load.mark_more()
    assert load.wait_seconds() == pytest.approx(0.5)
    loads.now += 0.5
    assert load.mark_more()
    assert loads.waiting(Kind.SLOT) == 3
    assert load.wait_seconds() is None or not load.mark_more()


def test_a_kind_is_carried_from_when_its_load_begins_and_not_before(loads: Loads) -> None:
    load = loads.begin(Kind.PATIENT, Kind.SLOT, page=3)
    assert load.carried([Kind.ORGANIZATION, Kind.PATIENT, Kind.SLOT]) == [Kind.ORGANIZATION, Kind.PATIENT]
    load.mark_more()
    assert load.carried([Kind.PATIENT, Kind.SLOT]) == [Kind.PATIENT, Kind.SLOT]


def test_records_are_counted_by_kind_as_they_are_listed(loads: Loads) -> None:
    legacy = LegacyRows(loads.mirror.practice.engine, ODS)
    listed = {kind: len(legacy.page(kind, after=None, limit=100).keys) for kind in Kind}
    assert legacy.counts(list(Kind)) == listed
    assert all(listed[kind] for kind in (Kind.ALLERGY, Kind.CONDITION, Kind.OBSERVATION))
    pages = [legacy.page(Kind.SLOT, after=None, limit=2)]
    pages.append(legacy.page(Kind.SLOT, after=pages[0].ends, limit=2))
    assert len({one for page in pages for one in page.keys}) == 3
    assert pages[1].ends is None


def test_how_far_it_is_is_told_by_function_with_the_rate_and_the_time_left(loads: Loads) -> None:
    load = loads.begin(Kind.PATIENT, Kind.SLOT, page=1)
    load.mark_more()
    loads.now = 0.25
    load.mark_more()
    found = progress_of(loads.mirror.journal.standing())
    slots = found[Function.APPOINTMENTS]
    assert (slots.done, slots.total, slots.rows_a_second, slots.seconds_left) == (0, 3, 4.0, 0.75)
    assert found[Function.PATIENTS].done == 0, "they wait"


def test_a_load_that_an_earlier_bridge_ended_is_over(loads: Loads) -> None:
    earlier = FeedBatch(touched=(), strays=(), checkpoint="3")
    loads.mirror.journal.absorb("load:slot", earlier, datetime(2026, 11, 17, tzinfo=UTC))
    assert loads.begin(Kind.SLOT).wait_seconds() is None
    assert loads.begin(Kind.SLOT, Kind.PATIENT).carried([Kind.SLOT, Kind.PATIENT]) == [
        Kind.SLOT,
        Kind.PATIENT,
    ]


@pytest.mark.parametrize("is_empty_in", ["legacy", "cloud"])
def test_an_empty_value_never_beats_a_value(
    is_empty_in: str, practice: SmallPractice, fhir: FhirService, tmp_path: Path
) -> None:
    phones = [] if is_empty_in == "cloud" else [{"system": "phone", "use": "home", "value": "01632 960777"}]
    if is_empty_in == "legacy":
        practice.edit("Admin_Patient", "mary", HomePhone=None)
    number = {"system": legacy_key(ODS, "Admin_Patient"), "value": key(Kind.PATIENT, "mary").key}
    made = {"resourceType": "Patient", "identifier": [number]}
    FhirClient(fhir).create(made | ({"telecom": phones} if phones else {}))
    mirror = Mirror(practice, fhir, tmp_path)
    mirror.drain()
    kept = "01632 960777" if is_empty_in == "legacy" else "01632 960383"
    assert practice.row("Admin_Patient", "mary")["HomePhone"] == kept
    assert kept in [one["value"] for one in mirror.patient("mary")["telecom"]]
    assert mirror.differing() == []
    mirror.stop()


@pytest.mark.parametrize("batch", [1, 50])
@pytest.mark.parametrize("is_late", [False, True])
def test_entries_of_one_kind_that_name_each_other_are_whole_after_the_first_load(
    is_late: bool, batch: int, practice: SmallPractice, fhir: FhirService, tmp_path: Path
) -> None:
    add_codes(practice)
    for name, other in (("knee", "hip"), ("hip", "knee")):
        add_problem(practice, name, ParentProblemObservationGuid=guid(other))
        add_problem(practice, f"{name} again")
        practice.edit("CareRecord_Observation", f"{name} again", ProblemGuid=guid(f"{other} again"))
        add_allergy(practice, f"{name} allergy", ParentObservationGuid=guid(f"{other} allergy"))
        add_value(practice, f"{name} value", "5.6", ParentObservationGuid=guid(f"{other} value"))
    carrier = InTurn(lambda: is_late)
    mirror = Mirror(practice, fhir, tmp_path, standings=clinical_stages(), batch=batch, carrier=carrier)
    mirror.drain()
    assert mirror.differing() == []
    assert mirror.journal.quarantined() == []
    mirror.stop()
