"""The bridge's command line."""

import typer

from legacy_bridge.commands import asking, carrying, flags

app = typer.Typer(
    help="The bridge of Banyan: mirrors a practice's legacy records and the cloud's, both ways.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command(help=flags.HELP)(flags.flags)
app.command(help=carrying.RUN_HELP)(carrying.run)
app.command(help=carrying.ONCE_HELP)(carrying.once)
app.command(help=asking.STATUS_HELP)(asking.status)
app.command(help=asking.CONFLICTS_HELP)(asking.conflicts)
app.command(help=asking.QUARANTINE_HELP)(asking.quarantine)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
