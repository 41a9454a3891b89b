"""A search costs what its candidates cost: SQLite never plans to read a whole type or a whole parameter."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.web_modules.fhir_store.conftest import PRACTICE, Caller, served
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.search import conditions, narrowing
from web_modules.fhir_store.search.conditions import RowTest
from web_modules.fhir_store.search.criteria import Condition
from web_modules.fhir_store.search.query import SearchReader
from web_modules.fhir_store.store import Standard, Store

WHOLE = re.compile(r"^SEARCH \w+ USING .*\(practice=\?( AND (type|parameter)=\?)?\)")


@pytest.fixture(scope="module")
def fhir(tmp_path_factory: pytest.TempPathFactory, standard: Standard) -> Iterator[Caller]:
    """An SQLite store, whatever the other tests use; its plans do not depend on what is in it."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('plans') / 'store.sqlite'}", standard)
    yield served(store, PRACTICE)
    store.close()


@pytest.mark.parametrize(
    "asked",
    [
        "Patient?identifier=nhs|1",
        "Patient?name=x&gender=male",
        "Patient?birthdate=ge1980&birthdate=lt1981",
        "Patient?general-practitioner=Practitioner/1&_sort=family",
        "Patient?_id=a,b",
        "Patient?_lastUpdated=ge2030&_sort=_lastUpdated",
        "Observation?patient=p&date=ge2026",
        "Observation?code=a|b&category=vital-signs",
        "Observation?patient=p&category=vital-signs&_sort=-date",
        "Observation?patient.identifier=nhs|1",
        "Observation?subject.name=x",
        "Observation?code=a|b&patient.gender=male",
        "Observation?subject:Patient.general-practitioner:Practitioner.name=x",
        "Observation?code-value-quantity=a|b$5",
        "Observation?code-value-quantity=a|b$lt5",
        "Observation?code:text=x",
        "Patient?_has:Observation:patient:code=a|b",
        "Patient?name=x&_has:Observation:patient:code=a|b",
        "Patient?_has:Observation:patient:_has:Provenance:target:agent=Practitioner/1",
        "Task?identifier=a|b&owner:missing=true",
        "?_type=Patient,Observation&_id=a",
        "Patient/p/Observation?code=a|b",
    ],
)
def test_no_search_reads_a_whole_type(fhir: Caller, asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = _plan(fhir, asked, monkeypatch)
    assert [step for step in plan if WHOLE.match(step)] == []
    assert not [step for step in plan if step == "SCAN i"]


def test_of_amounts_only_those_that_are_ranges_are_read_whole(
    fhir: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as `>90`: their rows have a number of their own, and what they may reach is no order of rows."""
    plan = _plan(fhir, "Observation?code-value-quantity=a|b$gt5", monkeypatch)
    assert [step for step in plan if step.startswith("SEARCH i USING")] == [
        "SEARCH i USING PRIMARY KEY (practice=? AND parameter=? AND low>?)",
        "SEARCH i USING PRIMARY KEY (practice=? AND parameter=?)",
    ]


def _plan(fhir: Caller, asked: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    rows = Session.rows
    plan: list[str] = []

    def explained(session: Session, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        if "FROM resource" in sql:
            plan.extend(row[3] for row in rows(session, f"EXPLAIN QUERY PLAN {sql}", values))
        return rows(session, sql, values)

    monkeypatch.setattr(Session, "rows", explained)
    path, _, query = asked.partition("?")
    pairs = [(name, value) for name, _, value in (part.partition("=") for part in query.split("&"))]
    answer = fhir("GET", path, query=[*pairs, ("_total", "accurate")], prefer="handling=strict")
    assert answer.status == 200, answer.body
    assert plan
    return plan


@pytest.mark.parametrize(
    ("resource_type", "name", "value"),
    [
        ("Observation", "subject:Patient.general-practitioner:Practitioner.name", "x"),
        ("Patient", "_has:Observation:patient:code", "a|b"),
        ("Patient", "_has:Observation:patient:_has:Provenance:target:agent", "Practitioner/1"),
    ],
)
def test_the_end_of_a_chain_is_worked_out_once_however_long_it_is(
    standard: Standard, monkeypatch: pytest.MonkeyPatch, resource_type: str, name: str, value: str
) -> None:
    search = SearchReader(standard.catalogue).read(resource_type, ((name, value),), is_strict=True)
    ends = []

    def counted(condition: Condition, base_url: str) -> list[RowTest]:
        ends.append(condition.parameter.code)
        return conditions.tests_of(condition, base_url)

    monkeypatch.setattr(narrowing, "tests_of", counted)
    made = narrowing.Narrower(PRACTICE, "", lambda _name: ()).where(
        resource_type, search.branches[0].criteria
    )
    assert made.text
    assert len(ends) == 1
