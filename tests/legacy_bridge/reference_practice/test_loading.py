"""An extract is applied in the order of its processing ids, once or again, whole or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, select

from legacy_bridge.legacy.extract import ExtractUnreadable, files_of
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.reference_practice.loading import Loaded, load

AGREEMENT = "476EA44A-625D-4243-93FB-154628AF6534"
HERE = "{22C6FD43-D00A-4EF2-9F91-CA4E99A1F4F0}"
THERE = "{0027127B-15DE-41C1-84F8-CCD0654921AD}"
ANN = "{2C521E55-3670-4EFD-8CFC-A3B5BC32DE90}"
BOB = "{71C64732-ACF6-4487-9DAD-A934274F70C8}"
SHARED = Path(__file__).parents[4] / "shared" / "data" / "extract"


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = create_engine("sqlite://")
    METADATA.create_all(made)
    yield made
    made.dispose()


class Delivery:
    """A folder that is filled file by file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def patients(self, number: int, *rows: tuple[str, str, str, str, int]) -> "Delivery":
        """Write a file of (guid, organisation, surname, deleted, processing id)."""
        return self.file("Admin_Patient", number, "PatientGuid,OrganisationGuid,Surname,Deleted", *rows)

    def file(self, table: str, number: int, columns: str, *rows: tuple[object, ...]) -> "Delivery":
        lines = [f"{columns},ProcessingId", *(",".join(f'"{field}"' for field in row) for row in rows)]
        path = self.folder / f"{number}_{table}_20261113201500_{AGREEMENT}.csv"
        path.write_text("\r\n".join(lines) + "\r\n")
        return self

    def into(self, engine: Engine) -> Loaded:
        with engine.begin() as connection:
            return load(connection, files_of(self.folder).files, progress=lambda _: None)


def surnames(engine: Engine) -> dict[tuple[str, str], tuple[str | None, bool | None]]:
    table = METADATA.tables["Admin_Patient"]
    columns = (table.c.OrganisationGuid, table.c.PatientGuid, table.c.Surname, table.c.Deleted)
    with engine.connect() as connection:
        return {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(select(*columns))}


def test_the_higher_processing_id_stands_wherever_it_is(tmp_path: Path, engine: Engine) -> None:
    delivery = Delivery(tmp_path / "d")
    delivery.patients(1, (ANN, HERE, "Newest", "false", 40), (ANN, HERE, "Oldest", "false", 10))
    delivery.patients(20, (ANN, HERE, "Middle", "false", 20), (BOB, HERE, "Bob", "false", 21))
    loaded = delivery.into(engine)
    assert surnames(engine) == {(HERE, ANN): ("Newest", False), (HERE, BOB): ("Bob", False)}
    assert loaded.kept["Admin_Patient"] == 2
    assert len(loaded.notices) >= 2
    assert any("outdone by line 2" in notice and "ProcessingId 40" in notice for notice in loaded.notices)


def test_an_older_delivery_does_not_undo_a_newer_one(tmp_path: Path, engine: Engine) -> None:
    older = Delivery(tmp_path / "older").patients(1, (ANN, HERE, "Older", "false", 1))
    Delivery(tmp_path / "newer").patients(5, (ANN, HERE, "Newer", "false", 5)).into(engine)
    assert any("older than what the practice holds" in notice for notice in older.into(engine).notices)
    assert surnames(engine) == {(HERE, ANN): ("Newer", False)}


def test_a_delivery_applied_again_changes_nothing(tmp_path: Path, engine: Engine) -> None:
    delivery = Delivery(tmp_path / "d").patients(
        1, (ANN, HERE, "Ann", "false", 1), (BOB, HERE, "Bob", "true", 2)
    )
    delivery.into(engine)
    before = surnames(engine)
    delivery.into(engine)
    assert surnames(engine) == before == {(HERE, ANN): ("Ann", False)}


def test_a_tombstone_keeps_what_was_known_and_is_nothing_without_a_record(
    tmp_path: Path, engine: Engine
) -> None:
    Delivery(tmp_path / "1").patients(1, (ANN, HERE, "Ann", "false", 1)).into(engine)
    gone = Delivery(tmp_path / "2").patients(2, (ANN, HERE, "", "true", 2), (BOB, HERE, "", "true", 3))
    assert gone.into(engine).refusals == []
    assert surnames(engine) == {(HERE, ANN): ("Ann", True)}


def test_the_same_guid_in_two_organisations_is_two_people(tmp_path: Path, engine: Engine) -> None:
    Delivery(tmp_path / "d").patients(
        1, (ANN, HERE, "Ann", "false", 1), (ANN, THERE, "Another", "false", 2)
    ).into(engine)
    assert surnames(engine) == {(HERE, ANN): ("Ann", False), (THERE, ANN): ("Another", False)}


def test_a_row_without_its_key_is_refused_and_the_others_are_kept(tmp_path: Path, engine: Engine) -> None:
    loaded = (
        Delivery(tmp_path / "d")
        .patients(1, ("", HERE, "Nobody", "false", 1), (BOB, HERE, "Bob", "false", 2))
        .into(engine)
    )
    [refusal] = loaded.refusals
    assert (refusal.line, refusal.reason) == (2, "PatientGuid is empty, and it is part of the key")
    assert surnames(engine) == {(HERE, BOB): ("Bob", False)}


def test_a_column_that_is_not_sent_stays_as_it_is(tmp_path: Path, engine: Engine) -> None:
    Delivery(tmp_path / "1").patients(1, (ANN, HERE, "Ann", "false", 1)).into(engine)
    sent = Delivery(tmp_path / "2")
    sent.file("Admin_Patient", 2, "PatientGuid,OrganisationGuid,Deleted", (ANN, HERE, "false", 2))
    sent.into(engine)
    assert surnames(engine) == {(HERE, ANN): ("Ann", False)}


def test_code_tables_are_replaced_whole(tmp_path: Path, engine: Engine) -> None:
    Delivery(tmp_path / "1").file("Coding_DrugCode", 1, "CodeId,Term", (1, "a", 1), (2, "b", 2)).into(engine)
    Delivery(tmp_path / "2").file("Coding_DrugCode", 3, "CodeId,Term", (2, "b2", 3)).into(engine)
    table = METADATA.tables["Coding_DrugCode"]
    with engine.connect() as connection:
        found = connection.execute(select(table.c.CodeId, table.c.Term)).all()
    assert [tuple(row) for row in found] == [(2, "b2")]


def test_a_file_that_cannot_be_read_leaves_nothing_of_the_others(tmp_path: Path, engine: Engine) -> None:
    delivery = Delivery(tmp_path / "d").patients(1, (ANN, HERE, "Ann", "false", 1))
    (delivery.folder / f"2_Coding_DrugCode_20261113201500_{AGREEMENT}.csv").write_text("")
    with pytest.raises(ExtractUnreadable):
        delivery.into(engine)
    assert surnames(engine) == {}


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_every_row_of_a_real_extract_is_in_or_reported(engine: Engine) -> None:
    with engine.begin() as connection:
        loaded = load(connection, files_of(SHARED / "bulk").files, progress=lambda _: None)
    assert loaded.kept.total() + len(loaded.refusals) == 40_236
    assert loaded.refusals == []
    values = METADATA.tables["CareRecord_Observation"]
    with engine.connect() as connection:
        found = connection.execute(
            select(values.c.Value).where(values.c.ObservationGuid == "{69DE8097-025B-426D-BB70-D1CD8A70C95A}")
        )
        assert str(found.scalar_one()) == "0.5600000024"
