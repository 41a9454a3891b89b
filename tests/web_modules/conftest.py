"""HL7's definitions, read once for all tests of the cloud, and a PostgreSQL for those that want one."""

from collections.abc import Iterator

import pytest

from tests.support.postgresql import postgresql_cluster, postgresql_programs
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


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The URL of a PostgreSQL of the tests' own, one for each process that runs tests."""
    programs = postgresql_programs()
    if programs is None:
        pytest.skip("needs PostgreSQL's programs (package postgresql)")
    with postgresql_cluster(programs, is_durable=False) as url:
        yield url
