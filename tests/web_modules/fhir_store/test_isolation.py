"""No way from one practice to another's records, though they share a database."""

from typing import Any

import pytest

from tests.web_modules.fhir_store.conftest import Caller

SECRET = {
    "resourceType": "Patient",
    "id": "p",
    "name": [{"family": "Secret"}],
    "identifier": [{"value": "1"}],
}


@pytest.fixture
def two(fhir: Caller, other_fhir: Caller) -> tuple[Caller, Caller]:
    """The practice that tries, and the one that has something to hide."""
    assert other_fhir("PUT", "Patient/p", SECRET).status == 201
    assert other_fhir("PUT", "Patient/p", SECRET | {"active": True}).status == 200
    return fhir, other_fhir


@pytest.mark.parametrize("path", ["Patient/p", "Patient/p/_history/1", "Patient/p/_history", "Patient/never"])
def test_another_practices_record_looks_as_if_it_were_not_there(
    two: tuple[Caller, Caller], path: str
) -> None:
    fhir, _other = two
    assert fhir("GET", path).status == 404


@pytest.mark.parametrize("path", ["Patient", "_history", "Patient/_history"])
def test_no_list_shows_another_practices_records(two: tuple[Caller, Caller], path: str) -> None:
    fhir, _other = two
    answer = fhir("GET", path)
    assert answer.resources == []
    assert answer.body.get("total", 0) == 0


@pytest.mark.parametrize(
    "query", [{"family": "secret"}, {"identifier": "1"}, {"_id": "p"}, {"_sort": "family"}]
)
def test_no_search_finds_another_practices_records(two: tuple[Caller, Caller], query: dict[str, str]) -> None:
    fhir, _other = two
    assert fhir("GET", "Patient", query=query).body["total"] == 0


def test_no_include_brings_another_practices_records(two: tuple[Caller, Caller]) -> None:
    fhir, other = two
    basic: dict[str, Any] = {"resourceType": "Basic", "id": "b", "code": {"text": "x"}}
    basic["subject"] = {"reference": "Patient/p"}
    fhir("PUT", "Basic/b", basic)
    assert [one["id"] for one in fhir("GET", "Basic", query={"_include": "Basic:subject"}).resources] == ["b"]
    assert other("GET", "Patient", query={"_revinclude": "Basic:subject"}).body["total"] == 1
    assert len(other("GET", "Patient", query={"_revinclude": "Basic:subject"}).resources) == 1


def test_conditions_look_at_the_own_practice_only(two: tuple[Caller, Caller]) -> None:
    fhir, other = two
    created = fhir("POST", "Patient", {"resourceType": "Patient"}, if_none_exist="identifier=1")
    assert created.status == 201
    assert fhir("DELETE", "Patient/p").status == 204
    assert fhir("PUT", "Patient/p", SECRET, if_match='W/"2"').status == 412
    assert fhir("PUT", "Patient/p", SECRET | {"active": False}).status == 201
    assert other("GET", "Patient/p").body["active"] is True
    assert fhir("GET", "Patient/p").body["meta"]["versionId"] == "1"


def test_a_write_wakes_only_its_own_practice(two: tuple[Caller, Caller]) -> None:
    fhir, other = two
    before = other.service.changes.position
    fhir("POST", "Patient", {"resourceType": "Patient"})
    assert other.service.changes.position == before
