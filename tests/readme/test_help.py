"""Each `--help` ends with examples that can be pasted, and that the program understands."""

import re
import shlex
from importlib import import_module
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tests.readme.test_readme import SCRIPTS

COLUMNS = 80  # a terminal that nobody has made wider
PROGRAMS = ("banyan-bridge", "banyan-cloud", "banyan-practice")
"""Those made with typer; argparse leaves the shell's examples as they are."""


def app_of(program: str) -> typer.Typer:
    """A program's command line."""
    app = import_module(SCRIPTS[program].partition(":")[0]).app
    assert isinstance(app, typer.Typer)
    return app


def commands(program: str) -> list[str]:
    """A program, its groups and its commands, each by its words."""

    def below(words: str, command: Any) -> list[str]:
        inner = getattr(command, "commands", {})
        return [words, *(word for name in inner for word in below(f"{words} {name}", inner[name]))]

    return below(program, typer.main.get_command(app_of(program)))


def examples(words: str) -> list[str]:
    """What stands after "Examples:" in a command's help, lines that go on put together."""
    program, *path = words.split()
    done = CliRunner().invoke(app_of(program), [*path, "--help"], env={"COLUMNS": str(COLUMNS)})
    _, _, after = done.output.partition("Examples:\n")
    shown = re.split(r"\n(?:Arguments|Options):\n", after)[0]
    return [line.strip() for line in shown.replace("\\\n", " ").splitlines() if line.strip()]


EVERY = [words for program in PROGRAMS for words in commands(program)]


@pytest.mark.parametrize("words", EVERY)
def test_a_help_shows_examples_that_the_program_understands(words: str) -> None:
    shown = examples(words)
    assert shown, f"{words} --help shows no example"
    for line in shown:
        assert line.startswith(words), f"{words} --help breaks an example or shows another's: {line}"
        program, *rest = shlex.split(re.split(r" >>? ", line)[0])
        command: Any = typer.main.get_command(app_of(program))
        while rest and rest[0] in getattr(command, "commands", {}):  # a group may do something by itself
            command = command.commands[rest.pop(0)]
        command.make_context(program, rest)  # raises for what it does not know
