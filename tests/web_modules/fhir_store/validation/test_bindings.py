"""Codes that FHIR R4 demands, where HL7's JSON Schema takes any."""

from typing import Any

import pytest

from web_modules.fhir_store.validation.validator import Validator

HL7 = "http://terminology.hl7.org/CodeSystem"
CONDITION = {"resourceType": "Condition", "subject": {"reference": "Patient/1"}}
ALLERGY = {"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/1"}}
ACTIVE = {"coding": [{"system": f"{HL7}/allergyintolerance-clinical", "code": "active"}]}
BASIC = {"resourceType": "Basic", "code": {"text": "x"}}


def coded(name: str, *codes: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{HL7}/{name}", "code": code} for code in codes]}


def problems(validator: Validator, resource: dict[str, Any]) -> list[tuple[str, str | None]]:
    found = validator.issues(resource, resource["resourceType"])
    return [(issue.code.value, issue.expression) for issue in found]


@pytest.mark.parametrize(
    ("resource", "name", "value"),
    [
        (CONDITION, "clinicalStatus", coded("condition-clinical", "bogus")),
        (CONDITION, "clinicalStatus", {"coding": [{"code": "active"}]}),
        (CONDITION, "clinicalStatus", {"coding": [{"system": "http://own", "code": "active"}]}),
        (CONDITION, "clinicalStatus", {"coding": [{"display": "Active"}], "text": "Active"}),
        (CONDITION, "verificationStatus", coded("condition-ver-status", "bogus")),
        (ALLERGY, "clinicalStatus", coded("allergyintolerance-clinical", "relapse")),
        (
            ALLERGY | {"clinicalStatus": ACTIVE},
            "verificationStatus",
            coded("condition-ver-status", "refuted"),
        ),
        ({"resourceType": "SupplyDelivery"}, "type", coded("supply-item-type", "food")),
    ],
)
def test_a_code_that_is_required_is_of_its_value_set(
    validator: Validator, resource: dict[str, Any], name: str, value: dict[str, Any]
) -> None:
    assert problems(validator, resource | {name: value}) == [
        ("code-invalid", f"{resource['resourceType']}.{name}")
    ]


@pytest.mark.parametrize(
    "value",
    [
        coded("condition-clinical", "relapse"),
        {"coding": [{"system": "http://own", "code": "x"}, *coded("condition-clinical", "active")["coding"]]},
        {"text": "active, said without a code"},
        {"extension": [{"url": "urn:x", "valueCode": "unknown"}]},
    ],
)
def test_one_coding_of_the_value_set_or_none_at_all_is_accepted(
    validator: Validator, value: dict[str, Any]
) -> None:
    assert problems(validator, CONDITION | {"clinicalStatus": value}) == []


def test_a_currency_has_three_letters_and_a_media_type_two_parts(validator: Validator) -> None:
    money = BASIC | {"extension": [{"url": "urn:x", "valueMoney": {"value": 1, "currency": "pounds"}}]}
    assert problems(validator, money) == [("code-invalid", "Basic.extension[0].valueMoney.currency")]
    binary = {"resourceType": "Binary", "contentType": "nonsense", "data": "aGk="}
    assert problems(validator, binary) == [("code-invalid", "Binary.contentType")]
    for accepted in ("text/plain; charset=utf-8", "application/hl7-v3+xml", "image/svg+xml"):
        assert problems(validator, binary | {"contentType": accepted}) == []
    letter = {"resourceType": "Patient", "photo": [{"contentType": "png", "data": "aGk="}]}
    assert problems(validator, letter) == [("code-invalid", "Patient.photo[0].contentType")]
