"""The bridge's command line."""

import typer

from legacy_bridge.commands import (
    asking,
    auditing,
    carrying,
    comparing,
    deciding,
    flags,
    holding,
    rehearsing,
)

_HELP = """The bridge of Banyan: mirrors a practice's legacy records and the cloud's, both ways.

Examples:

  banyan-bridge flags flags.json --stage patients=mirror

\b
  banyan-bridge run --practice Y99002 --legacy sqlite:///practice.sqlite \\
    --fhir http://127.0.0.1:8080/fhir --flags flags.json \\
    --journal journal.sqlite

  banyan-bridge status --practice Y99002 --journal journal.sqlite
"""
app = typer.Typer(
    help=_HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(help=flags.HELP)(flags.flags)
app.command(help=carrying.RUN_HELP)(carrying.run)
app.command(help=carrying.ONCE_HELP)(carrying.once)
app.command(help=asking.STATUS_HELP)(asking.status)
app.add_typer(deciding.conflicts, name="conflicts")
app.add_typer(holding.quarantine, name="quarantine")
app.add_typer(auditing.audit, name="audit")
app.command(help=comparing.HELP)(comparing.parity)
app.command(help=rehearsing.HELP)(rehearsing.rehearse)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
