from typing import Any

import pytest

from web_modules.fhir_store.elements.model import ElementModel
from web_modules.fhir_store.elements.paths import PathError, compile_path

APPOINTMENT = {
    "resourceType": "Appointment",
    "participant": [
        {"actor": {"reference": "Patient/1"}},
        {"actor": {"reference": "http://elsewhere.example/fhir/Practitioner/2/_history/1"}},
        {"actor": {"display": "a room", "type": "Location"}},
    ],
}


def values(model: ElementModel, expression: str, resource: dict[str, Any]) -> list[Any]:
    routes = compile_path(expression, resource["resourceType"], model)
    return [value for route in routes for value in route.values(resource)]


def test_lists_on_the_way_are_followed_and_gaps_left_out(model: ElementModel) -> None:
    patient = {
        "resourceType": "Patient",
        "name": [{"given": ["Ada", None]}, {"family": "X"}, {"given": ["B"]}],
    }
    assert values(model, "Patient.name.given", patient) == ["Ada", "B"]


@pytest.mark.parametrize(
    ("kind", "count"), [("Patient", 1), ("Practitioner", 1), ("Location", 1), ("Device", 0)]
)
def test_references_are_told_apart_by_their_type(model: ElementModel, kind: str, count: int) -> None:
    found = values(model, f"Appointment.participant.actor.where(resolve() is {kind})", APPOINTMENT)
    assert len(found) == count


def test_a_choice_is_narrowed_to_one_type(model: ElementModel) -> None:
    observation = {"resourceType": "Observation", "valueQuantity": {"value": 1}}
    for expression in ("(Observation.value as Quantity)", "Observation.value.as(Quantity)"):
        (route,) = compile_path(expression, "Observation", model)
        assert route.type == "Quantity"
        assert list(route.values(observation)) == [{"value": 1}]
    assert values(model, "(Observation.value as CodeableConcept).text", observation) == []


def test_only_the_own_type_of_a_union_is_followed(model: ElementModel) -> None:
    routes = compile_path("Patient.birthDate | Person.birthDate | RelatedPerson.birthDate", "Patient", model)
    assert [route.steps[0].key for route in routes] == ["birthDate"]
    assert compile_path("Person.birthDate", "Patient", model) == ()


@pytest.mark.parametrize(
    ("patient", "is_deceased"),
    [
        ({}, False),
        ({"deceasedBoolean": False}, False),
        ({"deceasedBoolean": True}, True),
        ({"deceasedDateTime": "2020"}, True),
    ],
)
def test_deceased_is_a_test_and_not_a_value(
    model: ElementModel, patient: dict[str, Any], is_deceased: bool
) -> None:
    expression = "Patient.deceased.exists() and Patient.deceased != false"
    assert values(model, expression, {"resourceType": "Patient", **patient}) == [is_deceased]


@pytest.mark.parametrize(
    "expression",
    [
        "Patient.nonsense",
        "Patient.name.first()",
        "Patient.name[0]",
        "Patient.",
        "Patient.where(a>1)",
        "(Patient.name",
    ],
)
def test_what_is_not_understood_is_said_so(model: ElementModel, expression: str) -> None:
    with pytest.raises(PathError):
        compile_path(expression, "Patient", model)
