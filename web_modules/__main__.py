"""The cloud's command line."""

import typer

from web_modules.commands import asking, auditing, database, serving

_HELP = """The cloud of Banyan: records (FHIR R4), sign-in and the modules of each function.

Examples:

  banyan-cloud serve --database sqlite:///cloud.sqlite --development

  banyan-cloud status --port 8080
"""
app = typer.Typer(
    help=_HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(help=serving.HELP)(serving.serve)
app.command(help=asking.HELP)(asking.status)
app.add_typer(auditing.audit, name="audit", no_args_is_help=True)
app.add_typer(database.database, name="database", no_args_is_help=True)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
