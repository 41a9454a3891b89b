"""A client that has the newest version already is told so, and never when it has an older one."""

import time

import pytest

from tests.web_modules.fhir_store.conftest import Caller

PERSON = {"resourceType": "Patient", "id": "p"}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The time in tenths of a second since 2026 began."""
    told = [0]
    monkeypatch.setattr(time, "time_ns", lambda: (1_767_225_600_000 + told[0] * 100) * 1_000_000)
    return told


def test_the_servers_own_last_modified_is_enough(fhir: Caller, clock: list[int]) -> None:
    for moment in (3, 25):
        clock[0] = moment
        moment_told = fhir("PUT", "Patient/p", PERSON).headers["last-modified"]
        assert fhir("GET", "Patient/p", if_modified_since=moment_told).status == 304


def test_what_changed_within_the_second_is_sent_again(fhir: Caller, clock: list[int]) -> None:
    clock[0] = 3
    first = fhir("PUT", "Patient/p", PERSON).headers["last-modified"]
    clock[0] = 7
    assert fhir("PUT", "Patient/p", PERSON | {"gender": "male"}).headers["last-modified"] == first
    assert fhir("GET", "Patient/p", if_modified_since=first).body["gender"] == "male"
    clock[0] = 17
    fhir("PUT", "Patient/p", PERSON | {"gender": "other"})
    assert fhir("GET", "Patient/p", if_modified_since=first).body["gender"] == "other"


def test_an_entity_tag_stands_above_the_moment(fhir: Caller) -> None:
    moment = fhir("PUT", "Patient/p", PERSON).headers["last-modified"]
    assert fhir("GET", "Patient/p", if_modified_since=moment, if_none_match='W/"7"').status == 200
