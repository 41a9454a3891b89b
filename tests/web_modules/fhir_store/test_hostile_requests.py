"""Whatever is asked is answered or refused; nothing makes the store fail."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web_modules.fhir_store.conftest import Caller, fresh_practice
from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.store import Standard

TYPES = ("Patient", "Observation", "Slot", "Encounter", "ValueSet", "RiskAssessment", "Zork")
HOSTILE = st.sampled_from(
    [
        "'; DROP TABLE resource; --",
        "%",
        "_",
        "\\",
        "a\\,b",
        "|",
        "||",
        "a|b|c",
        "$",
        "ge",
        "ge9999-12-31",
        "lt0001-01-01",
        "ap2026",
        "1e400",
        "-1e-400",
        "NaN",
        "Infinity",
        "9" * 400,
        "\u0000",
        "\U0001f3e5",
        "a" * 5000,
        ",",
        ",,",
        "Patient/",
        "/",
        "http://x/Patient/1",
        "W251bGxd",
        "WzFlOTk5XQ",
        "0",
        "-1",
        "99999999999999999999",
    ]
)
VALUES = HOSTILE | st.text(max_size=20)
SPECIAL = (
    "_count",
    "_sort",
    "_include",
    "_revinclude",
    "_cursor",
    "_summary",
    "_total",
    "_since",
    "_format",
    "_has:a:b:c",
    "_has:Observation:subject:code",
    "_has:Observation:subject:_has:Provenance:target:recorded",
    "_elements",
    "_list",
    "_text",
    "subject.name",
    "subject.organization.partof.name",
    "patient:Patient.birthdate",
)
MODIFIERS = (
    "",
    "",
    "",
    ":exact",
    ":contains",
    ":missing",
    ":not",
    ":identifier",
    ":Patient",
    ":zork",
    ".name",
    ":in",
    ":not-in",
    ":text",
    ":of-type",
    ":above",
    ":below",
    ".general-practitioner.name",
)
ALLOWED = {200, 304, 400, 404, 406, 410, 412}


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory, standard: Standard) -> Iterator[Caller]:
    """A practice with one of each."""
    with fresh_practice(tmp_path_factory.mktemp("hostile"), standard) as fhir:
        person = {"resourceType": "Patient", "id": "p", "name": [{"family": "A"}], "birthDate": "1980"}
        fhir("PUT", "Patient/p", person)
        yield fhir


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_search_fails(practice: Caller, standard: Standard, data: st.DataObject) -> None:
    resource_type = data.draw(st.sampled_from(TYPES))
    known = sorted(standard.catalogue.of(resource_type)) or ["x"]
    name = st.builds(str.__add__, st.sampled_from(known), st.sampled_from(MODIFIERS)) | st.sampled_from(
        SPECIAL
    )
    query = data.draw(st.lists(st.tuples(name, VALUES), max_size=3))
    answer = practice(
        "GET", resource_type, query=query, prefer=data.draw(st.sampled_from(["", "handling=strict"]))
    )
    assert answer.status in ALLOWED


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["GET", "DELETE", "PUT", "POST", "HEAD", "PATCH"]),
    st.lists(
        st.sampled_from(
            [
                "Patient",
                "Observation",
                "p",
                "_history",
                "1",
                "_search",
                "metadata",
                "$everything",
                "$validate",
                "$meta",
                "Zork",
                "é",
            ]
        )
        | st.text(max_size=5),
        max_size=4,
    ),
    st.dictionaries(
        st.sampled_from(["if-match", "if-none-match", "if-none-exist", "prefer"]), VALUES, max_size=2
    ),
    st.sampled_from(
        [
            b"",
            b"{}",
            b"[]",
            b'{"resourceType":"Bundle","type":"batch","entry":[{}]}',
            b'{"resourceType":"Patient","id":"p"}',
            b'{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{}}]}',
            b'{"resourceType":"Parameters","parameter":[{"name":"mode","valueCode":"update"}]}',
            b'[{"op":"remove","path":"/name"}]',
            b'{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"?_type="}}]}',
        ]
    ),
)
def test_no_address_fails(
    practice: Caller, method: str, segments: list[str], headers: dict[str, str], body: bytes
) -> None:
    request = FhirRequest(method=method, path="/".join(segments), headers=headers, body=body)
    assert practice.service.send(request).status in ALLOWED | {201, 204, 405, 409, 422}


def test_a_sign_that_no_database_keeps_is_refused_and_noted(fhir: Caller) -> None:
    for path, query in (("Patient/\0", {}), ("Observation", {"patient": "a\0b"}), ("Patient", {"a\0": "b"})):
        assert fhir("GET", path, query=query).status == 400
    fhir.service.trail.flush()
    assert len(fhir("GET", "AuditEvent").resources) >= 3


def test_a_condition_on_very_many_values_is_refused(fhir: Caller) -> None:
    body = ("_id=" + ",".join(f"i{number}" for number in range(200_000))).encode()
    refused = fhir("POST", "Patient/_search", body)
    assert (refused.status, refused.body["issue"][0]["code"]) == (400, "too-costly")
    repeated = "&".join("name=x" for _ in range(2000)).encode()
    assert fhir("POST", "Patient/_search", repeated).status == 400
    many = "&".join(f"_include=Patient:link&_sort=_id,{','.join(['name'] * 9)}" for _ in range(50)).encode()
    assert fhir("POST", "Patient/_search", many).status == 400
