"""A database URL that is none is one sentence, whichever command it is given to."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from web_modules.__main__ import app


@pytest.mark.parametrize("url", ["foo", "sqlite:///", "nothing://x/y"])
@pytest.mark.parametrize(
    "words",
    [
        ("audit", "verify"),
        ("audit", "head"),
        ("database", "status"),
        ("database", "upgrade"),
        ("database", "distribute"),
        ("database", "backup", "FILE"),
        ("database", "restore", "FILE"),
    ],
)
def test_what_is_no_database_is_said_in_words(words: tuple[str, ...], url: str, tmp_path: Path) -> None:
    given = [str(tmp_path / "x.backup") if word == "FILE" else word for word in words]
    result = CliRunner().invoke(app, [*given, "--database", url])
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 1
    assert result.output.strip()
    assert "Traceback" not in result.output
