"""Distribution over several machines, with functions in the place of Citus's that note the calls."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine
from typer.testing import CliRunner

from tests.support.databases import Databases
from web_modules.__main__ import app
from web_modules.errors import DatabaseUnavailable
from web_modules.fhir_store.database import tables
from web_modules.fhir_store.database.distributing import distribute
from web_modules.identity.database import tables as identity_tables

NAMES = [*tables.METADATA.tables, *identity_tables.METADATA.tables]

_CITUS = """
CREATE TABLE pg_dist_partition (logicalrelid regclass, beside text);
CREATE FUNCTION create_distributed_table(name text, of text, colocate_with text) RETURNS void AS
  $$ INSERT INTO pg_dist_partition VALUES (name::regclass, colocate_with) $$ LANGUAGE sql;
CREATE FUNCTION create_reference_table(name text) RETURNS void AS
  $$ INSERT INTO pg_dist_partition VALUES (name::regclass, 'everywhere') $$ LANGUAGE sql;
"""


def spread(url: str) -> dict[str, str]:
    """What lies beside what."""
    engine = create_engine(url)
    with engine.connect() as connection:
        asked = "SELECT logicalrelid::text, beside FROM pg_dist_partition"
        found = {row[0]: row[1] for row in connection.exec_driver_sql(asked)}
    engine.dispose()
    return found


def test_every_table_is_spread_beside_its_practice(databases: Databases) -> None:
    with databases.fresh() as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql(_CITUS)
        engine.dispose()
        assert set(distribute(url, NAMES)) == set(NAMES)
        others = {name: "practice" for name in NAMES if name != "practice"}
        assert spread(url) == others | {"practice": "default", "alembic_version": "everywhere"}
        assert distribute(url, NAMES) == []
        done = CliRunner().invoke(app, ["database", "distribute", "--database", url])
        assert (done.exit_code, done.output) == (0, "Every table is distributed by practice.\n")


def test_a_server_without_citus_is_told_in_one_sentence(databases: Databases) -> None:
    with databases.fresh() as url:
        done = CliRunner().invoke(app, ["database", "distribute", "--database", url])
    assert done.exit_code == 1
    assert "has not Citus" in done.output
    assert len(done.output.strip().splitlines()) == 1


def test_a_file_cannot_be_distributed(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="is a file"):
        distribute(f"sqlite:///{tmp_path / 'cloud.sqlite'}", NAMES)
