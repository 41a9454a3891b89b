"""Each hostile row of an extract is carried whole, held with its reason, or withheld; the others flow on."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from legacy_bridge.merge.visit import PARENT_ATTEMPTS
from tests.legacy_bridge.support.hostile_extract import Wanted, choose, deliver, write_small
from tests.legacy_bridge.support.hostile_rows import BULK, DELIVERIES, EXPECTED, seen, unexplained
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import PracticeDatabase
from web_modules.decision.decision import Standing
from web_modules.decision.words import Function, Stage
from web_modules.fhir_store.service import FhirService

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "extract"
MIRRORED: Mapping[Function, Standing] = {one: Standing(stage=Stage.MIRROR) for one in Function}


@pytest.fixture
def empty(legacy_url: str) -> Iterator[PracticeDatabase]:
    """A legacy database with its tables and no rows."""
    made = PracticeDatabase(legacy_url)
    yield made
    made.close()


@pytest.mark.parametrize(
    "write",
    [
        write_small,
        pytest.param(
            lambda folder: choose(SHARED, folder),
            marks=pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data/extract"),
        ),
    ],
    ids=["the small extract", "the extract of a practice"],
)
@pytest.mark.hazard("H10")
def test_every_hostile_row_becomes_what_it_is_to_become(
    empty: PracticeDatabase, fhir: FhirService, tmp_path: Path, write: Callable[[Path], Wanted]
) -> None:
    wanted = write(tmp_path / "extract")
    assert set(wanted) <= set(EXPECTED)
    deliver(empty, tmp_path / "extract", BULK)
    mirror = Mirror(empty, fhir, tmp_path, standings=MIRRORED)
    for delivery in DELIVERIES:
        if delivery != BULK:
            deliver(empty, tmp_path / "extract", delivery)
        _exhaust(mirror)
        due = {name: one for name, one in EXPECTED.items() if name in wanted and one.after == delivery}
        assert seen(mirror, wanted, delivery) == due
    assert unexplained(mirror, wanted) == set()
    mirror.stop()


def _exhaust(mirror: Mirror) -> None:
    """Look until a person would be told of what never comes."""
    mirror.drain()
    for _ in range(PARENT_ATTEMPTS):
        mirror.hasten()
        mirror.drain()
