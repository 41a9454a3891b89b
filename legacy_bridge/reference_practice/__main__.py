"""The command `banyan-practice`: creates a practice in the legacy shape, fills it, says what it holds."""

import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Connection, Engine, delete, insert, select

from legacy_bridge.errors import BridgeError, SettingsWrong
from legacy_bridge.legacy.database import opened_database, translated, write_alone
from legacy_bridge.legacy.extract import files_of
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.reference_practice.generator import generate as generate_practice
from legacy_bridge.reference_practice.loading import load
from legacy_bridge.reference_practice.practice import PracticePlan
from legacy_bridge.reference_practice.status import practice_of, settings_of, status_of

_HELP = """Make a practice in the legacy shape, fill it, say what it holds.

Examples:

  banyan-practice create --database sqlite:///practice.db

  banyan-practice generate --database sqlite:///practice.db

  banyan-practice info --database sqlite:///practice.db
"""
_CREATE_HELP = """Make the empty tables.

The commands generate and load-extract fill them.

Examples:

  banyan-practice create --database sqlite:///practice.db

  banyan-practice create --database sqlite:///school.db --environment training
"""
_GENERATE_HELP = """Fill it with invented people and a book around today.

Examples:

  banyan-practice generate --database sqlite:///practice.db

  banyan-practice generate --database sqlite:///practice.db --today 2026-11-17

  banyan-practice generate --database sqlite:///practice.db --patients 10400
"""
_LOAD_HELP = """Fill it from an EMIS Web extract, or apply a later one.

The first one is a whole bulk: every table and every column. A practice that is
filled takes no extract of another one.

Examples:

  banyan-practice load-extract extract/bulk --database sqlite:///practice.db
"""
_INFO_HELP = """Say what the database holds: tables, organisations, dates.

The command status says the same, as every program has one.

Examples:

  banyan-practice info --database sqlite:///practice.db

  banyan-practice info --database sqlite:///practice.db --json
"""
_STATUS_HELP = """Say what the database holds: the same as info.

Examples:

  banyan-practice status --database sqlite:///practice.db

  banyan-practice status --database sqlite:///practice.db --json
"""

app = typer.Typer(help=_HELP, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
_SETTINGS = METADATA.tables["Reference_Setting"]
_TALK = Console(stderr=True)

_OF_PATIENTS = ("Admin_Patient", "Appointment_Session", "Appointment_Slot")
"""The tables whose rows say for certain whose patients they are; others list neighbours too."""

Database = Annotated[
    str, typer.Option("--database", envvar="BANYAN_PRACTICE_DATABASE", help="Such as sqlite:///practice.db")
]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsWrong(f"{text} is no day: write it such as 2026-11-17.") from error


@app.command(help=_CREATE_HELP)
def create(
    database: Database,
    environment: Annotated[str, typer.Option(help="reference or training: never live.")] = "reference",
    practice: Annotated[str | None, typer.Option(help="The ODS code of the practice to generate.")] = None,
    practice_name: Annotated[str | None, typer.Option(help="Its name.")] = None,
) -> None:
    """Make the empty tables."""
    if environment not in ("reference", "training"):
        raise SettingsWrong(f"A practice made here is for reference or training, not for {environment!r}.")
    settings = {"environment": environment, "ods": practice, "name": practice_name}
    with (
        opened_database(database, must_exist=False) as engine,
        translated("The tables cannot be made"),
        engine.begin() as connection,
    ):
        write_alone(connection)
        METADATA.create_all(connection)
        if connection.execute(select(_SETTINGS.c.Name).limit(1)).first() is not None:
            raise SettingsWrong("The database holds a practice already; nothing was changed.")
        connection.execute(
            insert(_SETTINGS),
            [{"Name": name, "Value": value} for name, value in settings.items() if value is not None],
        )


@app.command(help=_GENERATE_HELP)
def generate(
    database: Database,
    patients: Annotated[int, typer.Option(min=9, max=50_000, help="How many people.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same practice.")] = 1,
    today: Annotated[
        date | None, typer.Option(parser=_day, metavar="YYYY-MM-DD", help="Sessions lie around it.")
    ] = None,
    density: Annotated[
        float,
        typer.Option(min=0, max=1, help="How full records are: 1 is 1,200 coded rows a patient."),
    ] = 0,
) -> None:
    """Invent a practice."""
    with opened_database(database) as engine:
        _generate(engine, patients, seed, today, density)


def _generate(engine: Engine, patients: int, seed: int, today: date | None, density: float) -> None:
    with engine.connect() as connection:
        settings = settings_of(connection)
    _must_be_empty(engine)
    is_training = settings.get("environment") == "training"
    plan = PracticePlan(
        ods=settings.get("ods") or ("Y99003" if is_training else "Y99002"),
        name=settings.get("name") or ("Willow Bank" if is_training else "Fernbrook Surgery"),
        today=today or date.today(),  # noqa: DTZ011 - the practice's own calendar
        patients=patients,
        seed=seed,
        density=density,
        name_prefix="TEST-" if is_training else "",
        first_number=900001 if is_training else 104001,
    )
    with Progress(console=_TALK, transient=True) as bar:
        task = bar.add_task("Inventing a practice", total=None)
        with translated("The practice cannot be written"):
            generate_practice(engine, plan, progress=lambda _: bar.advance(task))


@app.command("load-extract", help=_LOAD_HELP)
def load_extract(
    folder: Annotated[Path, typer.Argument(help="The folder with the extract's CSV files.")],
    database: Database,
    practice: Annotated[str | None, typer.Option(help="Which organisation is the practice.")] = None,
    report: Annotated[Path | None, typer.Option(help="Where to write every refused row, as CSV.")] = None,
) -> None:
    """Load an extract."""
    with (
        opened_database(database) as engine,
        Progress(console=_TALK, transient=True) as bar,
        translated("The extract cannot be written"),
        engine.begin() as connection,
    ):
        known = settings_of(connection)
        held = _organisations(connection)
        if held:
            _, filled, _ = practice_of(connection, ods=known.get("ods"))
            if practice not in (None, filled):
                raise _filled_with(filled)
        found = files_of(folder, is_bulk=not held)
        task = bar.add_task("Loading", total=len(found.files))
        loaded = load(connection, found.files, progress=lambda _: bar.advance(task), is_bulk=not held)
        if held and _organisations(connection) - held:
            raise _filled_with(filled)
        _, ods, name = practice_of(connection, ods=practice or known.get("ods"))
        new = {"ods": ods, "name": name}
        connection.execute(delete(_SETTINGS).where(_SETTINGS.c.Name.in_(new)))
        connection.execute(insert(_SETTINGS), [{"Name": key, "Value": value} for key, value in new.items()])
    loaded.notices[:0] = found.notices
    for notice in loaded.notices:
        _TALK.print(f"Noticed: {notice}", highlight=False, markup=False, soft_wrap=True)
    for refusal in loaded.refusals:
        _TALK.print(
            f"Refused: {refusal.file}, line {refusal.line}: {refusal.reason}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    if report is not None:
        lines = ["file,line,reason"]
        lines += [
            f'"{one.file}",{one.line},"{one.reason.replace(chr(34), chr(34) * 2)}"' for one in loaded.refusals
        ]
        report.write_text("\n".join(lines) + "\n", encoding="utf-8")
    typer.echo(f"{name} ({ods}): {loaded.kept.total()} rows kept, {len(loaded.refusals)} refused.")


@app.command(help=_INFO_HELP)
@app.command("status", help=_STATUS_HELP)
def info(
    database: Database, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """Say what the database holds."""
    with opened_database(database) as engine:
        found = status_of(engine)
    if as_json:
        typer.echo(orjson.dumps(asdict(found)).decode())
        return
    typer.echo(f"{found.name} ({found.ods}), {found.environment}")
    if found.day is not None:
        typer.echo(f"Appointments from {found.first_day} to {found.last_day}; a day to look at: {found.day}")
    if found.first_entry is not None:
        typer.echo(f"Entries in records from {found.first_entry} to {found.last_entry}")
    typer.echo("Organisations, with their patients:")
    for one in found.organisations:
        typer.echo(f"  {one.ods or 'no code':9} {one.name or 'no name':40} {one.patients:>9,}")
    typer.echo("Tables, with their rows:")
    for table, count in found.rows.items():
        if count:
            typer.echo(f"  {table:32} {count:>9,}")


def _organisations(connection: Connection) -> set[str]:
    """Whose patients the practice's database holds; none when it is empty."""
    found: set[str] = set()
    for name in _OF_PATIENTS:
        column = METADATA.tables[name].c.OrganisationGuid
        found.update(connection.execute(select(column).distinct()).scalars())
    return found


def _filled_with(ods: str) -> SettingsWrong:
    return SettingsWrong(
        f"The database is filled with practice {ods} and the extract is another's: nothing was "
        "changed. Make a new database for it with `banyan-practice create`."
    )


def _must_be_empty(engine: Engine) -> None:
    patients = METADATA.tables["Admin_Patient"]
    with engine.connect() as connection:
        if connection.execute(select(patients.c.PatientGuid).limit(1)).first() is not None:
            raise SettingsWrong("The practice is filled already; nothing was changed.")


def main() -> None:
    """Run the command; what went wrong is one sentence and exit status 1."""
    try:
        app()
    except BridgeError as error:
        _TALK.print(str(error), highlight=False, markup=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
