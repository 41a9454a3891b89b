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
ORGANIZATION = {"resourceType": "Organization", "id": "o", "name": "O"}
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
    ({"photo": [{"contentType": "image/png", "data": "!!!"}]}, "Patient.photo[0].data", "not base64"),
    ({"photo": [{"contentType": "image/png", "data": "YQ"}]}, "Patient.photo[0].data", "not base64"),
    ({"extension": [{"url": "x"}]}, "Patient.extension[0]", "either a value or further extensions"),
    ({"extension": [{"url": "x", "valueCode": "y", "extension": [{"url": "z", "valueCode": "y"}]}]},
     "Patient.extension[0]", "either a value or further extensions"),
    ({"text": {"status": "generated", "div": "<div>x</div>"}}, "Patient.text.div", "narrative"),
    ({"contact": [{"gender": "male"}]}, "Patient.contact[0]", "needs a name"),
    ({"name": [{"period": {"start": "2024-02", "end": "2024-01"}}]}, "Patient.name[0].period", "before it"),
    ({"contained": [ORGANIZATION]}, "Patient.contained[0]", "Nothing refers"),
    ({"contained": [ORGANIZATION | {"contained": [ORGANIZATION]}]},
     "Patient.contained[0]", "must not contain another"),
    ({"deceasedBoolean": True, "_deceasedDateTime": {"id": "x"}}, "Patient", "Only one of"),
    ({"extension": [{"url": "x", "valueString": "y", "_valueCode": {"id": "x"}}]},
     "Patient.extension[0]", "Only one of"),
    ({"extension": [{"url": "x", "_valueString": {"id": "x"}, "_valueCode": {"id": "x"}}]},
     "Patient.extension[0]", "Only one of"),
    ({"name": [{"text": "x" * 1_048_577}]}, "Patient.name[0].text", "longer than"),
    ({"extension": [{"url": "x", "valueString": "x" * 1_048_577}]},
     "Patient.extension[0].valueString", "longer than"),
    ({"contained": [ORGANIZATION, ORGANIZATION], "managingOrganization": {"reference": "#o"}},
     "Patient.contained[1]", "has this id"),
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
    {"photo": [{"contentType": "image/png", "data": "YWJj\n YQ=="}]},
    {"extension": [{"url": "x", "_valueCode": {"extension": [{"url": "y", "valueCode": "z"}]}}]},
    {"name": [{"period": {"start": "2024-01-31T10:00:00Z", "end": "2024-01-31"}}]},
    {"contained": [ORGANIZATION], "managingOrganization": {"reference": "#o"}},
    {"contained": [{"resourceType": "Provenance", "id": "p", "target": [{"reference": "#"}], "agent": [
        {"who": {"display": "x"}}], "recorded": "2024-01-31T10:00:00Z"}]},
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


PRACTITIONER = {"resourceType": "Practitioner", "id": "c"}
WRONGLY_POINTED = [
    ({"reference": "Practitioner/1"}, "reference", "to Practitioner is not"),
    ({"reference": "https://cloud.example/fhir/Practitioner/1"}, "reference", "to Practitioner is not"),
    ({"reference": "http://x.example/Practitioner/1/_history/2"}, "reference", "to Practitioner is not"),
    ({"reference": "Practitioner?identifier=x|1"}, "reference", "to Practitioner is not"),
    ({"type": "Practitioner", "display": "x"}, "type", "to Practitioner is not"),
    ({"type": "http://hl7.org/fhir/StructureDefinition/Practitioner"}, "type", "to Practitioner is not"),
    ({"reference": "#c"}, "reference", "to Practitioner is not"),
    ({"reference": "#d"}, "reference", "No contained resource"),
    ({"reference": "#"}, "reference", "to Observation is not allowed"),
    ({"reference": "Foo/1"}, "reference", "no resource type"),
    ({"reference": "not a ref"}, "reference", "not a reference"),
    ({"reference": "Patient/a_b"}, "reference", "not a reference"),
    ({"reference": "Patient/1", "type": "Group"}, "type", "to a Patient"),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "at", "words"), WRONGLY_POINTED)
def test_a_reference_points_to_a_type_that_is_allowed_there(
    validator: Validator, subject: dict[str, Any], at: str, words: str
) -> None:
    refused = refusal(
        validator,
        {
            "resourceType": "Observation",
            "contained": [PRACTITIONER],
            "performer": [{"reference": "#c"}],
            "status": "final",
            "code": {"text": "x"},
            "subject": subject,
        },
    )
    assert refused.issues[0].expression == f"Observation.subject.{at}"
    assert words in refused.issues[0].words


@pytest.mark.parametrize("address", ["urn:uuid:p", "Practitioner/p"])
def test_a_reference_to_another_entry_points_to_a_type_that_is_allowed_there(
    validator: Validator, address: str
) -> None:
    def bundle(kind: str) -> dict[str, Any]:
        observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
        full_url = address if ":" in address else f"http://x.example/{address}"
        return {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [
                {"resource": observation | {"subject": {"reference": address}}},
                {"fullUrl": full_url, "resource": {"resourceType": kind}},
            ],
        }

    refused = refusal(validator, bundle("Practitioner"))
    assert refused.issues[0].expression == "Bundle.entry[0].resource.subject.reference"
    if ":" in address:
        validator.check(bundle("Patient"))


def test_a_contained_resource_points_to_its_fellows_and_to_what_holds_it(validator: Validator) -> None:
    role = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "#c"}}
    holder = {"resourceType": "Patient", "generalPractitioner": [{"reference": "#r"}]}
    validator.check({**holder, "contained": [role, PRACTITIONER]})
    wrong = {**role, "practitioner": {"reference": "#"}}
    refused = refusal(validator, {**holder, "contained": [wrong]})
    assert refused.issues[0].expression == "Patient.contained[0].practitioner.reference"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b'{"resourceType":5}',
        b'{"resourceType":"Zork"}',
        b"{",
        b'{"resourceType":"Patient","active":true,"active":false}',
    ],
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
