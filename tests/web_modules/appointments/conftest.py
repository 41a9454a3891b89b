"""A cloud with a book in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.module_web import ModuleWeb, module_web
from tests.web_modules.appointments.practice import Practice
from web_modules.fhir_store.store import Standard


@pytest.fixture
def web(tmp_path: Path, standard: Standard) -> Iterator[ModuleWeb]:
    """The modules, with Dawn Hartley signed in, on 17-Nov-2026."""
    with module_web(tmp_path, standard) as made:
        yield made


@pytest.fixture
def practice(web: ModuleWeb) -> Practice:
    """Makes its records."""
    return Practice(web.fhir)


@pytest.fixture
def session(practice: Practice) -> str:
    """A session of Dr Priya Nair's: the id of its Schedule."""
    return practice.schedule(practice.clinician("Dr", "Priya", "Nair", "GP"))
