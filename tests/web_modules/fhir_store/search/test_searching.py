"""Finding resources by every kind of parameter, in order, page by page."""

import base64
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.web_modules.fhir_store.conftest import Answer, Caller, fresh_practice
from web_modules.fhir_store.store import Standard


def patient(patient_id: str, **content: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": patient_id, **content}


PEOPLE = [
    patient(
        "a",
        name=[{"family": "van der Berg", "given": ["Ada", "Zoë"]}],
        gender="female",
        birthDate="1980-05-17",
        identifier=[{"system": "nhs", "value": "1"}],
        address=[{"postalCode": "LS1 4AP", "city": "Leeds"}],
        generalPractitioner=[{"reference": "Practitioner/p1"}],
    ),
    patient(
        "b",
        name=[{"family": "VAN DER BERG", "given": ["Bo"]}, {"family": "Alias"}],
        gender="male",
        birthDate="1980-05",
        identifier=[{"system": "nhs", "value": "2"}, {"value": "bare"}],
        generalPractitioner=[{"reference": "http://cloud.example/Y99002/fhir/Practitioner/p2"}],
    ),
    patient(
        "c",
        name=[{"family": "O'Neill"}],
        birthDate="1999-12-31",
        identifier=[{"system": "other", "value": "1"}],
        deceasedDateTime="2020-01-01",
        generalPractitioner=[{"identifier": {"system": "gmc", "value": "77"}}],
    ),
    patient("d", active=True, meta={"tag": [{"system": "t", "code": "test"}]}),
]


@pytest.fixture(scope="module")
def people(shared_url: str, standard: Standard) -> Iterator[Caller]:
    """Four patients who differ in everything that can be searched; nobody changes them."""
    with fresh_practice(shared_url, standard) as fhir:
        for one in PEOPLE:
            assert fhir("PUT", f"Patient/{one['id']}", one).status == 201
        yield fhir


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, "abcd"),
        ({"family": "van der b"}, "ab"),
        ({"family": "VAN DER BERG"}, "ab"),
        ({"family:exact": "van der Berg"}, "a"),
        ({"family:contains": "berg"}, "ab"),
        ({"family": "berg"}, "ab"),
        ({"family": "der B"}, "ab"),
        ({"family": "erg"}, ""),
        ({"family:exact": "Berg"}, ""),
        ({"family": "neill"}, "c"),
        ({"name": "berg"}, "ab"),
        ({"family": "100%"}, ""),
        ({"family:contains": "%"}, ""),
        ({"given": "zoe"}, "a"),
        ({"name": "alias,o'neill"}, "bc"),
        ({"family": "van der berg", "given": "bo"}, "b"),
        ({"gender": "male"}, "b"),
        ({"gender": "male,female"}, "ab"),
        ({"gender:not": "male"}, "acd"),
        ({"gender:missing": "true"}, "cd"),
        ({"gender:missing": "false"}, "ab"),
        ({"identifier": "1"}, "ac"),
        ({"identifier": "nhs|1"}, "a"),
        ({"identifier": "nhs|"}, "ab"),
        ({"identifier": "|bare"}, "b"),
        ({"identifier": "|1"}, ""),
        ({"identifier": "nhs|1,other|1"}, "ac"),
        ({"active": "true"}, "d"),
        ({"deceased": "true"}, "c"),
        ({"deceased": "false"}, "abd"),
        ({"birthdate": "1980-05-17"}, "a"),
        ({"birthdate": "1980-05"}, "ab"),
        ({"birthdate": "1980"}, "ab"),
        ({"birthdate": "ge1980-05-17"}, "abc"),
        ({"birthdate": "gt1980"}, "c"),
        ({"birthdate": "lt1980-05-17"}, "b"),
        ({"birthdate": "le1980-05-31"}, "ab"),
        ({"birthdate": "ne1980"}, "c"),
        ({"birthdate": "sa1980-05"}, "c"),
        ({"birthdate": "eb1999"}, "ab"),
        ({"death-date": "2020"}, "c"),
        ({"general-practitioner": "Practitioner/p1"}, "a"),
        ({"general-practitioner": "p1"}, "a"),
        ({"general-practitioner": "p2"}, "b"),
        ({"general-practitioner:Practitioner": "p1"}, "a"),
        ({"general-practitioner:Organization": "p1"}, ""),
        ({"general-practitioner": "http://cloud.example/Y99002/fhir/Practitioner/p1"}, "a"),
        ({"general-practitioner:identifier": "gmc|77"}, "c"),
        ({"general-practitioner:missing": "true"}, "d"),
        ({"address-postalcode": "ls1"}, "a"),
        ({"address": "leeds"}, "a"),
        ({"_id": "a,c,x"}, "ac"),
        ({"_id": "a", "gender": "male"}, ""),
        ({"_tag": "t|test"}, "d"),
        ({"_lastUpdated": "gt2020"}, "abcd"),
        ({"_lastUpdated": "lt2020"}, ""),
        ({"_sort": "-_id"}, "dcba"),
        ({"_sort": "birthdate"}, "bacd"),
        ({"_sort": "-birthdate"}, "cabd"),
        ({"_sort": "family,-birthdate"}, "bcad"),
        ({"_sort": "-_lastUpdated"}, "dcba"),
        ({"name": "nobody\\,at all"}, ""),
    ],
)  # fmt: skip
def test_a_search_finds_exactly_what_it_asks_for(people: Caller, query: dict[str, str], ids: str) -> None:
    answer = people("GET", "Patient", query=query, prefer="handling=strict")
    assert answer.status == 200, answer.body
    assert "".join(one["id"] for one in answer.resources) == ids
    assert answer.body["total"] == len(ids)


def test_a_search_may_be_posted(people: Caller) -> None:
    answer = people("POST", "Patient/_search", b"gender=male&_count=5")
    assert [one["id"] for one in answer.resources] == ["b"]


def test_a_number_and_a_quantity_are_compared_with_their_precision(fhir: Caller) -> None:
    for name, value in (("x", "5.4"), ("y", "5.44"), ("z", "6")):
        amount = {"value": Decimal(value), "system": "http://unitsofmeasure.org", "code": "mg"}
        observation = {"resourceType": "Observation", "id": name, "status": "final", "code": {"text": "t"}}
        assert fhir("PUT", f"Observation/{name}", observation | {"valueQuantity": amount}).status == 201
    system = "http://unitsofmeasure.org"
    assert fhir.ids("Observation", value_d_quantity=f"5.4|{system}|mg") == ["x", "y"]
    assert fhir.ids("Observation", value_d_quantity=f"5.40|{system}|mg") == ["x"]
    assert fhir.ids("Observation", value_d_quantity="gt5.5") == ["z"]
    assert fhir.ids("Observation", value_d_quantity="5.4||g") == []


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ("5.4", ["exact"]),
        ("ne5.4", ["below", "most", "least", "above"]),
        ("lt5.4", ["below", "most"]),
        ("le5.4", ["below", "most", "exact", "least"]),
        ("gt5.4", ["least", "above"]),
        ("ge5.4", ["most", "exact", "least", "above"]),
        ("sa5.4", ["above"]),
        ("sa5.3", ["exact", "least", "above"]),
        ("eb5.4", ["below"]),
        ("eb5.5", ["below", "most", "exact"]),
        ("lt1", ["below", "most"]),
        ("gt100", ["least", "above"]),
        ("ap5", ["below", "most", "exact", "least", "above"]),
        ("ap4", ["below", "most"]),
        ("lt5||g", []),
        ("lt5||mg", ["below", "most"]),
        ("gt100,5.4||mg", ["exact", "least", "above"]),
    ],
)  # fmt: skip
def test_a_quantity_with_a_comparator_is_searched_as_the_range_that_it_says(
    compared: Caller, asked: str, ids: list[str]
) -> None:
    for query in (
        {"value-quantity": asked},
        {"code-value-quantity": ",".join(f"x|crp${one}" for one in asked.split(","))},
        {"combo-code-value-quantity": ",".join(f"crp${one}" for one in asked.split(","))},
    ):
        found = compared("GET", "Observation", query=query, prefer="handling=strict")
        assert [one["id"] for one in found.resources] == ids, query


def test_quantities_with_comparators_are_there_and_stand_in_order(compared: Caller) -> None:
    assert compared.ids("Observation", value_d_quantity__missing="true") == []
    assert compared.ids("Observation", _sort="value-quantity") == ["below", "most", "exact", "least", "above"]
    assert compared.ids("Observation", _sort="-value-quantity")[-2:] == ["below", "most"]
    first = compared("GET", "Observation", query={"_sort": "value-quantity", "_count": "1"})
    second = _follow(compared, first)
    assert second is not None
    assert [one["id"] for one in (*first.resources, *second.resources)] == ["below", "most"]


@pytest.fixture(scope="module")
def compared(shared_url: str, standard: Standard) -> Iterator[Caller]:
    """Results of which some say only what they are less or more than."""
    said = (("below", "<"), ("most", "<="), ("exact", ""), ("least", ">="), ("above", ">"))
    with fresh_practice(shared_url, standard) as fhir:
        for name, comparator in said:
            amount = {"value": Decimal("5.4"), "system": "http://unitsofmeasure.org", "code": "mg"}
            content = {
                "resourceType": "Observation",
                "id": name,
                "status": "final",
                "code": {"coding": [{"system": "x", "code": "crp"}]},
                "valueQuantity": amount | ({"comparator": comparator} if comparator else {}),
            }
            assert fhir("PUT", f"Observation/{name}", content).status == 201
        yield fhir


def _follow(fhir: Caller, answer: Answer) -> Answer | None:
    following = [link["url"] for link in answer.body["link"] if link["relation"] == "next"]
    if not following:
        return None
    parts = urlsplit(following[0])
    return fhir("GET", parts.path.rsplit("/", maxsplit=1)[-1], query=parse_qsl(parts.query))


@pytest.mark.parametrize("sort", ["", "family", "-birthdate", "gender,-family", "-_lastUpdated"])
def test_pages_show_everything_once_while_others_write(fhir: Caller, sort: str) -> None:
    for number in range(23):
        content = {
            "name": [{"family": f"Family {number % 5}"}],
            "birthDate": f"19{50 + number % 7}-01-01",
        } | ({"gender": "male"} if number % 3 else {})
        fhir("PUT", f"Patient/p{number:02}", patient(f"p{number:02}", **content))
    whole = [one["id"] for one in fhir("GET", "Patient", query={"_sort": sort} if sort else {}).resources]
    answer: Answer | None = fhir("GET", "Patient", query={"_count": "4"} | ({"_sort": sort} if sort else {}))
    seen: list[str] = []
    while answer is not None:
        assert answer.body["total"] == 23
        seen += [one["id"] for one in answer.resources]
        answer = _follow(fhir, answer)
    assert seen == whole
    assert len(set(seen)) == 23


def test_the_self_link_says_what_was_understood(people: Caller) -> None:
    answer = people("GET", "Patient", query={"gender": "male", "nonsense": "1", "family": ""})
    assert answer.status == 200
    assert answer.body["link"][0] == {
        "relation": "self",
        "url": "http://cloud.example/Y99002/fhir/Patient?gender=male",
    }


@pytest.mark.parametrize(
    "query",
    [
        {"nonsense": "1"},
        {"family": ""},
        {"family:below": "x"},
        {"active:text": "x"},
        {"gender:of-type": "a|b|c"},
        {"_lastUpdated:not": "2020"},
        {"general-practitioner.nonsense": "x"},
        {"general-practitioner:Patient.name": "x"},
        {"name.family": "x"},
        {"_has:Observation:patient:nonsense": "1"},
        {"_has:Observation:code:status": "1"},
        {"_has:Observation:patient": "1"},
        {"_has:Zork:patient:code": "1"},
        {"link." * 9 + "name": "x"},
        {"_id": ",".join(f"i{n}" for n in range(501))},
        {"gender:in": "http://valuesets.example/none"},
        {"_text": "x"},
        {"_content": "x"},
        {"_filter": "name eq x"},
        {"phonetic": "x"},
        {"_list": "$current-problems"},
        {"_contained": "true"},
        {"birthdate": "soon"},
        {"birthdate": "ge"},
        {"gender:missing": "perhaps"},
        {"_sort": "nonsense"},
        {"_count": "many"},
        {"_total": "x"},
        {"_summary": "some"},
        {"_summary": "text", "_elements": "name"},
        {"_include": "Patient"},
        {"_include": "Patient:family"},
        {"_include": "Zork:*"},
        {"_include": "Patient:link:Zork"},
        {"_include:again": "Patient:link"},
        {"_cursor": "nonsense"},
        {"_cursor": "W251bGxd"},
        {"name": "nul\u0000sign"},
    ],
)
def test_what_is_not_understood_is_refused_in_strict_handling(people: Caller, query: dict[str, str]) -> None:
    refused = people("GET", "Patient", query=query, prefer="handling=strict")
    assert refused.status == 400
    assert refused.body["issue"][0]["severity"] == "error"


@pytest.mark.parametrize(
    "query",
    [{"general-practitioner.zork": "x"}, {"family:below": "x"}, {"_has:X:y:z": "1"}, {"_text": "x"}],
)
def test_a_filter_that_is_not_supported_is_never_dropped_in_silence(
    people: Caller, query: dict[str, str]
) -> None:
    assert people("GET", "Patient", query=query).status == 400


def test_only_the_number_of_matches_may_be_asked_for(people: Caller) -> None:
    for query in ({"_summary": "count"}, {"_count": "0"}):
        answer = people("GET", "Patient", query=query | {"name": "van"})
        assert (answer.body["total"], answer.resources) == (2, [])
    assert "total" not in people("GET", "Patient", query={"_total": "none"}).body


def test_resources_that_belong_together_come_together(fhir: Caller) -> None:
    schedule = {"resourceType": "Schedule", "id": "s", "actor": [{"reference": "Practitioner/p"}]}
    fhir("PUT", "Schedule/s", schedule)
    fhir("PUT", "Practitioner/p", {"resourceType": "Practitioner", "id": "p"})
    for number in range(3):
        slot = {"resourceType": "Slot", "id": f"t{number}", "schedule": {"reference": "Schedule/s"}}
        slot |= {"status": "free", "start": f"2026-11-17T09:0{number}:00Z", "end": "2026-11-17T10:00:00Z"}
        fhir("PUT", f"Slot/t{number}", slot)
    pairs = {"start": "ge2026-11-17T09:01:00Z", "_include": "Slot:schedule"}
    answer = fhir("GET", "Slot", query=pairs)
    modes = [(entry["resource"]["id"], entry["search"]["mode"]) for entry in answer.body["entry"]]
    assert modes == [("t1", "match"), ("t2", "match"), ("s", "include")]
    assert answer.body["total"] == 2
    reverse = fhir("GET", "Schedule", query={"_revinclude": "Slot:schedule"})
    assert [one["id"] for one in reverse.resources] == ["s", "t0", "t1", "t2"]
    assert fhir.ids("Schedule", actor="p") == ["s"]
    targets = fhir("GET", "Schedule", query={"_include": "Schedule:actor:Practitioner"})
    assert [one["id"] for one in targets.resources] == ["s", "p"]


def test_the_bounds_of_a_day_are_one_range(fhir: Caller) -> None:
    for day in range(1, 29):
        slot = {
            "resourceType": "Slot",
            "id": f"d{day:02}",
            "schedule": {"reference": "Schedule/s"},
            "status": "free",
        }
        slot |= {"start": f"2026-07-{day:02}T00:30:00+01:00", "end": f"2026-07-{day:02}T00:40:00+01:00"}
        fhir("PUT", f"Slot/d{day:02}", slot)
    query = [("start", "ge2026-07-05"), ("start", "lt2026-07-07"), ("status", "free")]
    assert [one["id"] for one in fhir("GET", "Slot", query=query).resources] == ["d05", "d06"]
    assert fhir.ids("Slot", start="2026-07-05") == ["d05"]


def test_an_update_is_found_by_its_new_values_only(fhir: Caller) -> None:
    fhir("PUT", "Patient/a", patient("a", name=[{"family": "Old"}], gender="male"))
    fhir("PUT", "Patient/a", patient("a", name=[{"family": "New"}], gender="male"))
    assert fhir.ids("Patient", family="old") == []
    assert fhir.ids("Patient", family="new", gender="male") == ["a"]


@pytest.mark.parametrize(
    ("order", "ended"),
    [
        ("family", [5, 5]),
        ("family", ["a"]),
        ("family", ["a\0", 5]),
        ("family", ["a", "b", 5]),
        ("family", [True, 5]),
        ("birthdate", ["a", 5]),
        ("birthdate", [True, 5]),
        ("_lastUpdated", ["a", 5]),
        ("_id", [5, 5]),
        ("", ["5"]),
        ("", [5.5]),
        ("", [True]),
        ("", []),
    ],
)
def test_a_page_address_of_another_order_is_refused_and_not_an_empty_page(
    people: Caller, order: str, ended: list[Any]
) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(ended).encode()).decode().rstrip("=")
    query = {"_count": "2", "_cursor": cursor} | ({"_sort": order} if order else {})
    answer = people("GET", "Patient", query=query)
    assert (answer.status, answer.expression) == (400, "http._cursor")
