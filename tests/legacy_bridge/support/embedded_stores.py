"""The embedded store of one practice over SQLite or PostgreSQL."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from tests.legacy_bridge.support.small_practice import ODS
from tests.support.databases import Databases
from web_modules.fhir_store.database.engine import Database
from web_modules.fhir_store.interactions.practice_records import ServedPractice
from web_modules.fhir_store.service import FhirService
from web_modules.fhir_store.store import Standard, Store

STORES = ("sqlite", "postgresql")


@contextmanager
def store_over(request: pytest.FixtureRequest, folder: Path, standard: Standard) -> Iterator[FhirService]:
    """A store over the database that the fixture's parameter names."""
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'cloud.sqlite'}"
        if request.param == "postgresql":
            server = request.getfixturevalue("postgresql_url")
            made = Databases(server, lambda name: Database(name).close())
            url = stack.enter_context(stack.enter_context(closing(made)).fresh())
        store = stack.enter_context(closing(Store(url, standard)))
        store.open_practice(ODS, "reference")
        base = f"http://cloud.example/{ODS}/fhir"
        yield FhirService(store, ServedPractice(practice=ODS, base_url=base, description="a test"))
