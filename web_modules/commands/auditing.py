"""`banyan-cloud audit`: whether the audit is whole, and where it ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from web_modules.commands.options import AuditKeyOption, DatabaseOption, PracticeOption, give_up
from web_modules.errors import CloudError, SettingsError

if TYPE_CHECKING:
    from web_modules.fhir_store.audit.book import AuditBook

_VERIFY_HELP = """Look for any entry of the audit that was changed, removed, put in, moved or cut off.

Examples:

  banyan-cloud audit verify --database sqlite:////srv/banyan/cloud.sqlite

\b
  banyan-cloud audit verify --database sqlite:////srv/banyan/cloud.sqlite \\
    --kept "$(tail -1 ends.txt)"
"""
_HEAD_HELP = """Tell where the audit ends, to be kept elsewhere: it shows a database that was taken back.

Examples:

\b
  banyan-cloud audit head --database sqlite:////srv/banyan/cloud.sqlite \\
    >> ends.txt
"""

_HELP = """Check who did what with the records, or keep where the audit ends.

Examples:

  banyan-cloud audit verify --database sqlite:////srv/banyan/cloud.sqlite
"""

NO_KEY = b""
"""To tell where the audit ends takes none."""

audit = typer.Typer(help=_HELP)


@audit.command(help=_VERIFY_HELP)
def verify(
    database: DatabaseOption,
    practice: PracticeOption = "Y99002",
    audit_key: AuditKeyOption = None,
    kept: Annotated[list[str] | None, typer.Option(help="An end that `audit head` told.")] = None,
) -> None:
    """Look for any change to the audit."""
    from web_modules.commands.keys import known_audit_key
    from web_modules.fhir.audit_chain import read_head

    try:
        known = [read_head(one) for one in kept or ()]
        with _audit_book(database, practice, known_audit_key(database, audit_key)) as book:
            faults, count = book.faults(known), book.head().count
    except CloudError as error:
        give_up(error)
    except ValueError as error:
        give_up(SettingsError(f"What was kept is not understood ({error}): give what `audit head` told."))
    for fault in faults:
        typer.echo(f"{practice}: {fault}", err=True)
    if faults:
        raise typer.Exit(1)
    typer.echo(f"{practice}: {count} entries, whole.")


@audit.command(help=_HEAD_HELP)
def head(database: DatabaseOption, practice: PracticeOption = "Y99002") -> None:
    """Tell where the audit ends."""
    try:
        with _audit_book(database, practice, NO_KEY) as book:
            typer.echo(book.head().text)
    except CloudError as error:
        give_up(error)


@contextmanager
def _audit_book(database: str, practice: str, key: bytes) -> Iterator["AuditBook"]:
    from web_modules.fhir.audit_chain import Chain
    from web_modules.fhir_store.audit.book import AuditBook
    from web_modules.fhir_store.database.engine import Database

    opened = Database(database)
    try:
        with opened.viewing() as session:
            yield AuditBook(session, practice, Chain(key, practice))
    finally:
        opened.close()
