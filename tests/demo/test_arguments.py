"""What `run.sh` understands, and what it refuses in words."""

from datetime import date
from pathlib import Path

import pytest

from demo.arguments import read_arguments
from demo.place import Environment


def test_without_arguments_the_reference_environment_is_opened() -> None:
    options = read_arguments([])
    assert options.environment is Environment.REFERENCE
    assert not options.is_check
    assert options.extract is None


def test_every_option_is_read() -> None:
    options = read_arguments(["--extract", "folder", "--reset", "--today", "2026-11-17"])
    assert (options.extract, options.is_reset, options.today) == (Path("folder"), True, date(2026, 11, 17))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--screenshots", "pictures"], "goes with --check"),
        (["--check", "--training"], "an environment of its own"),
        (["--training", "--extract", "folder"], "not loaded into the training environment"),
        (["--today", "yesterday"], "yesterday is no day: write it such as 2026-11-17"),
        (["--today", "2026-99-99"], "2026-99-99 is no day"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read_arguments(arguments)
    assert ended.value.code == 2
    assert reason in capsys.readouterr().err
