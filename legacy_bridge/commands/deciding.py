"""`banyan-bridge conflicts`: lists what both sides changed, and takes decisions about it."""

import getpass
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
from web_modules.decision.words import Authority

_EXAMPLE = """

Examples:

\b
  banyan-bridge conflicts {0}--practice Y99002 \\
    --journal journal.sqlite
"""
HELP = (
    "List what both sides changed, and decide about it. The values are records of patients.\n\n"
    "A bridge that runs carries a decision out within seconds, if both sides still say what they said when "
    "you looked." + _EXAMPLE.format("")
)
conflicts = typer.Typer(help=HELP, invoke_without_command=True, rich_markup_mode=None)

By = Annotated[str | None, typer.Option("--by", help="Who decides. Default: who is signed in here.")]


@conflicts.callback()
def list_them(
    context: typer.Context,
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
    decided: Annotated[bool, typer.Option("--decided", help="Also those that are decided.")] = False,
    as_json: AsJson = False,
) -> None:
    """List conflicts."""
    if context.invoked_subcommand is not None:
        return
    with failing_in_one_sentence(), _desk(practice, journal, settings) as (book, desk):
        found = [desk.told_of_conflict(one) for one in book.conflicts(decided=decided)]
        if as_json:
            typer.echo(json.dumps(found))
            return
        for one in found:
            typer.echo(_line(one))
        if not found:
            typer.echo("No conflict waits for a person.")


@conflicts.command(help="Show one conflict whole." + _EXAMPLE.format("show 12 "))
def show(
    number: Number,
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Show one conflict."""
    with failing_in_one_sentence(), _desk(practice, journal, settings) as (_, desk):
        told = desk.told_of_conflict(desk.conflict(number))
        if as_json:
            typer.echo(json.dumps(told))
            return
        typer.echo(_line(told))
        typer.echo(f"  agreed before: {told['agreed_before']}")
        typer.echo(f"  record: {told['record']}; since {told['since']}")
        if told["decision"]:
            typer.echo("  last decision: {what} by {by}, {at}: {state}. {words}".format(**told["decision"]))


@conflicts.command(help="Let one side's value stand." + _EXAMPLE.format("keep 12 --side legacy "))
def keep(
    number: Number,
    side: Annotated[str, typer.Option("--side", help="legacy or cloud.")],
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
    by: By = None,
) -> None:
    """Let one side's value stand."""
    with failing_in_one_sentence(), _desk(practice, journal, settings) as (book, desk):
        if side not in {one.value for one in Authority}:
            raise SettingsWrong("The side is legacy or cloud.")
        _decide(book, desk.conflict(number), keep=Authority(side), entered={}, by=by)


@conflicts.command(
    help="Let both sides say a third value; of a unit of several fields each as name=value."
    + _EXAMPLE.format('enter 12 --value "01632 960001" ')
)
def enter(
    number: Number,
    value: Annotated[list[str], typer.Option("--value", help="The value, or name=value for each field.")],
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
    by: By = None,
) -> None:
    """Let both sides say a third value."""
    from legacy_bridge.entering import entered

    with failing_in_one_sentence(), _desk(practice, journal, settings) as (book, desk):
        found = desk.conflict(number)
        _decide(book, found, keep=None, entered=entered(found, value, book.practice), by=by)


@conflicts.command(help="Say who looks after a conflict." + _EXAMPLE.format("assign 12 --to Ann "))
def assign(
    number: Number,
    to: Annotated[str, typer.Option("--to", help="Who looks after it.")],
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
) -> None:
    """Say who looks after a conflict."""
    with failing_in_one_sentence(), _desk(practice, journal, settings) as (book, desk):
        book.assign(to, digest=desk.conflict(number).digest)
        typer.echo(f"{to} looks after conflict {number}.")


def _decide(book: Any, found: Any, *, keep: Authority | None, entered: Any, by: str | None) -> None:
    from legacy_bridge.sides.wishes import Wish

    if found.state != "open":
        raise SettingsWrong(
            f"Conflict {found.number} is decided already: banyan-bridge conflicts lists the open."
        )
    if any(one.link == found.link and one.unit == found.conflict.unit for one in book.wishes()):
        raise SettingsWrong(
            f"Conflict {found.number} was decided a moment ago: the bridge is to carry it out."
        )
    wish = Wish(
        number=0,
        link=found.link,
        unit=found.conflict.unit,
        keep=keep,
        legacy=found.conflict.legacy,
        cloud=found.conflict.cloud,
        entered=entered,
        by=(by or getpass.getuser())[:80],
        at=datetime.now(UTC),
    )
    book.wish(wish)
    typer.echo(f"Conflict {found.number} is decided; a bridge that runs carries it out now.")


@contextmanager
def _desk(practice: Any, journal: Any, settings: Any) -> Iterator[tuple[Any, Any]]:
    from legacy_bridge.commands.desk import Desk

    with opened(practice, journal, settings) as (_, book):
        yield book, Desk(book)


def _line(told: dict[str, Any]) -> str:
    about = [told["state"], *(["URGENT"] if told["urgent"] else []), told["age"]]
    owner = f"{told['owner']} looks after it" if told["owner"] else "nobody looks after it"
    return (
        f"{told['number']}  {', '.join(about)}; {owner}\n"
        f"  {told['who']}: {told['what']}\n"
        f"  legacy says {told['legacy_says']}\n  the cloud says {told['cloud_says']}"
    )
