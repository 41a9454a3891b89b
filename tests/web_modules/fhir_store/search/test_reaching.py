"""Finding by what is pointed to, by what points here, by pairs of values, and bringing it along."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.web_modules.fhir_store.conftest import Answer, Caller, fresh_practice
from web_modules.fhir_store.store import Standard

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"


def _code(code: str, display: str, system: str = LOINC) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _measured(name: str, patient: str, code: str, value: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": _code(code, f"Measurement {code}"),
        "subject": {"reference": f"Patient/{patient}"},
        "valueQuantity": {"value": Decimal(value), "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"},
        "effectiveDateTime": "2026-11-17T09:00:00Z",
    } | more


def _pressure(name: str, patient: str, systolic: str, diastolic: str) -> dict[str, Any]:
    found = _measured(name, patient, "85354-9", "1")
    del found["valueQuantity"]
    parts = (("8480-6", systolic), ("8462-4", diastolic))
    return found | {
        "component": [
            {"code": _code(code, code), "valueQuantity": {"value": Decimal(value)}} for code, value in parts
        ]
    }


RECORDS: list[dict[str, Any]] = [
    {"resourceType": "Organization", "id": "trust", "name": "Northern Trust"},
    {
        "resourceType": "Organization",
        "id": "practice",
        "name": "Fernbrook Surgery",
        "partOf": {"reference": "Organization/trust"},
    },
    {
        "resourceType": "Practitioner",
        "id": "nair",
        "name": [{"family": "Nair", "given": ["Priya"]}],
        "identifier": [
            {
                "system": "gmc",
                "value": "77",
                "type": {
                    "text": "GMC number",
                    "coding": [{"system": "http://types.example", "code": "GMC"}],
                },
            }
        ],
    },
    {
        "resourceType": "Patient",
        "id": "ada",
        "identifier": [{"system": "nhs", "value": "1"}],
        "name": [{"family": "Ferrar"}],
        "gender": "female",
        "birthDate": "1980-05-17",
        "active": True,
        "photo": [{"title": "A long one"}],
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Ada</div>'},
        "contact": [{"name": {"text": "Bo"}}],
        "generalPractitioner": [{"reference": "Practitioner/nair"}],
        "managingOrganization": {"reference": "Organization/practice"},
    },
    {
        "resourceType": "Patient",
        "id": "bo",
        "identifier": [{"system": "nhs", "value": "2"}],
        "name": [{"family": "Osei"}],
        "gender": "male",
        "managingOrganization": {"reference": "Organization/trust"},
    },
    {
        "resourceType": "Group",
        "id": "g",
        "type": "person",
        "actual": True,
        "member": [{"entity": {"reference": "Patient/bo"}}],
    },
    _measured("o1", "ada", "8867-4", "72"),
    _measured("o2", "ada", "8310-5", "38.5"),
    _measured("o3", "bo", "8867-4", "110"),
    _pressure("o4", "bo", "150", "85"),
    _pressure("o5", "ada", "85", "150"),
    {"resourceType": "Location", "id": "room", "name": "Ferrar Room", "status": "active"},
    {
        "resourceType": "Observation",
        "id": "o6",
        "status": "final",
        "code": _code("8867-4", "Heart rate"),
        "subject": {"reference": "Location/room"},
        "valueCodeableConcept": _code("high", "Too high", "http://levels.example"),
    },
    {
        "resourceType": "Provenance",
        "id": "pr",
        "target": [{"reference": "Observation/o3"}],
        "recorded": "2026-11-17T10:00:00Z",
        "agent": [{"who": {"reference": "Practitioner/nair"}}],
    },
    {
        "resourceType": "ValueSet",
        "id": "rates",
        "url": "http://valuesets.example/rates/heart",
        "status": "active",
        "compose": {"include": [{"system": LOINC, "concept": [{"code": "8867-4"}, {"code": "x"}]}]},
    },
    {
        "resourceType": "ValueSet",
        "id": "all",
        "url": "http://valuesets.example/rates",
        "status": "active",
        "compose": {"include": [{"system": LOINC}]},
    },
    {
        "resourceType": "List",
        "id": "l",
        "status": "current",
        "mode": "working",
        "entry": [{"item": {"reference": "Patient/bo"}}],
    },
    {
        "resourceType": "DocumentReference",
        "id": "d2",
        "status": "current",
        "content": [{"attachment": {"title": "t"}}],
        "relatesTo": [
            {"code": "replaces", "target": {"reference": "DocumentReference/d1"}},
            {"code": "appends", "target": {"reference": "DocumentReference/d0"}},
        ],
    },
]  # fmt: skip


@pytest.fixture(scope="module")
def practice(shared_url: str, standard: Standard) -> Iterator[Caller]:
    """Two patients, what was measured of them, and where they belong; nobody changes them."""
    with fresh_practice(shared_url, standard) as fhir:
        for one in RECORDS:
            stored = fhir("PUT", f"{one['resourceType']}/{one['id']}", one)
            assert stored.status == 201, stored.body
        yield fhir


def _found(fhir: Caller, asked: str, *, is_strict: bool = True) -> Answer:
    path, _, query = asked.partition("?")
    pairs = [(name, value) for name, _, value in (part.partition("=") for part in query.split("&")) if name]
    answer = fhir("GET", path, query=pairs, prefer="handling=strict" if is_strict else "")
    assert answer.status == 200, answer.body
    return answer


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ("Observation?subject:Patient.name=ferrar", "o1 o2 o5"),
        ("Observation?subject.name=ferrar", "o1 o2 o5 o6"),
        ("Observation?patient.identifier=nhs|1", "o1 o2 o5"),
        ("Observation?patient.gender:not=male", "o1 o2 o5"),
        ("Observation?patient.birthdate=ge1980-05&code=8867-4", "o1"),
        ("Observation?subject:Patient.general-practitioner:Practitioner.family=nair", "o1 o2 o5"),
        ("Observation?subject:Patient.organization.partof.name=northern", "o1 o2 o5"),
        ("Observation?subject:Patient.organization.name=northern", "o3 o4"),
        ("Observation?subject:Patient._id=bo", "o3 o4"),
        ("Observation?subject:Patient.organization:missing=true", ""),
        ("Observation?subject:Patient.birthdate:missing=true", "o3 o4"),
        ("Observation?patient._has:Group:member:_id=g", "o3 o4"),
        ("Patient?_has:Observation:patient:code=8310-5", "ada"),
        ("Patient?_has:Observation:patient:code=http://loinc.org|8867-4,zork", "ada bo"),
        ("Patient?_has:Observation:patient:code=8310-5&gender=male", ""),
        ("Patient?gender=female&_has:Observation:patient:code=8867-4", "ada"),
        ("Patient?_has:Observation:patient:code-value-quantity=8867-4$gt100", "bo"),
        ("Patient?_has:Observation:patient:_has:Provenance:target:agent=Practitioner/nair", "bo"),
        ("Practitioner?_has:Patient:general-practitioner:name=ferrar", "nair"),
        ("Patient?_list=l", "bo"),
        ("Observation?code-value-quantity=http://loinc.org|8867-4$gt100", "o3"),
        ("Observation?code-value-quantity=8867-4$lt100,8310-5$ge38", "o1 o2"),
        ("Observation?code-value-quantity=other|8867-4$gt100", ""),
        ("Observation?code-value-quantity=|8867-4$gt100", ""),
        ("Observation?component-code-value-quantity=8480-6$ge140", "o4"),
        ("Observation?component-code-value-quantity=8480-6$ge140&patient=ada", ""),
        ("Observation?combo-code-value-quantity=8480-6$ge140,8867-4$72", "o1 o4"),
        ("Observation?code-value-quantity=8867-4$110||mm[Hg]", "o3"),
        ("Observation?code-value-concept=8867-4$http://levels.example|high", "o6"),
        ("Observation?code-value-concept=8310-5$high", ""),
        ("DocumentReference?relationship=replaces$DocumentReference/d1", "d2"),
        ("DocumentReference?relationship=replaces$DocumentReference/d0", ""),
        ("Observation?code:text=measurement 88", "o1 o3"),
        ("Observation?code:text=RATE", ""),
        ("Observation?combo-code:text=heart", "o6"),
        ("Observation?value-concept:text=too", "o6"),
        ("Observation?code:in=http://valuesets.example/rates/heart", "o1 o3 o6"),
        ("Observation?code:not-in=ValueSet/rates&patient=bo", "o4"),
        ("Practitioner?identifier:of-type=http://types.example|GMC|77", "nair"),
        ("Practitioner?identifier:of-type=http://types.example|GMC|78", ""),
        ("Practitioner?identifier:text=gmc", "nair"),
        ("ValueSet?url:below=http://valuesets.example/rates", "rates all"),
        ("ValueSet?url:below=http://valuesets.example/ra", ""),
        ("ValueSet?url:above=http://valuesets.example/rates/heart/fast", "rates all"),
        ("Observation?date=ge2026-11-17&date=lt2026-11-18&code=8310-5", "o2"),
        ("Observation?date=gt2026", ""),
        ("Observation?date=le2026-11-17", "o1 o2 o3 o4 o5"),
        ("Observation?subject:missing=false&value-quantity:missing=true", "o4 o5 o6"),
    ],
)  # fmt: skip
def test_a_search_reaches_beyond_the_resource_itself(practice: Caller, asked: str, ids: str) -> None:
    assert {one["id"] for one in _found(practice, asked).resources} == set(ids.split())


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ("Observation?_id=o1&_include=Observation:subject", "o1 ada"),
        ("Observation?_id=o1&_include=Observation:subject:Group", "o1"),
        ("Observation?_id=o1&_include=*", "o1 ada"),
        ("Observation?_id=o1&_include=Observation:*", "o1 ada"),
        ("Observation?_id=o1&_include=Observation:subject&_include=Patient:organization", "o1 ada"),
        (
            "Observation?_id=o1&_include=Observation:subject&_include:iterate=Patient:organization",
            "o1 ada practice",
        ),
        (
            "Observation?_id=o1&_include=Observation:subject&_include:iterate=Patient:organization"
            "&_include:iterate=Organization:partof",
            "o1 ada practice trust",
        ),
        ("Patient?_id=bo&_revinclude=Observation:subject", "bo o3 o4"),
        (
            "Patient?_id=bo&_revinclude=Observation:subject&_revinclude:iterate=Provenance:target",
            "bo o3 o4 pr",
        ),
        ("Patient?_id=bo&_revinclude=*", "bo g o3 o4 l"),
        ("Patient?_id=bo&_revinclude=Group:*", "bo g"),
    ],
)
def test_what_belongs_to_a_match_comes_along(practice: Caller, asked: str, ids: str) -> None:
    answer = _found(practice, asked)
    assert {one["id"] for one in answer.resources} == set(ids.split())
    modes = [entry["search"]["mode"] for entry in answer.body["entry"]]
    assert modes == ["match"] + ["include"] * (len(modes) - 1)


def test_references_in_a_circle_end(fhir: Caller) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        link = [{"other": {"reference": f"Patient/{other}"}, "type": "seealso"}]
        fhir("PUT", f"Patient/{name}", {"resourceType": "Patient", "id": name, "link": link})
    answer = _found(fhir, "Patient?_id=a&_include:iterate=Patient:link&_revinclude:iterate=Patient:link")
    assert sorted(one["id"] for one in answer.resources) == ["a", "b"]


def test_several_types_are_searched_at_once(practice: Caller) -> None:
    answer = _found(practice, "?_type=Patient,Observation&_id=ada,o3,room&_sort=-_id")
    assert [one["id"] for one in answer.resources] == ["o3", "ada"]
    assert answer.body["link"][0]["url"].startswith("http://cloud.example/Y99002/fhir?_type=Patient")
    assert {one["id"] for one in _found(practice, "?_id=ada,o3,room").resources} == {"ada", "o3", "room"}
    posted = practice("POST", "_search", b"_type=Location,Patient&name=ferrar")
    assert {one["id"] for one in posted.resources} == {"ada", "room"}
    first = _found(practice, "?_type=Patient,Observation&_count=3")
    assert (first.body["total"], len(first.resources)) == (8, 3)
    assert practice("GET", "", query={"_type": "Zork"}).status == 400
    assert practice("GET", "", query={"gender": "male"}).status == 400


def test_a_summary_says_that_it_is_one(practice: Caller) -> None:
    whole = practice("GET", "Patient/ada").body

    def kept(**query: str) -> set[str]:
        read = practice("GET", "Patient/ada", query=query).body
        found = practice("GET", "Patient", query={"_id": "ada", **query}).resources[0]
        assert found == read
        is_whole = read == whole
        tags = [tag["code"] for tag in read["meta"].get("tag", ())]
        assert tags == ([] if is_whole else ["SUBSETTED"])
        return set(read) - {"resourceType", "id", "meta"}

    assert kept(_summary="true") == {
        "identifier", "name", "gender", "birthDate", "active", "managingOrganization"
    }  # fmt: skip
    assert kept(_summary="text") == {"text"}
    assert kept(_summary="data") == set(whole) - {"resourceType", "id", "meta", "text"}
    assert kept(_summary="false") == set(whole) - {"resourceType", "id", "meta"}
    assert kept(_elements="birthDate,Patient.photo,Observation.code") == {"active", "birthDate", "photo"}
    assert practice("GET", "Patient/ada", query={"_summary": "some"}).status == 400
    bare = practice("GET", "Observation/o1", query={"_elements": "value"}).body
    assert set(bare) == {"resourceType", "id", "meta", "status", "code", "valueQuantity"}


def test_a_part_of_a_resource_is_not_stored_over_the_whole(practice: Caller) -> None:
    part = practice("GET", "Patient/ada", query={"_elements": "name"}).body
    refused = practice("PUT", "Patient/ada", part)
    assert (refused.status, refused.expression) == (422, "Patient.meta.tag")
    assert practice("GET", "Patient/ada").body["birthDate"] == "1980-05-17"


def test_what_was_left_out_of_a_search_is_told(practice: Caller) -> None:
    answer = _found(practice, "Patient?nonsense=1&gender=male", is_strict=False)
    assert answer.body["total"] == 1
    told = answer.body["entry"][-1]
    assert told["search"] == {"mode": "outcome"}
    assert told["resource"]["issue"][0]["severity"] == "information"
    assert "`nonsense`" in told["resource"]["issue"][0]["details"]["text"]
    assert told["resource"]["issue"][0]["expression"] == ["http.nonsense"]
    assert practice.client.search("Patient", {"nonsense": "1", "gender": "male"})[0]["id"] == "bo"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("Observation?code:in=http://valuesets.example/rates", "one by one"),
        ("Observation?code:in=http://elsewhere.example/all", "not in this store"),
        ("Observation?code-value-quantity=8867-4", "a code and a value"),
        ("Observation?code-value-quantity=8867-4$x", "number"),
        ("Observation?code-value-quantity=$5", "a code and a value"),
        ("Location?near=51|0", "cannot search by"),
        ("Task?focus.name=x", "say to what"),
        ("Practitioner?identifier:of-type=GMC|77", "system|code|value"),
    ],
)
def test_a_filter_that_cannot_be_done_is_refused_in_plain_words(
    practice: Caller, asked: str, words: str
) -> None:
    path, _, query = asked.partition("?")
    name, _, value = query.partition("=")
    refused = practice("GET", path, query={name: value})
    assert (refused.status, refused.expression) == (400, f"http.{name}")
    assert words in refused.words


@pytest.mark.parametrize(
    ("path", "parameter", "value"),
    [
        ("Patient", "nonsense", "1"),
        ("Patient", "gender", ""),
        ("Patient", "_count", "x"),
        ("Patient", "_sort", "nonsense"),
        ("Patient", "_total", "x"),
        ("Patient", "_summary", "x"),
        ("Patient", "_contained", "true"),
        ("Patient", "_include", "x"),
        ("Patient", "_revinclude:iterate", "x"),
        ("Patient", "_cursor", "x"),
        ("Patient", "_format", "xml"),
        ("Patient", "_filter", "x"),
        ("Patient", "_lastUpdated", "x"),
        ("Patient", "birthdate", "gex"),
        ("Patient", "birthdate:exact", "2026"),
        ("Patient", "name:missing", "x"),
        ("Patient", "_list", "$current-problems"),
        ("Patient", "_has:Observation:nonsense:code", "x"),
        ("Patient", "_has:Observation:patient:date", "x"),
        ("Observation", "subject:Patient.birthdate", "x"),
        ("Observation", "subject.nonsense", "x"),
        ("Observation", "code.text", "x"),
        ("Observation", "code:in", "x"),
        ("RiskAssessment", "probability", "x"),
        ("", "_type", "Nonsense"),
        ("Patient/_history", "_since", "x"),
        ("Patient/_history", "_at", "x"),
        ("Patient/_history", "_count", "x"),
        ("Patient/_history", "_cursor", "x"),
        ("Patient/_history", "_sort", "name"),
        ("Patient/_history", "nonsense", "x"),
        ("Patient/ada/$everything", "_type", "Nonsense"),
        ("Patient/ada/$everything", "_since", "x"),
        ("Patient/ada/$everything", "start", "x"),
        ("Patient/ada/$everything", "gender", "male"),
        ("Patient/ada/$validate", "mode", "x"),
        ("AuditEvent", "date", "x"),
        ("AuditEvent", "nonsense", "x"),
        ("AuditEvent", "_count", "x"),
    ],
)
def test_a_refused_parameter_is_named_by_the_refusal(
    practice: Caller, path: str, parameter: str, value: str
) -> None:
    refused = practice("GET", path, query={parameter: value}, prefer="handling=strict")
    assert refused.status in {400, 406}
    assert refused.expression == f"http.{parameter}"
