"""What the README says is so: its commands, pictures, tables and words."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from tests.readme.settings_table import SETTINGS, table_of
from web_modules.decision.words import Function, Stage

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
SCRIPTS: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
LARGEST_PICTURE = 400_000  # bytes; a clone should stay small


def commands() -> list[str]:
    """Every command of the README's `sh` blocks, without its comment."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [
        line.partition("  #")[0].strip() for block in blocks for line in block.splitlines() if line.strip()
    ]


def help_of(words: list[str]) -> str:
    """What a command's `--help` says; its options stand there."""
    if words[0] == "sh":
        command = ["sh", str(ROOT / words[1]), "--help"]
    else:
        module = SCRIPTS[words[0]].partition(":")[0].removesuffix(".__main__")
        subcommand = [words[1]] if not words[1].startswith("-") else []
        command = [sys.executable, "-m", module, *subcommand, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=None)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_there_are_commands() -> None:
    assert "sh installers/run.sh" in commands()
    assert "sh installers/test.sh" in commands()


@pytest.mark.parametrize("command", commands())
def test_a_command_exists_and_knows_its_options(command: str) -> None:
    words = shlex.split(command)
    said = help_of(words)
    for word in words:
        if word.startswith("--"):
            assert word in said, f"{words[0]} --help does not name {word}"


def test_every_option_of_the_demonstration_is_shown_in_a_command() -> None:
    options = set(re.findall(r"--\w+", help_of(["sh", "installers/run.sh"])))
    assert options == {word for command in commands() for word in command.split() if word in options}


@pytest.mark.parametrize("picture", re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README))
def test_a_picture_is_there_and_small(picture: str) -> None:
    file = ROOT / picture
    assert file.stat().st_size < LARGEST_PICTURE
    with Image.open(file) as image:
        assert image.width >= 1000


@pytest.mark.parametrize("entry", SETTINGS, ids=lambda entry: str(entry[0]))
def test_a_settings_table_says_what_the_settings_are(entry: tuple[str, str, str, str]) -> None:
    table = table_of(*entry)
    assert table in README, f"the README's table of {entry[0]} should be:\n{table}"


def test_every_function_and_every_stage_is_in_the_glossary() -> None:
    (functions,) = re.findall(r"^\| function \|(.*)\|$", README, re.MULTILINE)
    assert [function.value for function in Function] == functions.rpartition(": ")[2].strip().split(", ")
    (stages,) = re.findall(r"^\| stage \| (how far .*)\|$", README, re.MULTILINE)
    assert [stage.value for stage in Stage] == stages.rpartition(": ")[2].strip().split(", ")


def test_every_file_and_folder_that_the_readme_names_is_there() -> None:
    named = set(re.findall(r"`((?:installers|shell|legacy_bridge|web_modules|tests)/[\w./]+)`", README))
    assert {name for name in named if not (ROOT / name).exists()} == set()


@pytest.mark.parametrize("program", SCRIPTS)
def test_every_program_has_a_status_as_text_or_json(program: str) -> None:
    assert "--json" in help_of([program, "status"])
