"""HL7's definitions, read once for all tests of the cloud."""

import pytest

from web_modules.fhir_store.definitions import Definitions, load_definitions
from web_modules.fhir_store.elements.model import ElementModel
from web_modules.fhir_store.elements.parameters import ParameterCatalogue
from web_modules.fhir_store.store import Standard
from web_modules.fhir_store.validation.validator import Validator


@pytest.fixture(scope="session")
def definitions() -> Definitions:
    """HL7's definitions."""
    return load_definitions()


@pytest.fixture(scope="session")
def model(definitions: Definitions) -> ElementModel:
    """The elements of every type."""
    return ElementModel(definitions)


@pytest.fixture(scope="session")
def catalogue(definitions: Definitions, model: ElementModel) -> ParameterCatalogue:
    """The search parameters of every type."""
    return ParameterCatalogue(definitions, model)


@pytest.fixture(scope="session")
def validator(definitions: Definitions, model: ElementModel) -> Validator:
    """What is refused at the door."""
    return Validator(definitions, model)


@pytest.fixture(scope="session")
def standard(definitions: Definitions, catalogue: ParameterCatalogue, validator: Validator) -> Standard:
    """What a store works with."""
    return Standard(catalogue=catalogue, validator=validator, compartment=definitions.patient_compartment)
