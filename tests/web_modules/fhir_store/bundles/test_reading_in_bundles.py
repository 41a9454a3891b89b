"""What a bundle only reads keeps nobody waiting."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.web_modules.fhir_store.bundles.test_bundles import bundle, entry
from tests.web_modules.fhir_store.conftest import Caller
from web_modules.fhir_store.database.engine import Database
from web_modules.fhir_store.database.records import Records
from web_modules.fhir_store.database.transactions import DatabaseSilent
from web_modules.fhir_store.search.matching import Page, Searcher
from web_modules.fhir_store.search.query import Search

KINDS = pytest.mark.parametrize("kind", ["batch", "transaction"])
BASIC = {"resourceType": "Basic", "id": "b", "code": {"text": "x"}}
PATIENTS = entry("GET", "Patient")
WRITE = entry("PUT", "Patient/p", {"resourceType": "Patient", "id": "p"})


@KINDS
@pytest.mark.parametrize("others", [[], [WRITE]])
def test_others_write_while_a_bundle_reads(
    fhir: Caller, monkeypatch: pytest.MonkeyPatch, kind: str, others: list[dict[str, Any]]
) -> None:
    search = Searcher.run
    written = []

    def search_while_another_writes(self: Searcher, records: Records, asked: Search) -> Page:
        with ThreadPoolExecutor() as another:
            writing = another.submit(fhir, "PUT", "Basic/b", BASIC)
            written.append(writing.result(timeout=5).status)
            return search(self, records, asked)

    monkeypatch.setattr(Searcher, "run", search_while_another_writes)
    answer = fhir("POST", "", bundle(PATIENTS, *others, kind=kind))
    assert answer.status == 200
    assert written == [201]
    assert answer.body["type"] == f"{kind}-response"
    assert answer.body["entry"][0]["resource"]["total"] == len(others)


@KINDS
def test_all_that_a_bundle_reads_is_of_one_moment(
    fhir: Caller, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    search = Searcher.run

    def search_before_another_writes(self: Searcher, records: Records, asked: Search) -> Page:
        page = search(self, records, asked)
        with ThreadPoolExecutor() as another:
            another.submit(fhir, "POST", "Patient", {"resourceType": "Patient"}).result(timeout=5)
        return page

    monkeypatch.setattr(Searcher, "run", search_before_another_writes)
    answer = fhir("POST", "", bundle(PATIENTS, PATIENTS, kind=kind))
    assert [one["resource"]["total"] for one in answer.body["entry"]] == [0, 0]


@KINDS
def test_what_cannot_be_read_after_a_write_is_not_called_unchanged(
    fhir: Caller, monkeypatch: pytest.MonkeyPatch, kind: str, expected_logs: list[str]
) -> None:
    def silent(_database: Database) -> None:
        raise DatabaseSilent("the network is down")

    expected_logs.append("the database does not answer")
    monkeypatch.setattr(Database, "viewing", silent)
    answer = fhir("POST", "", bundle(PATIENTS, WRITE, kind=kind))
    monkeypatch.undo()
    assert answer.status == 503
    assert "retry-after" not in answer.headers
    assert "look before you send it again" in answer.words
    assert fhir("GET", "Patient/p").status == 200


@KINDS
def test_a_format_that_is_not_spoken_is_refused_of_an_entry(fhir: Caller, kind: str) -> None:
    fhir("PUT", "Patient/p", {"resourceType": "Patient", "id": "p"})
    asked = [entry("GET", f"Patient/p?_format={wanted}") for wanted in ("json", "xml")]
    answer = fhir("POST", "", bundle(*asked, kind=kind))
    assert [one["response"]["status"][:3] for one in answer.body["entry"]] == ["200", "406"]
