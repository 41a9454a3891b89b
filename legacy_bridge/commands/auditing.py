"""`banyan-bridge audit`: whether the audit log is whole, where it ends, and what it says."""

import json
from typing import Annotated

import typer

from legacy_bridge.commands.opening import opened
from legacy_bridge.commands.options import (
    AsJson,
    JournalOption,
    Practice,
    SettingsFile,
    failing_in_one_sentence,
)
from legacy_bridge.errors import SettingsWrong

_HELP = """Check what the bridge did, or keep where its audit log ends.

Examples:

  banyan-bridge audit verify --practice Y99002 --journal journal.sqlite
"""
_VERIFY_HELP = """Look for any entry that was changed, removed, put in, moved or cut off.

Examples:

  banyan-bridge audit verify --practice Y99002 --journal journal.sqlite

\b
  banyan-bridge audit verify --practice Y99002 --journal journal.sqlite \\
    --kept "$(tail -1 ends.txt)"
"""
_HEAD_HELP = """Tell where the log ends, to be kept elsewhere: it shows a journal that was taken back.

Examples:

\b
  banyan-bridge audit head --practice Y99002 --journal journal.sqlite \\
    >> ends.txt
"""
_LIST_HELP = """List the newest entries. Values stand in them as fingerprints only.

Examples:

\b
  banyan-bridge audit list --practice Y99002 --journal journal.sqlite \\
    --newest 20
"""

audit = typer.Typer(help=_HELP)


@audit.command(help=_VERIFY_HELP)
def verify(
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
    kept: Annotated[list[str] | None, typer.Option(help="An end that `audit head` told.")] = None,
) -> None:
    """Look for any change to the audit log."""
    from web_modules.fhir.audit_chain import read_head

    with failing_in_one_sentence(), opened(practice, journal, settings) as (found, book):
        try:
            known = [read_head(one) for one in kept or ()]
        except ValueError as error:
            raise SettingsWrong(
                f"What was kept is not understood ({error}): give what `audit head` told."
            ) from error
        faults, end = book.audit_faults(known), book.audit_head()
        for fault in faults:
            typer.echo(f"{found.practice}: {fault}", err=True)
        if faults:
            raise typer.Exit(1)
        typer.echo(f"{found.practice}: {end.count} entries, whole.")


@audit.command(help=_HEAD_HELP)
def head(practice: Practice = None, journal: JournalOption = None, settings: SettingsFile = None) -> None:
    """Tell where the audit log ends."""
    with failing_in_one_sentence(), opened(practice, journal, settings) as (_, book):
        end = book.audit_head()
        if end is None:
            raise SettingsWrong("The end of the audit log is missing: run banyan-bridge audit verify.")
        typer.echo(end.text)


@audit.command(name="list", help=_LIST_HELP)
def list_(
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
    newest: Annotated[int, typer.Option(min=1, help="How many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the newest entries."""
    with failing_in_one_sentence(), opened(practice, journal, settings) as (_, book):
        found = book.audited(newest)
        if as_json:
            typer.echo(json.dumps(found))
            return
        for one in found:
            more = {name: value for name, value in one.items() if name not in _COLUMNS}
            shown = [str(one[name]) for name in _COLUMNS]
            typer.echo("  ".join([*shown, json.dumps(more) if more else ""]).rstrip())


_COLUMNS = ("number", "at", "what", "subject")
