"""An outside effect happens at most once, whatever the network loses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from legacy_bridge.errors import SideUnavailable
from legacy_bridge.records import Kind
from tests.legacy_bridge.support.lossy_transport import LossyTransport
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import SmallPractice
from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.service import FhirService


@pytest.fixture
def network(fhir: FhirService) -> LossyTransport:
    return LossyTransport(fhir)


@pytest.fixture
def lossy(practice: SmallPractice, network: LossyTransport, tmp_path: Path) -> Iterator[Mirror]:
    made = Mirror(practice, network, tmp_path)
    yield made
    made.stop()


def drained(mirror: Mirror) -> None:
    for _ in range(200):
        try:
            mirror.drain()
        except SideUnavailable:
            continue
        return
    raise AssertionError("the bridge did not come to rest")


@pytest.mark.parametrize("fault", ["request lost", "reply lost", "late"])
def test_every_write_meets_the_fault_once_and_nothing_is_doubled(
    fault: str, lossy: Mirror, network: LossyTransport
) -> None:
    met: set[bytes] = set()

    def once_each(request: FhirRequest) -> str | None:
        is_status = b'"Basic"' in request.body  # its time makes each one new
        if request.method == "GET" or is_status or request.body in met:
            return None
        met.add(request.body)
        return fault

    network.fault = once_each
    drained(lossy)
    lossy.practice.book("slot0", "mary")
    lossy.practice.edit("Admin_Patient", "omar", HomePhone="01632 111111")
    drained(lossy)
    network.fault = lambda _: None
    drained(lossy)
    assert lossy.differing() == []
    for name in ("mary", "omar"):
        assert len(lossy.resources("Patient", "Admin_Patient", name)) == 1
    for index in range(3):
        assert len(lossy.resources("Slot", "Appointment_Slot", f"slot{index}")) == 1
    assert len(lossy.appointments("slot0")) == 1
    assert lossy.journal.conflicts(decided=True) == []
    assert lossy.journal.standing().linked[Kind.SLOT] == 3


def test_an_edit_in_the_cloud_after_a_lost_reply_is_not_overwritten(
    lossy: Mirror, network: LossyTransport
) -> None:
    drained(lossy)
    lossy.practice.edit("Admin_Patient", "mary", HomePhone="01632 111111")
    network.fault = lambda request: "reply lost" if request.method == "POST" else None
    with pytest.raises(SideUnavailable):
        lossy.drain()
    network.fault = lambda _: None
    mary = lossy.patient("mary")
    lossy.put(mary, telecom=[{"system": "phone", "use": "home", "value": "01632 222222"}])
    drained(lossy)
    assert lossy.practice.patient("mary")["HomePhone"] == "01632 222222"
    # whether the lost write had been seen cannot be known from the value: the rule decides, in the open
    assert [one.state for one in lossy.journal.conflicts(decided=True)] == ["decided"]
    assert lossy.differing() == []
