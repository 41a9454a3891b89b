"""Valid resources that were spoilt anywhere are stored as they came, or refused in words."""

import copy
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.store_at_rest import faults_at_rest
from tests.web_modules.fhir_store.conftest import PRACTICE, Caller, served
from tests.web_modules.fhir_store.test_round_trip import content
from web_modules.fhir_store.documents import encode
from web_modules.fhir_store.store import Store

BASE = f"http://cloud.example/{PRACTICE}/fhir"
UCUM = "http://unitsofmeasure.org"
CODE = {
    "coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "Systolic"}],
    "text": "Pressure",
}
SEEDS: list[dict[str, Any]] = [
    {
        "resourceType": "Patient",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9434765919"}],
        "name": [{"use": "official", "family": "Ash", "given": ["Ann", "Bea"]}],
        "birthDate": "1980-02-29",
        "_birthDate": {"id": "a"},
        "address": [{"line": ["1 High Street"], "period": {"start": "2020"}}],
        "contained": [{"resourceType": "Organization", "id": "o", "name": "Fernbrook"}],
    },
    {
        "resourceType": "Observation",
        "status": "final",
        "code": CODE,
        "subject": {"reference": "Patient/p"},
        "effectivePeriod": {"start": "2026-11-17T09:30:00Z", "end": "2026-11-17"},
        "valueQuantity": {"value": Decimal("120.50"), "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"},
        "component": [{"code": CODE, "valueRange": {"low": {"value": 1}, "high": {"value": 2}}}],
    },
    {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", "part": [{"name": "b", "resource": {"resourceType": "Patient"}}]}],
    },
]
ODD_VALUES: list[Any] = [None, "", " ", "\0", "\u202e", "x" * 5000, [], {}, [None], [[]], [{}], {"x": None}]
ODD_VALUES += [True, 0, -1, 10**40, Decimal("1e400"), "2026-02-30", "urn:uuid:x", "Patient/", "#o"]
ODD_VALUES += [{"reference": "Patient/p?x=y"}]
ODD: st.SearchStrategy[Any] = st.sampled_from(ODD_VALUES).map(copy.deepcopy) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document below its root."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from places(one, (*path, key))


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """A seed with up to three places replaced, removed, or joined by an odd neighbour."""
    made: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 3))):
        there = [path for path in places(made) if path != ("resourceType",)]
        *way, last = draw(st.sampled_from(there))
        owner: Any = made
        for key in way:
            owner = owner[key]
        what = draw(st.sampled_from(["replace", "remove", "add"]))
        if what == "remove":
            del owner[last]
        elif what == "replace" or isinstance(owner, list):
            owner[last] = draw(ODD)
        else:
            owner[draw(st.sampled_from(["_" + str(last), "extension", "id", "zork", "\0"]))] = draw(ODD)
        if len(made) == 1:
            break
    return made


@pytest.fixture
def practice(store: Store) -> Caller:
    """A practice that every example of a test writes into."""
    return served(store, PRACTICE)


def test_what_is_spoilt_is_refused_in_words_and_what_is_stored_is_whole(
    practice: Caller, store: Store
) -> None:
    @settings(max_examples=300, deadline=None, database=None)
    @given(spoilt(), st.booleans())
    def check(resource: dict[str, Any], in_bundle: bool) -> None:
        kind, body = resource["resourceType"], encode(resource)
        if in_bundle:
            entry = {"request": {"method": "POST", "url": kind}, "resource": resource}
            body = encode({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
        answer = practice("POST", "" if in_bundle else kind, body)
        assert answer.status in {200, 201, 400, 413, 422}
        if answer.status >= 400:
            assert answer.body["resourceType"] == "OperationOutcome"
            assert all(issue["details"]["text"] for issue in answer.body["issue"])
            return
        key = (
            answer.body["entry"][0]["response"]["location"].split("/")[1] if in_bundle else answer.body["id"]
        )
        assert str(content(practice("GET", f"{kind}/{key}").body)) == str(content(resource))

    check()
    practice.service.trail.flush()
    assert faults_at_rest(store, PRACTICE, BASE) == []
