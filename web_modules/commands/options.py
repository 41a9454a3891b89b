"""What several commands share: options of one meaning, and how they give up."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from web_modules.errors import CloudError

DatabaseOption = Annotated[str, typer.Option("--database", help="SQLAlchemy URL of the store's database.")]
PracticeOption = Annotated[str, typer.Option("--practice", help="ODS code of the practice.")]
AuditKeyOption = Annotated[
    Path | None, typer.Option("--audit-key", help="File with the key, unless beside an SQLite database.")
]


def give_up(error: CloudError) -> NoReturn:
    """Say why and end; the exit status is 1."""
    typer.echo(str(error), err=True)
    raise typer.Exit(1) from error
