"""What several commands share: options of one meaning, and how they give up."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from legacy_bridge.errors import BridgeError

Practice = Annotated[str | None, typer.Option(help="ODS code of the practice.")]
Legacy = Annotated[
    str | None,
    typer.Option(
        help="URL of the legacy database, such as postgresql+psycopg://reader@server/practice, "
        "mssql+pyodbc://… or sqlite:////srv/practice.db; or extract:FOLDER."
    ),
]
Fhir = Annotated[
    str | None, typer.Option(help="The practice's FHIR base, such as https://cloud.example/Y99002/fhir.")
]
Flags = Annotated[Path | None, typer.Option(help="flagd file: how far each function has moved.")]
JournalOption = Annotated[str | None, typer.Option("--journal", help="File or URL of the bridge's memory.")]
EnvironmentOption = Annotated[
    str | None, typer.Option("--environment", help="live, reference or training. Default reference.")
]
SettingsFile = Annotated[Path | None, typer.Option(help="TOML file with any of these settings.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")]

Number = Annotated[int, typer.Argument(help="Its number in the list.")]


@contextmanager
def failing_in_one_sentence() -> Iterator[None]:
    """Say why and end; the exit status is 1."""
    from web_modules.decision.errors import DecisionError

    try:
        yield
    except (BridgeError, DecisionError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def options(
    practice: Any, legacy: Any, fhir: Any, flags: Any, journal: Any, environment: Any
) -> dict[str, Any]:
    """The options that most commands take, by the names of their settings."""
    return {
        "practice": practice,
        "legacy": legacy,
        "fhir": fhir,
        "flags": flags,
        "journal": journal,
        "environment": environment,
    }
