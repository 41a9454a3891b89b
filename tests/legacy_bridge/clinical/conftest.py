"""A bridge between a small clinical record and the embedded store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.legacy_bridge.support.clinical import add_record, clinical_stages
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import SmallPractice
from web_modules.fhir_store.service import FhirService


@pytest.fixture
def mirror(practice: SmallPractice, fhir: FhirService, tmp_path: Path) -> Iterator[Mirror]:
    """A bridge that has carried a small clinical record once."""
    add_record(practice)
    made = Mirror(practice, fhir, tmp_path, standings=clinical_stages())
    made.drain()
    yield made
    made.stop()
