"""The feed goes past the bridge's own versions only where nothing else can be among them."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from legacy_bridge.cloud.feed import HistoryFeed
from legacy_bridge.cloud.own import OwnVersions
from legacy_bridge.cloud.resources import CloudResources
from legacy_bridge.mapping.catalogue import catalogue
from legacy_bridge.records import Kind
from legacy_bridge.sides.links import Link
from tests.legacy_bridge.support.small_practice import ODS, key
from tests.simulation.server import SimulatedServer
from web_modules.fhir.client import FhirClient
from web_modules.fhir.resource_json import Resource
from web_modules.fhir.systems import legacy_key


class Cloud:
    """A server, a feed of it, and what the bridge wrote there."""

    def __init__(self) -> None:
        seconds = count()
        began = datetime(2026, 11, 17, tzinfo=UTC)
        self.server = SimulatedServer(lambda: began + timedelta(seconds=next(seconds)))
        self.client = FhirClient(self.server)
        self.own = OwnVersions()
        mappings = catalogue(ODS)
        self.records = CloudResources(self.client, mappings, ODS, own=self.own)
        self.feed = HistoryFeed(
            self.client,
            mappings,
            ODS,
            keys_of=lambda _: {},
            identities=lambda keys: {one: Link(key=one) for one in keys},
            own=self.own,
        )

    def made(self, name: str, *, by_the_bridge: bool = False) -> Resource:
        """Make a patient."""
        number = {"system": legacy_key(ODS, "Admin_Patient"), "value": key(Kind.PATIENT, name).key}
        stored = self.client.create({"resourceType": "Patient", "identifier": [number]})
        if by_the_bridge:
            self.own.add([stored])
        return stored


@pytest.fixture
def cloud() -> Cloud:
    """An empty one."""
    return Cloud()


def test_somebody_s_edit_is_told_when_the_cloud_came_back_before_the_bridge_wrote(cloud: Cloud) -> None:
    cloud.made("old")
    reached = cloud.feed.poll(None).checkpoint
    cloud.server.backup()
    cloud.made("lost")
    reached = cloud.feed.poll(reached).checkpoint
    cloud.server.restore()
    cloud.made("mary")
    cloud.made("omar", by_the_bridge=True)
    told = cloud.feed.poll(reached)
    assert told.has_gap
    assert key(Kind.PATIENT, "mary") in told.touched


def test_somebody_s_edit_is_told_when_the_bridge_removed_versions_of_its_own(cloud: Cloud) -> None:
    cloud.made("old")
    reached = cloud.feed.poll(None).checkpoint
    gone = cloud.made("gone", by_the_bridge=True)
    cloud.own.add([cloud.client.update(gone)])
    cloud.made("mary")
    cloud.client.delete("Patient", gone["id"])
    cloud.records.forget([f"Patient/{gone['id']}"])
    cloud.made("omar", by_the_bridge=True)
    assert key(Kind.PATIENT, "mary") in cloud.feed.poll(reached).touched


def test_a_booking_of_two_slots_that_was_written_for_one_is_told_to_the_other(cloud: Cloud) -> None:
    booking: Resource = {
        "resourceType": "Appointment",
        "id": "1",
        "meta": {"versionId": "1", "lastUpdated": "2026-11-17T09:00:00Z"},
    }
    cloud.own.add([{**booking, "slot": [{"reference": "Slot/1"}, {"reference": "Slot/2"}]}])
    assert cloud.own.since(None) == {}
    cloud.own.add([{**booking, "slot": [{"reference": "Slot/1"}]}])
    assert len(cloud.own.since(None)) == 1


def test_somebody_s_edit_is_told_when_the_cloud_prunes_its_history(cloud: Cloud) -> None:
    cloud.made("old")
    reached = cloud.feed.poll(None).checkpoint
    kept = cloud.made("kept", by_the_bridge=True)
    cloud.own.add([cloud.client.update(kept)])
    cloud.made("mary")
    cloud.client.delete_history("Patient", kept["id"])  # by anybody, or by the server itself
    cloud.made("omar", by_the_bridge=True)
    assert key(Kind.PATIENT, "mary") in cloud.feed.poll(reached).touched


def test_the_bridge_s_own_versions_are_told_to_nobody(cloud: Cloud) -> None:
    cloud.made("old")
    reached = cloud.feed.poll(None).checkpoint
    cloud.made("omar", by_the_bridge=True)
    told = cloud.feed.poll(reached)
    assert told.touched == ()
    assert told.checkpoint != reached
