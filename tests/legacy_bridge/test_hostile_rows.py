"""Each hostile row of an extract is carried whole, held with its reason, or withheld; the others flow on."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from legacy_bridge.merge.visit import PARENT_ATTEMPTS
from legacy_bridge.parity import Stand
from legacy_bridge.records import Kind
from tests.legacy_bridge.support.hostile_extract import Wanted, choose, deliver, named_in, write_small
from tests.legacy_bridge.support.hostile_rows import BULK, DELIVERIES, EXPECTED, seen, unexplained
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import PracticeDatabase
from web_modules.decision.decision import Standing
from web_modules.decision.words import Function, Stage
from web_modules.fhir_store.service import FhirService

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "extract"
MIRRORED: Mapping[Function, Standing] = {one: Standing(stage=Stage.MIRROR) for one in Function}
NAME_A_DELETED_PROBLEM = {
    ("medication/9ae74add-c53b-4537-ab34-e837db64c1b0", "carried-without"),
    ("issue/13a788f3-7041-40b4-896f-90cfed595ffe", "carried-without"),
}
"""A drug and its issue of the whole extract: their problem is deleted in delta 3 and they name it still. They
are carried, and a person is told."""
needs_extract = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data/extract")


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
        pytest.param(lambda folder: choose(SHARED, folder), marks=needs_extract),
    ],
    ids=["the small extract", "the extract of a practice"],
)
@pytest.mark.hazard("H10")
def test_every_hostile_row_becomes_what_it_is_to_become(
    empty: PracticeDatabase, fhir: FhirService, tmp_path: Path, write: Callable[[Path], Wanted]
) -> None:
    wanted = write(tmp_path / "extract")
    assert set(wanted) <= set(EXPECTED)
    mirror = _delivered(empty, fhir, tmp_path, tmp_path / "extract", wanted)
    assert unexplained(mirror, wanted) == set()
    assert mirror.differing() == []
    mirror.stop()


@needs_extract
@pytest.mark.soak
@pytest.mark.hazard("H10")
def test_the_whole_extract_ends_equal_and_all_that_is_listed_is_explained(
    empty: PracticeDatabase, fhir: FhirService, tmp_path: Path
) -> None:
    wanted = named_in(SHARED)
    mirror = _delivered(empty, fhir, tmp_path, SHARED, wanted)
    assert unexplained(mirror, wanted) == NAME_A_DELETED_PROBLEM
    comparison, matched = mirror._comparison(), Counter[Function]()
    for kind in Kind:
        found = comparison.count(kind)
        assert (found.percent, found.unequal) == (100.0, []), kind
        matched[kind.function] += found.counts[Stand.MATCHED]
    assert min(matched[one.function] for one in Kind) > 0
    assert mirror.journal.audit_faults(()) == []
    mirror.stop()


@needs_extract
@pytest.mark.soak
def test_the_extract_ends_the_same_when_all_deliveries_came_before_the_bridge(
    empty: PracticeDatabase, fhir: FhirService, tmp_path: Path
) -> None:
    for delivery in DELIVERIES:
        deliver(empty, SHARED, delivery)
    mirror = Mirror(empty, fhir, tmp_path, standings=MIRRORED)
    _exhaust(mirror)
    assert unexplained(mirror, named_in(SHARED)) == NAME_A_DELETED_PROBLEM
    assert mirror.differing() == []
    mirror.stop()


def _delivered(
    empty: PracticeDatabase, fhir: FhirService, folder: Path, extract: Path, wanted: Wanted
) -> Mirror:
    """The bridge after all deliveries; after each the rows that are due were looked at."""
    deliver(empty, extract, BULK)
    mirror = Mirror(empty, fhir, folder, standings=MIRRORED)
    for delivery in DELIVERIES:
        if delivery != BULK:
            deliver(empty, extract, delivery)
        _exhaust(mirror)
        due = {name: one for name, one in EXPECTED.items() if name in wanted and one.after == delivery}
        assert seen(mirror, wanted, delivery) == due
    return mirror


def _exhaust(mirror: Mirror) -> None:
    """Look until a person would be told of what never comes."""
    mirror.drain()
    for _ in range(PARENT_ATTEMPTS):
        mirror.hasten()
        mirror.drain()
