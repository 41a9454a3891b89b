"""`banyan-bridge flags`: writes the first flag file of a practice."""

import json
from pathlib import Path
from typing import Annotated

import typer

from legacy_bridge.commands.options import failing_in_one_sentence
from legacy_bridge.errors import SettingsWrong
from web_modules.decision.words import Function, Stage

HELP = """Write the first flag file.

It says how far each function has moved; edit it from then on. A function that is not named is at the legacy
stage, where every practice begins.

Examples:

  banyan-bridge flags flags.json

\b
  banyan-bridge flags flags.json \\
    --stage patients=mirror --stage organisation=mirror
"""


def flags(
    file: Annotated[Path, typer.Argument(help="The flagd file; one that does not exist yet.")],
    stage: Annotated[
        list[str] | None, typer.Option(metavar="FUNCTION=STAGE", help="Where a function is; many times.")
    ] = None,
) -> None:
    """Write a flag file."""
    from web_modules.decision.decision import Standing
    from web_modules.decision.flags import flagd_document

    with failing_in_one_sentence():
        moved = dict(_moved(one) for one in stage or ())
        standings = {
            function: Standing(stage=moved.get(function, Stage.LEGACY), is_stopped=False)
            for function in Function
        }
        try:
            with file.open("x", encoding="utf-8") as written:
                written.write(json.dumps(flagd_document(standings), indent=2) + "\n")
        except FileExistsError as error:
            raise SettingsWrong(f"There is a file {file} already: edit it, or name another one.") from error
        except OSError as error:
            raise SettingsWrong(f"The file {file} cannot be written: {error.strerror}.") from error


def _moved(text: str) -> tuple[Function, Stage]:
    function, _, stage = text.partition("=")
    try:
        return Function(function), Stage(stage)
    except ValueError as error:
        raise SettingsWrong(
            f"--stage {text} is not understood: write a function "
            f"({', '.join(one.value for one in Function)}), `=` and a stage "
            f"({', '.join(one.value for one in Stage)})."
        ) from error
