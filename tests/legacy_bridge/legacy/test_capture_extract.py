"""The deliveries of an extract are loaded in order, each once and whole, into a copy of the bridge's own."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from legacy_bridge.commands.legacy_side import open_legacy
from legacy_bridge.errors import MirrorStopped, SettingsWrong
from legacy_bridge.legacy.capture.interface import Capture
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.settings import BridgeSettings, CaptureWay
from tests.legacy_bridge.support.hostile_extract import write_small
from tests.legacy_bridge.support.hostile_rows import BULK


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """A whole extract of which only the bulk has been delivered yet."""
    write_small(tmp_path / "later")
    (tmp_path / "extract").mkdir()
    (tmp_path / "later" / BULK).rename(tmp_path / "extract" / BULK)
    return tmp_path / "later"


@pytest.fixture
def settings(tmp_path: Path, later: Path) -> BridgeSettings:
    return BridgeSettings(
        practice="Y99001",
        legacy=f"extract:{tmp_path / 'extract'}",
        fhir="",
        flags=Path(),
        journal=str(tmp_path / "journal"),
    )


@pytest.fixture
def opened(settings: BridgeSettings) -> Iterator[tuple[Engine, Capture]]:
    engine, capture = open_legacy(settings)
    yield engine, capture
    capture.close()
    engine.dispose()


def _patients(engine: Engine) -> int:
    with engine.connect() as connection:
        return len(connection.execute(select(METADATA.tables["Admin_Patient"].c.PatientGuid)).all())


def test_the_bulk_is_there_at_once_in_a_copy_that_others_cannot_read(
    opened: tuple[Engine, Capture], tmp_path: Path
) -> None:
    assert _patients(opened[0]) > 0
    assert (tmp_path / "journal.extract").stat().st_mode & 0o077 == 0


def test_a_delivery_is_told_when_two_looks_find_it_the_same(
    opened: tuple[Engine, Capture], tmp_path: Path, later: Path
) -> None:
    _, capture = opened
    checkpoint = capture.poll(None).checkpoint
    delivery = "delta-002"
    shutil.copytree(later / delivery, tmp_path / "extract" / delivery)
    late = sorted((tmp_path / "extract" / delivery).iterdir())[-1]
    content = late.read_bytes()
    late.write_bytes(content[: len(content) // 2])
    assert capture.poll(checkpoint).touched == ()
    late.write_bytes(content)
    assert capture.poll(checkpoint).touched == ()
    batch = capture.poll(checkpoint)
    assert batch.touched
    assert not batch.has_gap
    assert capture.poll(batch.checkpoint).touched == ()


def test_a_bridge_that_starts_again_loads_nothing_twice(
    opened: tuple[Engine, Capture], settings: BridgeSettings
) -> None:
    checkpoint = opened[1].poll(None).checkpoint
    engine, again = open_legacy(settings)
    assert again.poll(checkpoint).touched == ()
    again.close()
    engine.dispose()


def test_a_delivery_that_cannot_be_read_stops_the_mirror_and_is_loaded_once_it_is_right(
    opened: tuple[Engine, Capture], tmp_path: Path, later: Path
) -> None:
    _, capture = opened
    checkpoint = capture.poll(None).checkpoint
    delivery = "delta-002"
    shutil.copytree(later / delivery, tmp_path / "extract" / delivery)
    one = sorted((tmp_path / "extract" / delivery).iterdir())[-1]
    content = one.read_bytes()
    one.write_bytes(b"")
    capture.poll(checkpoint)
    with pytest.raises(MirrorStopped, match=rf"^The delivery {delivery} cannot be loaded\. .* is empty"):
        capture.poll(checkpoint)
    one.write_bytes(content)
    capture.poll(checkpoint)
    assert capture.poll(checkpoint).touched


def test_what_is_no_folder_no_file_or_no_capture_of_an_extract_is_said(settings: BridgeSettings) -> None:
    with pytest.raises(SettingsWrong, match="There is no folder"):
        open_legacy(replace(settings, legacy="extract:/nowhere"))
    with pytest.raises(SettingsWrong, match="beside the journal"):
        open_legacy(replace(settings, journal="postgresql+psycopg://x/y"))
    with pytest.raises(SettingsWrong, match="leave the setting capture at auto"):
        open_legacy(replace(settings, capture=CaptureWay.SNAPSHOT))
