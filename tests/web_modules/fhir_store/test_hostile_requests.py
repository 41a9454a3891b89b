"""Whatever is asked is answered or refused; nothing makes the store fail."""

import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web_modules.fhir_store.conftest import PRACTICE, Caller, fresh_practice, served
from tests.web_modules.fhir_store.test_limits import APP, GP, RECEPTIONIST
from web_modules.fhir.transport import DEADLINE, FhirRequest
from web_modules.fhir_store.access import OURSELVES
from web_modules.fhir_store.store import Standard, Store

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
def practice(shared_url: str, standard: Standard) -> Iterator[Caller]:
    """A practice with one of each."""
    with fresh_practice(shared_url, standard) as fhir:
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


def test_a_word_of_another_type_is_refused(fhir: Caller) -> None:
    kinds: list[Any] = [[], {}, None, 1, ["batch"], {"batch": 1}]
    for nonsense in kinds:
        entry = {"request": {"method": nonsense, "url": "Patient"}}
        batch = fhir("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [entry]})
        assert batch.body["entry"][0]["response"]["status"] == "400 Bad Request"
        assert fhir("POST", "", {"resourceType": "Bundle", "type": nonsense}).status == 400
        assert fhir("PATCH", "Patient/p", [{"op": nonsense, "path": "/name"}]).status == 400


def test_a_header_that_is_no_number_makes_nothing_fail(fhir: Caller) -> None:
    for number in ("²", "٣", "9" * 30, "9" * 5000, "-1", "1e5"):
        position = {"if-none-match": f'W/"{number}"', "prefer": "wait=0"}
        held = FhirRequest(method="GET", path="_history", headers=position)
        assert fhir.service.send(held).status == 200
        until = {DEADLINE.lower(): number}
        body = b'{"resourceType":"Patient"}'
        late = FhirRequest(method="POST", path="Patient", headers=until, body=body)
        assert fhir.service.send(late).status == 408


def quantity(number: str) -> bytes:
    text = '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":%s}}'
    return (text % number).encode()


LARGE = "1" + "0" * 400


def test_amounts_beyond_every_other_are_kept_found_and_paged(fhir: Caller) -> None:
    sent = [LARGE, f"-{LARGE}", "1e400", "-1e400", "1e-400", "5"]
    for one in sent:
        assert fhir("POST", "Observation", quantity(one)).status == 201
    query: list[tuple[str, str]] = [("_sort", "value-quantity"), ("_count", "1")]
    seen: list[Decimal] = []
    while query:
        page = fhir("GET", "Observation", query=query)
        assert page.status == 200
        seen += [Decimal(one["valueQuantity"]["value"]) for one in page.resources]
        following = [one["url"] for one in page.body["link"] if one["relation"] == "next"]
        query = parse_qsl(urlsplit(following[0]).query) if following else []
    assert seen == sorted(map(Decimal, sent))
    assert len(fhir.ids("Observation", value_d_quantity="gt1e100")) == 2
    assert len(fhir.ids("Observation", value_d_quantity="lt-1e100")) == 2


def test_a_number_that_nobody_can_read_is_refused(fhir: Caller) -> None:
    for number in ("1e99999999999999999999", "1" + "0" * 5000, "NaN", "01"):
        assert fhir("POST", "Observation", quantity(number)).status == 400


def test_a_sign_that_no_text_may_hold_is_refused_in_every_kind_of_text(store: Store) -> None:
    practice = served(store, PRACTICE)
    texts: list[dict[str, Any]] = [
        {"extension": [{"url": "a\0", "valueBoolean": True}]},
        {"extension": [{"url": "http://a", "valueCode": "a\0b"}]},
        {"maritalStatus": {"coding": [{"system": "a\x01", "code": "b"}]}},
        {"maritalStatus": {"coding": [{"code": "b\0c"}]}},
        {"name": [{"family": "\0"}]},
        {"text": {"status": "generated", "div": "<div>\0</div>"}},
        {"text": {"status": "generated", "div": 5}},
        {"fhir_comments": ["\0"]},
        {"photo": [{"url": "\x1f"}]},
        {"link": [{"type": "refer", "other": {"reference": "Patient/\0"}}]},
    ]
    for one in texts:
        refused = practice("POST", "Patient", {"resourceType": "Patient", **one})
        assert refused.status == 422, one
        assert refused.expression.startswith("Patient.")


def test_what_nests_deeper_than_any_record_is_refused(fhir: Caller) -> None:
    for depth in (90, 120, 254, 300, 900, 10_000):
        _check_depth(fhir, depth, b"")
        _check_depth(fhir, depth, b'"zork":1,')


def _check_depth(fhir: Caller, depth: int, fault: bytes) -> None:
    opened, closed = b'{"url":"http://x","extension":[' * depth, b"]}" * depth
    innermost = b'{"url":"http://x","valueString":"a"}'
    body = b'{"resourceType":"Patient",' + fault + b'"extension":[' + opened + innermost + closed + b"]}"
    is_fine = depth == 90 and not fault
    assert fhir("POST", "Patient", body).status in ({201} if is_fine else {400, 422})
    assert fhir("POST", "Patient/$validate", body).status in {200, 400}
    for kind in (b"batch", b"transaction"):
        entry = b'{"request":{"method":"POST","url":"Patient"},"resource":' + body + b"}"
        bundle = b'{"resourceType":"Bundle","type":"' + kind + b'","entry":[' + entry + b"]}"
        assert fhir("POST", "", bundle).status in {200, 400, 422}


CHAINS = [
    "subject:Patient.organization.name",
    "subject.organization.partof.name",
    "subject:Patient.general-practitioner:Practitioner._has:Location:organization:name",
    "subject:Patient.organization.partof.partof.partof.partof.name",
    "subject:Patient.organization.partof.partof.partof.name",
    "subject:Patient.organization.partof.partof.name",
    "_has:Provenance:target:agent:Practitioner.name",
]


def test_a_long_chain_is_followed_or_refused(fhir: Caller) -> None:
    for access in (OURSELVES, RECEPTIONIST, GP, APP):
        statuses = []
        for name in CHAINS:
            request = FhirRequest(method="GET", path="Observation", query=((name, "x"), ("code", "a|b")))
            statuses.append(fhir.service.send(request, access).status)
        assert set(statuses) <= {200, 400}
        assert statuses[0] == 200


def test_a_condition_that_is_too_much_fails_alone(fhir: Caller, database_url: str) -> None:
    """Writers that come together share a transaction: one of them must not take the others with it."""
    chain = "subject:Patient.organization.partof.partof.partof.name=x"
    body = b'{"resourceType":"Observation","status":"final","code":{"text":"x"}}'
    statuses: list[int] = []

    def create(condition: str) -> None:
        headers = {"if-none-exist": condition} if condition else {}
        request = FhirRequest(method="POST", path="Observation", headers=headers, body=body)
        statuses.append(fhir.service.send(request, GP).status)

    threads = [threading.Thread(target=create, args=(chain if n % 2 else "",)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    can_follow = database_url.startswith("postgresql")
    assert sorted(statuses) == [201] * 10 + [201 if can_follow else 400] * 10


def test_more_values_than_any_record_are_refused_at_once(fhir: Caller) -> None:
    many = b",".join([b"{}"] * 1_000_000)
    names = ",".join(f'{{"family":"a{number}"}}' for number in range(40_000)).encode()
    patches = b'[{"op":"add","path":"/x","value":[' + many + b"]}]"
    entry = b'{"request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Patient","name":['
    bundle = b'{"resourceType":"Bundle","type":"transaction","entry":[' + entry + names + b"]}}]}"
    started = time.monotonic()
    for method, path, body in (
        ("POST", "Patient", b'{"resourceType":"Patient","name":[' + many + b"]}"),
        ("POST", "Patient", b'{"resourceType":"Patient","contained":[' + many + b"]}"),
        ("POST", "Patient/$validate", b'{"resourceType":"Patient","name":[' + many + b"]}"),
        ("POST", "", b'{"resourceType":"Bundle","type":"batch","entry":[' + many + b"]}"),
        ("PATCH", "Patient/p", patches),
        ("POST", "Patient", b'{"resourceType":"Patient","name":[' + names + b"]}"),
        ("POST", "", bundle),
    ):
        refused = fhir(method, path, body)
        assert (refused.status, refused.body["issue"][0]["code"]) == (413, "too-costly")
    assert time.monotonic() - started < 20
    assert fhir.ids("Patient") == []
