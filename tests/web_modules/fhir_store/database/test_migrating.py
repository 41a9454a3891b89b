import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine, inspect, make_url, text

from tests.support.databases import Databases
from tests.web_modules.fhir_store.conftest import fresh_practice
from web_modules.errors import DatabaseUnavailable
from web_modules.fhir_store.database import migrating, tables
from web_modules.fhir_store.database.connecting import writing_engine
from web_modules.fhir_store.database.engine import Database
from web_modules.fhir_store.database.migrating import HEAD, Standing, standing_at, upgrade
from web_modules.fhir_store.store import Standard
from web_modules.identity.database import tables as identity_tables

TABLES = MetaData()
for _table in (*tables.METADATA.sorted_tables, *identity_tables.METADATA.sorted_tables):
    _table.to_metadata(TABLES)
WORKERS = 6
AMOUNTS = "SELECT practice, parameter, low, number, high, system, unit FROM search_quantity"
NAMES = "SELECT practice, parameter, folded, number, exact FROM search_string"


@pytest.fixture
def empty_url(database_url: str) -> str:
    """A database without tables: a file that is not there yet, or one on a server."""
    if database_url.startswith("sqlite"):
        return database_url
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return database_url


UNDONE = {
    "0007": "DROP TABLE subscription_secret",
    "0009": "DROP TABLE identity_sign_in",
    "0011": "ALTER TABLE practice DROP COLUMN restored",
}


def set_step(url: str, step: str) -> None:
    """Say that a database had another last step; what later steps make is not there then."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for undo in (undo for later, undo in UNDONE.items() if later > step):
            connection.execute(text(undo))
        connection.execute(text("UPDATE alembic_version SET version_num = :step"), {"step": step})
    engine.dispose()


def differences(url: str) -> list[Any]:
    """Between the tables of a database and what they should be, as Alembic sees them."""
    engine = create_engine(url)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        found: list[Any] = compare_metadata(context, TABLES)
    engine.dispose()
    return found


def test_migrations_from_empty_give_exactly_the_tables(empty_url: str) -> None:
    Database(empty_url).close()
    assert differences(empty_url) == []


def test_what_autogeneration_does_not_compare_is_the_same_too(tmp_path: Path) -> None:
    """Keys, collations and tables without row ids, as SQLite keeps them."""
    Database(f"sqlite:///{tmp_path / 'migrated.sqlite'}").close()
    engine = create_engine(f"sqlite:///{tmp_path / 'made.sqlite'}")
    TABLES.create_all(engine)
    engine.dispose()

    def schema(name: str) -> dict[str, str]:
        with sqlite3.connect(tmp_path / name) as connection:
            rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
        connection.close()
        return {one: " ".join(sql.split()) for one, sql in rows if not one.startswith(("sqlite_", "alembic"))}

    assert schema("migrated.sqlite") == schema("made.sqlite")


def test_keys_and_collations_are_the_same_on_postgresql(databases: Databases) -> None:
    def seen(url: str) -> dict[str, Any]:
        engine = create_engine(url)
        looked = inspect(engine)
        found = {
            name: (
                looked.get_pk_constraint(name)["constrained_columns"],
                [(one["name"], str(one["type"]), one["nullable"]) for one in looked.get_columns(name)],
                looked.get_foreign_keys(name),
            )
            for name in looked.get_table_names()
            if name != "alembic_version"
        }
        engine.dispose()
        return found

    with databases.fresh() as migrated, databases.fresh() as made:
        engine = create_engine(made)
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
            TABLES.create_all(connection)
        engine.dispose()
        assert seen(migrated) == seen(made)


def test_the_last_step_is_the_one_that_is_named_and_steps_are_numbered() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [HEAD]
    steps = sorted(one.revision for one in scripts.walk_revisions())
    assert steps == [f"{number:04}" for number in range(1, len(steps) + 1)]


def test_several_processes_may_open_an_empty_database_at_once(empty_url: str) -> None:
    together = threading.Barrier(WORKERS)
    failed: list[BaseException] = []

    def start() -> None:
        together.wait()
        try:
            Database(empty_url).close()
        except DatabaseUnavailable as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert standing_at(empty_url) == (Standing.CURRENT, HEAD)


def test_an_older_database_is_not_served_and_can_be_upgraded(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Database(database_url).close()
    ran: list[str] = []
    monkeypatch.setattr(migrating, "HEAD", "9999")
    monkeypatch.setattr(migrating, "run_steps", lambda _connection: ran.append("steps"))
    with pytest.raises(DatabaseUnavailable, match=r"earlier Banyan.*database upgrade"):
        Database(database_url)
    assert ran == []
    assert upgrade(database_url) == HEAD
    assert ran == ["steps"]


def test_every_step_from_the_first_on_leads_to_the_tables(empty_url: str) -> None:
    engine = writing_engine(make_url(empty_url))
    with engine.begin() as connection:
        migrating.run_steps(connection, "0001")
    engine.dispose()
    assert standing_at(empty_url) == (Standing.OLDER, "0001")
    assert upgrade(empty_url) == "0001"
    Database(empty_url).close()
    assert differences(empty_url) == []


def test_later_parts_of_names_are_drawn_for_the_people_who_are_there_already(
    database_url: str, standard: Standard
) -> None:
    people: dict[str, dict[str, Any]] = {
        "Patient": {"name": [{"family": "TEST-Smith", "given": ["Ada May", "Zoë"]}, {"family": "O'Neill"}]},
        "Practitioner": {"name": [{"family": "Morgan-Ashworth", "given": ["Jean-Luc"]}]},
        "RelatedPerson": {"name": [{"family": "van der Berg"}], "patient": {"display": "Bo"}},
    }
    with fresh_practice(database_url, standard) as fhir:
        for kind, content in people.items():
            assert fhir("POST", kind, {"resourceType": kind, **content}).status == 201
    engine = create_engine(database_url)
    with engine.begin() as connection:
        drawn = sorted(map(tuple, connection.execute(text(NAMES))))
        connection.execute(text("DELETE FROM search_string WHERE exact = ''"))
    engine.dispose()
    set_step(database_url, "0003")
    assert upgrade(database_url) == "0003"
    engine = create_engine(database_url)
    with engine.begin() as connection:
        assert sorted(map(tuple, connection.execute(text(NAMES)))) == drawn
    engine.dispose()
    assert len(drawn) > 20


def test_amounts_that_are_ranges_are_drawn_anew_for_what_is_there_already(
    database_url: str, standard: Standard
) -> None:
    def result(value: int, **more: Any) -> dict[str, Any]:
        return {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "x", "code": "crp"}]},
            "valueQuantity": {"value": value, "unit": "mg"} | more,
        }

    onset = {"resourceType": "Condition", "subject": {"display": "Bo"}}
    between = {"low": {"value": 4}, "high": {"value": 4}}
    with fresh_practice(database_url, standard) as fhir:
        for one in (result(5), result(5, comparator="<"), result(7, comparator=">"), result(9)):
            assert fhir("POST", "Observation", one).status == 201
        assert fhir("POST", "Condition", onset | {"onsetRange": between}).status == 201
    engine = create_engine(database_url)
    with engine.begin() as connection:
        drawn = sorted(map(tuple, connection.execute(text(AMOUNTS))))
        connection.execute(text("UPDATE search_quantity SET low = 5, high = 5 WHERE low <> high"))
        connection.execute(text("UPDATE search_quantity SET parameter = 1 WHERE low = 4"))
    engine.dispose()
    set_step(database_url, "0004")
    assert upgrade(database_url) == "0004"
    engine = create_engine(database_url)
    with engine.begin() as connection:
        assert sorted(map(tuple, connection.execute(text(AMOUNTS)))) == drawn
    engine.dispose()


def test_a_newer_database_is_left_alone(database_url: str) -> None:
    Database(database_url).close()
    set_step(database_url, "99999")
    for use in (Database, upgrade):
        with pytest.raises(DatabaseUnavailable, match="later Banyan"):
            use(database_url)


def test_tables_of_unknown_origin_are_left_alone(database_url: str) -> None:
    Database(database_url).close()
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    engine.dispose()
    with pytest.raises(DatabaseUnavailable, match="not made by a released Banyan"):
        Database(database_url)


def test_an_upgrade_that_fails_leaves_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = migrating.run_steps

    def fail(connection: Any) -> None:
        real(connection)
        raise OSError("the power went")

    monkeypatch.setattr(migrating, "run_steps", fail)
    with pytest.raises(DatabaseUnavailable, match="the power went"):
        upgrade(empty_url)
    assert standing_at(empty_url) == (Standing.EMPTY, "")


def test_asking_how_far_a_file_has_come_does_not_make_it(tmp_path: Path) -> None:
    assert standing_at(f"sqlite:///{tmp_path / 'none.sqlite'}") == (Standing.EMPTY, "")
    assert list(tmp_path.iterdir()) == []
