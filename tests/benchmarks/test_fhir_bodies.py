"""What is measured has to be what a practice stores: valid, with numbers that are nobody else's."""

import pytest
from nhs_number import validate

from tests.benchmarks.fhir_bodies import (
    Resource,
    as_bytes,
    batch,
    known_families,
    known_family,
    nhs_number,
    registrations,
)
from web_modules.fhir_store.definitions import load_definitions
from web_modules.fhir_store.elements.model import ElementModel
from web_modules.fhir_store.validation.validator import Validator


@pytest.fixture(scope="module")
def validator() -> Validator:
    """What our server refuses by."""
    definitions = load_definitions()
    return Validator(definitions, ElementModel(definitions))


def test_every_nhs_number_is_valid_and_given_once() -> None:
    numbers = [nhs_number(number) for number in range(5000)]
    assert all(validate.is_valid(number) for number in numbers)
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize(
    "bundle", [known_families(range(30)), registrations(range(30)), batch(range(60), "Patient/known-0")]
)
def test_bodies_are_valid(bundle: Resource, validator: Validator) -> None:
    validator.check(bundle)
    for entry in bundle["entry"]:
        validator.check(entry["resource"])


def test_the_same_number_makes_the_same_body() -> None:
    assert as_bytes(registrations([7])) == as_bytes(registrations([7]))


def test_an_update_changes_what_it_updates() -> None:
    before, after = known_family(7), known_family(7, change=1)
    assert [one["id"] for one in before] == [one["id"] for one in after]
    assert all(one != other for one, other in zip(before, after, strict=True))
