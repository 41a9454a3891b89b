"""A small practice, an embedded store in this process, and the bridge between them."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.legacy_bridge.support.legacy_databases import LegacyDatabases, LegacyKind
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import ODS, SmallPractice
from web_modules.fhir_store.definitions import load_definitions
from web_modules.fhir_store.elements.model import ElementModel
from web_modules.fhir_store.elements.parameters import ParameterCatalogue
from web_modules.fhir_store.interactions.practice_records import ServedPractice
from web_modules.fhir_store.service import FhirService
from web_modules.fhir_store.store import Standard, Store
from web_modules.fhir_store.validation.validator import Validator


@pytest.fixture(scope="session")
def standard() -> Standard:
    """HL7's definitions, read once."""
    definitions = load_definitions()
    model = ElementModel(definitions)
    return Standard(
        catalogue=ParameterCatalogue(definitions, model),
        validator=Validator(definitions, model),
        compartment=definitions.patient_compartment,
    )


@pytest.fixture(scope="session")
def legacy_databases(request: pytest.FixtureRequest) -> Iterator[LegacyDatabases]:
    """Makes legacy databases of each kind."""
    with closing(LegacyDatabases(lambda: str(request.getfixturevalue("postgresql_url")))) as made:
        yield made


@pytest.fixture
def legacy_kind() -> LegacyKind:
    """Which legacy database the test runs on; a module may name its own, or several."""
    return LegacyKind.SQLITE


@pytest.fixture
def legacy_url(legacy_kind: LegacyKind, legacy_databases: LegacyDatabases, tmp_path: Path) -> Iterator[str]:
    """A legacy database with its tables."""
    with legacy_databases.fresh(legacy_kind, tmp_path) as url:
        yield url


@pytest.fixture
def practice(legacy_url: str) -> Iterator[SmallPractice]:
    """A practice of a handful of rows."""
    made = SmallPractice(legacy_url)
    yield made
    made.close()


@pytest.fixture
def fhir(tmp_path: Path, standard: Standard) -> Iterator[FhirService]:
    """The embedded store of one practice, in this process."""
    store = Store(f"sqlite:///{tmp_path / 'cloud.sqlite'}", standard)
    store.open_practice(ODS, "reference")
    yield FhirService(
        store,
        ServedPractice(practice=ODS, base_url=f"http://cloud.example/{ODS}/fhir", description="a test"),
    )
    store.close()


@pytest.fixture
def mirror(practice: SmallPractice, fhir: FhirService, tmp_path: Path) -> Iterator[Mirror]:
    """A bridge that has carried everything once."""
    made = Mirror(practice, fhir, tmp_path)
    made.drain()
    yield made
    made.stop()
