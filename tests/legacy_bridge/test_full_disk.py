"""A disk that is full at every size that the bridge's files come to: said in a sentence, nothing lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.legacy_bridge.support.programs import Programs
from tests.legacy_bridge.support.small_practice import ODS, SmallPractice

KIB = 1024
LIMITS = (0, 2, 12, 48, 100, 160, 220, 280, 400, 1200)
FINE_LIMITS = range(0, 1200, 20)
"""KiB; the smallest leaves room for nothing, the largest for all."""


@pytest.fixture
def programs(practice: SmallPractice, tmp_path: Path) -> Iterator[Programs]:
    made = Programs(practice, tmp_path)
    yield made
    made.end()


def mirrors_at_every_size(
    programs: Programs, practice: SmallPractice, limits: range | tuple[int, ...]
) -> None:
    """Try with ever more room, an edit on each side before each try; then with all that is wanted."""
    journal = ["--practice", ODS, "--journal", str(programs.folder / "journal.sqlite")]
    failed = 0
    for limit in limits:
        practice.edit("Admin_Patient", "mary", HomePhone=f"01632 {limit:06}")
        done = programs.ask("once", *programs.options, largest_file=limit * KIB)
        failed += done.returncode != 0
        said = done.stderr.strip()
        assert "Traceback" not in said, said
        assert "Another bridge" not in said, said
        assert "another key" not in said, said
        assert done.returncode == 0 or said, "it ended without a word"
    assert 0 < failed < len(limits)
    assert programs.ask("once", *programs.options).returncode == 0
    counted = programs.ask("parity", *programs.options)
    assert counted.returncode == 0, counted.stdout + counted.stderr
    (mary,) = programs.client.search("Patient", {"family": "Lind"})
    assert f"01632 {limits[-1]:06}" in str(mary["telecom"])
    assert len(list(programs.client.search("Patient", {}))) == 2, "nobody was made twice"
    assert programs.ask("audit", "verify", *journal).returncode == 0


@pytest.mark.hazard("H23")
def test_a_bridge_whose_disk_is_full_says_so_and_goes_on_when_there_is_room(
    programs: Programs, practice: SmallPractice
) -> None:
    mirrors_at_every_size(programs, practice, LIMITS)


@pytest.mark.soak
def test_a_disk_that_is_full_at_any_size_loses_nothing(programs: Programs, practice: SmallPractice) -> None:
    mirrors_at_every_size(programs, practice, FINE_LIMITS)
