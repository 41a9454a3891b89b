import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from web_modules.fhir_store.documents import encode
from web_modules.fhir_store.refusals import Refusal
from web_modules.fhir_store.validation.validator import Validator

NHS = "https://fhir.nhs.uk/Id/nhs-number"
UKCORE = Path(__file__).parents[4].parent / "shared" / "data" / "ukcore"


def refusal(validator: Validator, resource: dict[str, Any]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        validator.check(validator.parse(encode(resource)))
    return caught.value


REFUSED = [
    ({"name": []}, "Patient.name", "must not be empty"),
    ({"name": [{}]}, "Patient.name[0]", "must not be empty"),
    ({"name": [{"family": ""}]}, "Patient.name[0].family", "empty"),
    ({"name": [{"given": ["a", None]}]}, "Patient.name[0].given[1]", "missing"),
    ({"name": [{"given": [5]}]}, "Patient.name[0].given[0]", "not a value of the type"),
    ({"name": {"family": "A"}}, "Patient.name", "must be a list"),
    ({"name": [{"family": "a\u0000b"}]}, "Patient.name[0].family", "control character"),
    ({"name": [{"family": "a\u0007b"}]}, "Patient.name[0].family", "control character"),
    ({"gender": "m"}, "Patient.gender", "male, female, other, unknown"),
    ({"active": "true"}, "Patient.active", "true or false"),
    ({"birthDate": "2023-02-30"}, "Patient.birthDate", "no such day"),
    ({"birthDate": "30/01/2023"}, "Patient.birthDate", "not a FHIR date"),
    ({"wrong": 1}, "Patient", "`wrong`"),
    ({"meta": {"project": "x"}}, "Patient.meta", "`project`"),
    ({"multipleBirthInteger": 1.5}, "Patient.multipleBirthInteger", "whole number"),
    ({"deceasedBoolean": True, "deceasedDateTime": "2020"}, "Patient", "Only one of"),
    ({"managingOrganization": {"reference": "Patient/1"}}, "Patient.managingOrganization.reference", "only"),
    ({"contained": [{"resourceType": "Zork"}]}, "Patient.contained[0]", "resourceType"),
    ({"contained": [{"resourceType": "Patient", "gender": "m"}]}, "Patient.contained[0].gender", "male"),
    ({"identifier": [{"system": NHS, "value": "9990000019"}]}, "Patient.identifier[0].value", "NHS number"),
    ({"identifier": [{"system": NHS, "value": "999 000 0018"}]}, "Patient.identifier[0].value", "NHS number"),
    ({"id": "no spaces"}, "Patient.id", "FHIR id"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "expression", "words"), REFUSED)
def test_what_is_wrong_is_refused_with_its_place_and_plain_words(
    validator: Validator, content: dict[str, Any], expression: str, words: str
) -> None:
    refused = refusal(validator, {"resourceType": "Patient", **content})
    assert refused.status == 422
    assert refused.issues[0].expression == expression
    assert words in refused.issues[0].words


def test_a_required_primitive_is_missed(validator: Validator) -> None:
    refused = refusal(validator, {"resourceType": "Observation", "code": {"text": "x"}})
    assert "`status` is required" in refused.issues[0].words


def test_a_required_primitive_may_be_told_by_an_extension_instead(validator: Validator) -> None:
    absent = {
        "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
        ]
    }
    validator.check({"resourceType": "Observation", "code": {"text": "x"}, "_status": absent})


def test_a_refusal_never_repeats_what_the_record_says(validator: Validator) -> None:
    refused = refusal(
        validator, {"resourceType": "Patient", "gender": "SECRET", "birthDate": "SECRET", "name": "SECRET"}
    )
    assert len(refused.issues) == 3
    assert "SECRET" not in str([issue.words for issue in refused.issues])


ACCEPTED = [
    {"name": [{"family": "no-break\u00a0space "}]},
    {"name": [{"family": "tab\tline\nreturn\r"}]},
    {"name": [{"given": ["a", None], "_given": [None, {"extension": [{"url": "x", "valueString": "y"}]}]}]},
    {"identifier": [{"system": NHS, "value": "9990000018"}]},
    {"identifier": [{"system": "https://elsewhere.example", "value": "9990000019"}]},
    {"generalPractitioner": [{"identifier": {"value": "x"}}, {"reference": "urn:uuid:x"}]},
    {"birthDate": "2024-02-29"},
    {"_birthDate": {"extension": [{"url": "x", "valueString": "y"}]}},
]  # fmt: skip


@pytest.mark.parametrize("content", ACCEPTED)
def test_what_fhir_allows_is_accepted(validator: Validator, content: dict[str, Any]) -> None:
    resource = {"resourceType": "Patient", **content}
    validator.check(validator.parse(encode(resource)))


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", b'{"resourceType":5}', b'{"resourceType":"Zork"}', b"{"]
)
def test_what_is_no_resource_is_a_bad_request(validator: Validator, body: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        validator.parse(body)
    assert caught.value.status == 400


@pytest.mark.skipif(not UKCORE.is_dir(), reason="needs ../shared/data/ukcore")
def test_every_example_of_uk_core_is_accepted(validator: Validator) -> None:
    for file in sorted(UKCORE.glob("*.json")):
        resource = validator.parse(file.read_bytes())
        assert validator.issues(resource, resource["resourceType"]) == [], file.name


NAMES = "name given _given extension url contained resourceType reference entry parameter part resource start"
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    LEAVES | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES.split()), inner, max_size=4)
    ),
    max_leaves=15,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["Patient", "Bundle", "Parameters", "Observation"]), JSON)
def test_whatever_is_sent_is_accepted_or_refused(validator: Validator, kind: str, content: Any) -> None:
    fields = content if isinstance(content, dict) else {"name": content}
    body = json.dumps({**fields, "resourceType": kind}).encode()
    status = 200
    try:
        validator.check(validator.parse(body))
    except Refusal as refused:
        status = refused.status
    assert status in {200, 400, 422}
