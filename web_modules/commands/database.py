"""`banyan-cloud database`: look after the database itself."""

import json
from pathlib import Path
from typing import Annotated

import typer

from web_modules.commands.options import DatabaseOption, give_up
from web_modules.errors import CloudError

_STATUS_HELP = """Say whether the tables are those of this Banyan; nothing is changed.

The exit status is 0 when they are, and 1 otherwise.

Examples:

  banyan-cloud database status --database sqlite:////srv/banyan/cloud.sqlite

\b
  banyan-cloud database status --json \\
    --database postgresql+psycopg://banyan@db.example/cloud
"""
_UPGRADE_HELP = """Bring the tables of an earlier Banyan up to date: the whole of it, or nothing.

Take a backup first, and stop every program that serves this database.

Examples:

  banyan-cloud database upgrade --database sqlite:////srv/banyan/cloud.sqlite
"""
_BACKUP_HELP = """Take a backup of the whole database while it is served.

The file holds everything as it was at one moment, of every practice; it is there whole, or not at all.
Keep it as safe as the records themselves, and keep the key of the audit apart from it.

Examples:

\b
  banyan-cloud database backup 2026-11-17.backup \\
    --database sqlite:////srv/banyan/cloud.sqlite
"""
_RESTORE_HELP = """Put a backup in the place of the database: all of it, or nothing.

Stop what serves the database first. Everybody signs in again afterwards. What the database holds of a
practice that the backup does not have would be gone: each such practice must be named.

Examples:

\b
  banyan-cloud database restore 2026-11-17.backup \\
    --database sqlite:////srv/banyan/cloud.sqlite

\b
  banyan-cloud database restore 2026-11-17.backup --replace --drop Y99003 \\
    --database sqlite:////srv/banyan/cloud.sqlite
"""
_DISTRIBUTE_HELP = """Spread the practices over the machines of a PostgreSQL server with the extension Citus.

Every table is distributed by practice, so that all that is of one practice lies on one machine. What is done
already is left as it is; stop what serves the database first.

Examples:

\b
  banyan-cloud database distribute \\
    --database postgresql+psycopg://banyan@coordinator.example/cloud
"""
_HELP = """Look after the database: its tables, backups, and where they are kept.

Examples:

  banyan-cloud database status --database sqlite:////srv/banyan/cloud.sqlite

\b
  banyan-cloud database backup 2026-11-17.backup \\
    --database sqlite:////srv/banyan/cloud.sqlite
"""

database = typer.Typer(help=_HELP)


@database.command(help=_STATUS_HELP)
def status(
    database: DatabaseOption,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")] = False,
) -> None:
    """Say how far the tables have come."""
    from web_modules.fhir_store.database.migrating import HEAD, Standing, standing_at

    try:
        standing, had = standing_at(database)
    except CloudError as error:
        give_up(error)
    words = {
        Standing.EMPTY: "empty; `banyan-cloud serve` makes its tables.",
        Standing.CURRENT: f"current (step {had}).",
        Standing.OLDER: f"of an earlier Banyan (step {had} of {HEAD}): run `banyan-cloud database upgrade`.",
        Standing.NEWER: f"of a later Banyan (step {had}, this one knows {HEAD}): use that one.",
        Standing.FOREIGN: "not of a released Banyan: name another database.",
    }
    if as_json:
        typer.echo(json.dumps({"status": standing.value, "step": had or None, "newest": HEAD}))
    else:
        typer.echo(f"The database is {words[standing]}")
    if standing is not Standing.CURRENT:
        raise typer.Exit(1)


@database.command(help=_UPGRADE_HELP)
def upgrade(database: DatabaseOption) -> None:
    """Bring the tables up to date."""
    from web_modules.fhir_store.database import migrating

    try:
        had = migrating.upgrade(database)
    except CloudError as error:
        give_up(error)
    if had is None:
        typer.echo(f"The tables are up to date (step {migrating.HEAD}).")
    else:
        typer.echo(f"The tables were brought from step {had or '0'} to {migrating.HEAD}.")


@database.command(help=_BACKUP_HELP)
def backup(
    file: Annotated[Path, typer.Argument(help="The backup; a file that does not exist yet.")],
    database: DatabaseOption,
) -> None:
    """Take a backup."""
    from web_modules.fhir_store.database.backups.taking import take_backup

    try:
        practices = take_backup(database, file)
    except CloudError as error:
        give_up(error)
    size = file.stat().st_size / 1e6
    typer.echo(f"{file}: {', '.join(practices) or 'no practice yet'}; {size:.1f} MB.")


@database.command(help=_RESTORE_HELP)
def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")],
    database: DatabaseOption,
    replace: Annotated[
        bool, typer.Option("--replace", help="The backup may replace the records of its practices.")
    ] = False,
    drop: Annotated[
        list[str] | None,
        typer.Option(metavar="PRACTICE", help="Of this practice, not in the backup, all may go; repeat."),
    ] = None,
) -> None:
    """Restore a backup."""
    from web_modules.fhir_store.database.backups import restoring
    from web_modules.identity.database.tables import FORGOTTEN_BY_A_RESTORE

    forgotten = [table.name for table in FORGOTTEN_BY_A_RESTORE]
    dropped = frozenset(drop or ())
    replacing = restoring.Replacing(is_allowed=replace, dropped=dropped)
    try:
        practices = restoring.restore(database, file, replacing, forgotten=forgotten)
    except CloudError as error:
        give_up(error)
    typer.echo(f"Restored {', '.join(practices) or 'no practice'} from {file}.")
    if dropped:
        typer.echo(f"Dropped {', '.join(sorted(dropped))}.")


@database.command(help=_DISTRIBUTE_HELP)
def distribute(database: DatabaseOption) -> None:
    """Spread the practices over several machines."""
    from web_modules.fhir_store.database import distributing, tables
    from web_modules.identity.database import tables as identity_tables

    names = [*tables.METADATA.tables, *identity_tables.METADATA.tables]
    try:
        distributing.distribute(database, names)
    except CloudError as error:
        give_up(error)
    typer.echo("Every table is distributed by practice.")
