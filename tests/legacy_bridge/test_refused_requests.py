"""Any answer to any request of a mirror leaves both sides equal in the end, with nothing made twice."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legacy_bridge.errors import BridgeError
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.refusing_transport import REFUSALS, RefusingTransport
from tests.legacy_bridge.support.small_practice import ODS, SmallPractice, guid
from web_modules.fhir.client import FhirClient, version_of
from web_modules.fhir.errors import FhirError
from web_modules.fhir.systems import legacy_key
from web_modules.fhir_store.service import FhirService

MOST_TRIES = 50
REQUESTS = 44


def _each_request_refused() -> list[Any]:
    """Each request with each answer; without `--soak` each request with two of them, in turn."""
    answers = list(REFUSALS)
    return [
        pytest.param(
            number,
            answer,
            id=f"{number}-{answer}",
            marks=() if (7 * number + place) % len(answers) < 2 else pytest.mark.soak,
        )
        for number, (place, answer) in itertools.product(range(1, REQUESTS + 1), enumerate(answers))
    ]


def rest(mirror: Mirror) -> list[str]:
    """Let the bridge work until it is at rest; gives what it said on the way."""
    said = []
    for _ in range(MOST_TRIES):
        try:
            mirror.drain()
        except (BridgeError, FhirError) as error:
            said.append(f"{type(error).__name__}: {error}")
            continue
        mirror.hasten()
        try:
            mirror.drain()
        except (BridgeError, FhirError) as error:
            said.append(f"{type(error).__name__}: {error}")
            continue
        return said
    raise AssertionError(f"the bridge does not come to rest: {said[-3:]}")


def afternoon(mirror: Mirror, person: FhirClient) -> list[str]:
    """A first load, an edit and a booking in legacy, an edit on the cloud; gives what the bridge said."""
    said = rest(mirror)
    mirror.practice.edit("Admin_Patient", "omar", HomePhone="01632 111111")
    mirror.practice.book("slot0", "mary")
    said += rest(mirror)
    wanted = f"{legacy_key(ODS, 'Admin_Patient')}|{guid('mary').strip('{}').lower()}"
    (mary,) = person.search("Patient", {"identifier": wanted})
    point = {"system": "phone", "use": "home", "value": "01632 222222"}
    person.update({**mary, "telecom": [point]}, if_match=version_of(mary))
    return said + rest(mirror)


@pytest.fixture
def expected_logs() -> list[str]:
    return ["feed has a gap"]


@pytest.fixture
def network(fhir: FhirService) -> RefusingTransport:
    return RefusingTransport(fhir)


@pytest.fixture
def mirror(practice: SmallPractice, network: RefusingTransport, tmp_path: Path) -> Iterator[Mirror]:
    made = Mirror(practice, network, tmp_path)
    yield made
    made.stop()


def test_all_requests_of_the_afternoon_are_counted(
    mirror: Mirror, network: RefusingTransport, fhir: FhirService
) -> None:
    assert afternoon(mirror, FhirClient(fhir)) == []
    assert REQUESTS - 10 < network.count <= REQUESTS


@pytest.mark.parametrize(("number", "answer"), _each_request_refused())
def test_a_refused_request_loses_nothing_and_makes_nothing_twice(
    number: int, answer: str, mirror: Mirror, network: RefusingTransport, fhir: FhirService
) -> None:
    network.refuse_at, network.refusal = network.count + number, REFUSALS[answer]
    said = afternoon(mirror, FhirClient(fhir))
    network.refuse_at = 0
    assert network.refused is not None or number > REQUESTS - 10
    asked = f"{network.refused.method} {network.refused.path}" if network.refused else ""
    assert mirror.differing() == [], (asked, said)
    assert mirror.practice.patient("mary")["HomePhone"] == "01632 222222", (asked, said)
    for name in ("mary", "omar"):
        assert len(mirror.resources("Patient", "Admin_Patient", name)) == 1, (asked, said)
    for index in range(3):
        assert len(mirror.resources("Slot", "Appointment_Slot", f"slot{index}")) == 1, (asked, said)
    assert len(mirror.appointments("slot0")) == 1, (asked, said)
    assert mirror.journal.conflicts(decided=True) == [], (asked, said)
    assert mirror.journal.standing().quarantined == {}, (asked, said)
