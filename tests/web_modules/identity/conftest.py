"""Databases for identity: SQLite always, PostgreSQL where its programs are."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from web_modules.fhir_store.database.engine import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An open database."""
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'cloud.sqlite'}" if is_sqlite else request.getfixturevalue("postgresql_url")
    made = Database(url)
    yield made
    made.close()
