from datetime import date

import pytest

from shell.reference_legacy.arguments import NOBODY, Request, read_arguments
from shell.reference_legacy.title import Screen


def test_everything_can_be_given() -> None:
    place = "--database sqlite:////p.db --practice Y99002 --today 2026-11-17"
    got = read_arguments([*place.split(), "--patient", "104417", "--screen", "appointments"])
    assert (got.database, got.practice, got.today) == ("sqlite:////p.db", "Y99002", date(2026, 11, 17))
    assert got.request == Request(patient="104417", screen=Screen.APPOINTMENTS)
    assert got.request.number == 104417


def test_nobody_can_be_asked_for() -> None:
    request = read_arguments(["--database", "x", "--patient", "none"]).request
    assert (request.patient, request.number) == (NOBODY, None)


@pytest.mark.parametrize(
    "words", [[], ["--database", "x", "--patient", "-1"], ["--database", "x", "--patient", "99999999999"]]
)
def test_wrong_arguments_end_with_a_sentence(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_arguments(words)
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_arguments(["--help"])
    assert "python -m shell.reference_legacy --database sqlite:///" in capsys.readouterr().out
