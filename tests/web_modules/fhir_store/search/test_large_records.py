"""A page of large records ends early, and loses none of them."""

from typing import Any

import pytest

from tests.web_modules.fhir_store.conftest import Answer, Caller
from web_modules.fhir_store.database import pages

LARGE = "x" * 40_000
EVENT = {
    "resourceType": "AuditEvent",
    "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
    "recorded": "2026-11-17T09:00:00Z",
    "outcomeDesc": LARGE,
    "agent": [{"requestor": True}],
    "source": {"observer": {"display": "A laboratory"}},
}


@pytest.fixture(autouse=True)
def _two_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "LARGEST_PAGE_BYTES", 100_000)


def basic(name: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Basic", "id": name, "code": {"text": LARGE}, **more}


@pytest.fixture
def five(fhir: Caller) -> Caller:
    fhir("PUT", "Patient/p", {"resourceType": "Patient", "id": "p"})
    for name in "abcde":
        assert fhir("PUT", f"Basic/{name}", basic(name, subject={"reference": "Patient/p"})).status == 201
    return fhir


def paged(fhir: Caller, first: Answer) -> list[list[str]]:
    found, answer = [], first
    while True:
        found.append([f"{one['id']}{len(one['code']['text'])}" for one in answer.resources])
        following = [link["url"] for link in answer.body["link"] if link["relation"] == "next"]
        if not following:
            return found
        path, _, query = following[0].removeprefix("http://cloud.example/Y99002/fhir/").partition("?")
        answer = fhir("GET", path, query=[tuple(pair.split("=", 1)) for pair in query.split("&")])


@pytest.mark.parametrize("path", ["Basic", "Basic/_history"])
@pytest.mark.parametrize("sort", ["_lastUpdated", "-_lastUpdated"])
def test_a_page_ends_before_it_is_too_large(five: Caller, path: str, sort: str) -> None:
    first = five("GET", path, query={"_count": "1000", "_sort": sort})
    wanted = [["a40000", "b40000"], ["c40000", "d40000"], ["e40000"]]
    if sort == "-_lastUpdated":
        wanted = [["e40000", "d40000"], ["c40000", "b40000"], ["a40000"]]
    assert paged(five, first) == wanted


def test_the_number_of_all_is_told_with_the_first_page(five: Caller) -> None:
    assert five("GET", "Basic").body["total"] == 5


def test_one_record_that_is_larger_than_a_page_is_a_page(
    five: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LARGEST_PAGE_BYTES", 10)
    assert [len(page) for page in paged(five, five("GET", "Basic"))] == [1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("path", "query"),
    [("Patient", {"_revinclude": "Basic:subject"}), ("Basic", {"_id": "a", "_include": "Basic:subject"})],
)
def test_what_comes_along_is_no_more_than_fits(five: Caller, path: str, query: dict[str, str]) -> None:
    answer = five("GET", path, query=query)
    kinds = [one["resourceType"] for one in answer.resources]
    told = answer.resources[-1]
    if path == "Basic":
        assert kinds == ["Basic", "Patient"]
        return
    assert kinds == ["Patient", "Basic", "Basic", "OperationOutcome"]
    assert told["issue"][0]["code"] == "too-costly"
    assert all(len(one["code"]["text"]) == len(LARGE) for one in answer.resources[1:3])


def test_a_deletion_in_a_history_stays_one(five: Caller) -> None:
    five("DELETE", "Basic/e")
    newest = five("GET", "Basic/_history", query={"_count": "1"}).body["entry"][0]
    assert newest["request"]["method"] == "DELETE"
    assert "resource" not in newest


def test_a_condition_that_two_large_records_fulfil_is_not_clear(
    five: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LARGEST_PAGE_BYTES", 10)
    refused = five("DELETE", "Basic", query={"subject": "Patient/p"})
    assert refused.status == 412
    assert five("GET", "Basic").body["total"] == 5


def test_a_page_of_the_audit_ends_before_it_is_too_large_and_loses_nothing(
    fhir: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LARGEST_PAGE_BYTES", 100_000)
    for _ in range(5):
        assert fhir("POST", "AuditEvent", EVENT).status == 201
    first = fhir("GET", "AuditEvent", query={"_count": "1000", "agent": "banyan"})
    found, answer = [], first
    while True:
        found.append([one["id"] for one in answer.resources])
        following = [link["url"] for link in answer.body["link"] if link["relation"] == "next"]
        if not following:
            break
        query = following[0].partition("?")[2]
        answer = fhir("GET", "AuditEvent", query=[tuple(pair.split("=", 1)) for pair in query.split("&")])
    assert [len(page) for page in found] == [2, 2, 1]
    assert sorted({one for page in found for one in page}, key=int) == ["1", "2", "3", "4", "5"]
    assert first.body["total"] == 5
    assert len(first.resources[0]["outcomeDesc"]) == len(LARGE)
