"""`banyan-bridge quarantine`: lists what cannot be carried, who looks after it, and tries it again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from legacy_bridge.commands.opening import opened
from legacy_bridge.commands.options import (
    AsJson,
    JournalOption,
    Number,
    Practice,
    SettingsFile,
    failing_in_one_sentence,
)
from legacy_bridge.errors import SettingsWrong
from legacy_bridge.records import Kind, LinkKey

_EXAMPLE = """

Examples:

\b
  banyan-bridge quarantine {0}--practice Y99002 \\
    --journal journal.sqlite
"""
HELP = "List what cannot be carried, and why." + _EXAMPLE.format("")
quarantine = typer.Typer(help=HELP, invoke_without_command=True, rich_markup_mode=None)


@quarantine.callback()
def list_them(
    context: typer.Context,
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """List what cannot be carried."""
    if context.invoked_subcommand is not None:
        return
    with failing_in_one_sentence(), _desk(practice, journal, settings) as (book, desk):
        found = [desk.told_of_held(one) for one in book.quarantined()]
        if as_json:
            typer.echo(json.dumps(found))
            return
        for one in found:
            typer.echo(_line(one))
        if not found:
            typer.echo("Nothing is in quarantine.")


@quarantine.command(help="Show one record whole." + _EXAMPLE.format("show 3 "))
def show(
    number: Number,
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Show one record."""
    with failing_in_one_sentence(), _desk(practice, journal, settings) as (_, desk):
        told = desk.told_of_held(desk.held(number))
        if as_json:
            typer.echo(json.dumps(told))
            return
        typer.echo(_line(told))
        typer.echo(f"  record: {told['record']}; since {told['since']}")
        for patient in told["patients"]:
            typer.echo(f"  concerns {patient}")


@quarantine.command(help="Say who looks after a record." + _EXAMPLE.format("assign 3 --to Ann "))
def assign(
    number: Number,
    to: Annotated[str, typer.Option("--to", help="Who looks after it.")],
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
) -> None:
    """Say who looks after a record."""
    with failing_in_one_sentence(), _desk(practice, journal, settings) as (book, desk):
        book.assign(to, subject=desk.held(number).subject)
        typer.echo(f"{to} looks after {number}.")


@quarantine.command(
    help="Look at a record again now. One that was withheld before legacy came back from a backup is then "
    "believed: it is shown if legacy shows it." + _EXAMPLE.format("again 3 ")
)
def again(
    number: Number,
    alike: Annotated[
        bool, typer.Option("--alike", help="Also every other record that is held for the same reason.")
    ] = False,
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
) -> None:
    """Look at a record again."""
    with failing_in_one_sentence(), _desk(practice, journal, settings) as (book, desk):
        held = desk.held(number)
        kinds = {kind.value for kind in Kind}
        if held.subject.partition("/")[0] not in kinds:
            raise SettingsWrong(f"{held.subject} is looked at again by itself: do what its words say.")
        others = [one.subject for one in book.quarantined() if alike and one.reason == held.reason]
        subjects = {held.subject, *(one for one in others if one.partition("/")[0] in kinds)}
        for subject in sorted(subjects):
            book.look_again(LinkKey.parse(subject), datetime.now(UTC))
        more = f" and {len(subjects) - 1} more" if alike else ""
        typer.echo(f"A bridge that runs looks at {number}{more} again now.")


@contextmanager
def _desk(practice: Any, journal: Any, settings: Any) -> Iterator[tuple[Any, Any]]:
    from legacy_bridge.commands.desk import Desk

    with opened(practice, journal, settings) as (_, book):
        yield book, Desk(book)


def _line(told: dict[str, Any]) -> str:
    about = [told["reason"], *(["URGENT"] if told["urgent"] else []), told["age"]]
    owner = f"{told['owner']} looks after it" if told["owner"] else "nobody looks after it"
    return f"{told['number']}  {', '.join(about)}; {owner}\n  {told['who']}\n  {told['words']}"
