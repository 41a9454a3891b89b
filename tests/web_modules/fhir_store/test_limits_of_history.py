"""A past version is shown to nobody from whom a current record of the same content would be hidden."""

from dataclasses import replace
from typing import Any

import pytest

from tests.web_modules.fhir_store.conftest import Caller
from tests.web_modules.fhir_store.test_limits import (
    APP,
    GP,
    LABORATORY,
    ask,
    found,
    labelled,
    observation,
    patient,
)
from web_modules.fhir_store.access import Access, Grant

BEFORE_AND_AFTER = {
    "a label, whose patient is a stranger": (
        GP,
        observation("x", "other", **labelled("R")),
        observation("x", "other"),
    ),
    "a label, and then another patient": (
        GP,
        observation("x", "other", **labelled("R")),
        observation("x", "mine", **labelled("R")),
    ),
    "the patient to whom the token is bound": (
        APP,
        observation("x", "other"),
        observation("x", "mine"),
    ),
    "the query of the scope": (
        LABORATORY,
        observation("x", "mine", "mental"),
        observation("x", "mine"),
    ),
}


@pytest.mark.parametrize("change", BEFORE_AND_AFTER)
def test_a_past_version_is_hidden_as_a_current_record_of_its_content_is(fhir: Caller, change: str) -> None:
    access, before, after = BEFORE_AND_AFTER[change]
    assert fhir("PUT", "Observation/x", before).status == 201
    assert ask(fhir, access, "GET", "Observation/x").status == 404
    assert fhir("PUT", "Observation/x", after).status == 200
    assert ask(fhir, access, "GET", "Observation/x").status == 200
    assert ask(fhir, access, "GET", "Observation/x/_history/2").status == 200
    assert ask(fhir, access, "GET", "Observation/x/_history/1").status == 404
    for path in ("Observation/x/_history", "Observation/_history"):
        for query in ({}, {"_sort": "_lastUpdated"}, {"_count": "1"}):
            history = ask(fhir, access, "GET", path, **query)
            assert {one["meta"]["versionId"] for one in history.resources if "meta" in one} <= {"2"}, path


@pytest.mark.parametrize("change", BEFORE_AND_AFTER)
def test_a_past_version_is_shown_where_a_current_record_of_its_content_is(fhir: Caller, change: str) -> None:
    access, _before, shown = BEFORE_AND_AFTER[change]
    fhir("PUT", "Observation/x", shown)
    fhir("PUT", "Observation/x", shown | {"issued": "2026-11-17T09:30:00Z"})
    assert ask(fhir, access, "GET", "Observation/x/_history/1").status == 200
    history = ask(fhir, access, "GET", "Observation/x/_history")
    assert [one["meta"]["versionId"] for one in history.resources] == ["2", "1"]


def test_a_patient_is_of_its_own_compartment_in_the_past_too(fhir: Caller) -> None:
    for _ in range(2):
        for name, gender in (("mine", "female"), ("mine", "male"), ("other", "male")):
            fhir("PUT", f"Patient/{name}", patient(name, gender=gender))
    assert ask(fhir, APP, "GET", "Patient/mine/_history/1").status == 200
    assert ask(fhir, APP, "GET", "Patient/other/_history/1").status == 404
    assert found(ask(fhir, APP, "GET", "Patient/_history")) == {"mine"}


def of_category(value: str, name: str = "category") -> Access:
    grants = tuple(replace(grant, query=((name, value),)) for grant in LABORATORY.grants)
    return replace(LABORATORY, grants=grants)


TERMS: dict[str, tuple[Access, bool]] = {
    "code": (of_category("laboratory"), True),
    "any of them": (of_category("mental,laboratory"), True),
    "system and code": (of_category("http://c|laboratory"), True),
    "system": (of_category("http://c|"), True),
    "another system": (of_category("http://d|laboratory"), False),
    "no system": (of_category("|laboratory"), False),
    "another code": (of_category("mental"), False),
    "its id": (of_category("x", "_id"), True),
    "another id": (of_category("y", "_id"), False),
    "status": (of_category("final", "status"), True),
    "what only the database can tell": (of_category("laboratory", "category:not"), False),
    "what is not known": (of_category("1", "zork"), False),
}


@pytest.mark.parametrize("term", TERMS)
def test_a_scope_asks_of_a_past_version_what_it_asks_of_a_current_one(fhir: Caller, term: str) -> None:
    access, is_shown = TERMS[term]
    category = [{"coding": [{"system": "http://c", "code": "laboratory"}, {"code": "x"}]}]
    record: dict[str, Any] = observation("x", "mine") | {"category": category}
    fhir("PUT", "Observation/x", record)
    assert (ask(fhir, access, "GET", "Observation/x").status == 200) == is_shown
    fhir("PUT", "Observation/x", record)
    past = ask(fhir, access, "GET", "Observation/x/_history/1")
    assert (past.status == 200) == is_shown


def test_a_current_version_needs_no_more_than_the_database_says_of_it(fhir: Caller) -> None:
    access = of_category("mental", "category:not")
    fhir("PUT", "Observation/x", observation("x", "mine"))
    fhir("PUT", "Observation/x", observation("x", "mine"))
    assert ask(fhir, access, "GET", "Observation/x/_history/2").status == 200
    assert ask(fhir, access, "GET", "Observation/x/_history/1").status == 404
    history = ask(fhir, access, "GET", "Observation/x/_history")
    assert [one["meta"]["versionId"] for one in history.resources if "meta" in one] == ["2"]


def test_one_of_several_grants_is_enough_for_a_past_version(fhir: Caller) -> None:
    vital = Grant(
        resource_type="Observation",
        interactions=LABORATORY.grants[0].interactions,
        query=(("category", "vital-signs"),),
    )
    access = replace(LABORATORY, grants=(vital, *LABORATORY.grants))
    fhir("PUT", "Observation/x", observation("x", "mine"))
    fhir("PUT", "Observation/x", observation("x", "mine", "vital-signs"))
    assert ask(fhir, access, "GET", "Observation/x/_history/1").status == 200


def test_versions_that_are_hidden_are_not_counted(fhir: Caller) -> None:
    for label in ("R", "N", "N"):
        assert fhir("PUT", "Observation/x", observation("x", "mine", **labelled(label))).status in {200, 201}
    for path in ("Observation/x/_history", "Observation/_history"):
        assert ask(fhir, APP, "GET", path).body["total"] == 2
        assert ask(fhir, APP, "GET", path, _count="0").body["total"] == 2
    assert ask(fhir, APP, "GET", "Observation/x/_history", _count="1").body["total"] == 2
