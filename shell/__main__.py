"""The command `banyan-shell`: opens the window. The only place where its parts are put together."""

import json
import os
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shell.errors import CloudError, ShellError
from shell.hosts.walls import Sandbox, browser_flags, sandbox_policy, scrub_process_doors
from shell.settings import ShellSettings, read_settings

if TYPE_CHECKING:
    from shell.functions import CloudOffer
    from shell.main_window.network import Person

app = typer.Typer(
    help=__doc__,
    add_completion=False,
    no_args_is_help=False,
    epilog="Example: banyan-shell --cloud http://127.0.0.1:8000 --flags flags.json",
)

Cloud = Annotated[str | None, typer.Option("--cloud", help="The cloud's address.", show_default=False)]


@app.callback(invoke_without_command=True)
def run(  # noqa: PLR0913, PLR0917 - one for each option
    context: typer.Context,
    cloud: Cloud = None,
    training: Annotated[
        bool | None, typer.Option("--training", help="Open the training environment.")
    ] = None,
    flags: Annotated[Path | None, typer.Option(help="The flag file.")] = None,
    legacy_program: Annotated[Path | None, typer.Option(help="The legacy program's description.")] = None,
    legacy_database: Annotated[str | None, typer.Option(help="The practice's legacy database.")] = None,
    sign_in: Annotated[str | None, typer.Option(help="Who signs in at a development cloud.")] = None,
    theme: Annotated[str | None, typer.Option(help="system, light, dark or contrast.")] = None,
    text_percent: Annotated[int | None, typer.Option(help="Size of all text, 100 to 200.")] = None,
    settings: Annotated[Path | None, typer.Option(help="A TOML file with any of these.")] = None,
) -> None:
    """Open the window.

    Examples:
        banyan-shell --cloud http://127.0.0.1:8000 --flags flags.json --sign-in priya.nair
        banyan-shell --cloud http://127.0.0.1:8001 --training
    """
    if context.invoked_subcommand is not None:
        return
    options = {
        "cloud": cloud,
        "training": training,
        "flags": flags,
        "legacy_program": legacy_program,
        "legacy_database": legacy_database,
        "sign_in": sign_in,
        "theme": theme,
        "text_percent": text_percent,
    }
    raise typer.Exit(open_window(read_settings(options, file=settings, environment=os.environ)))


@app.command()
def status(
    cloud: Annotated[str, typer.Option("--cloud", envvar="BANYAN_SHELL_CLOUD", help="The cloud's address.")],
    training: Annotated[bool, typer.Option("--training", help="Ask a training cloud.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Say which cloud a window would open, and which functions have pages.

    Example: banyan-shell status --cloud http://127.0.0.1:8000 --json
    """
    from shell.functions import read_offer
    from shell.main_window.network import fetch

    offer = read_offer(fetch(f"{cloud.rstrip('/')}/functions.json"), is_training=training)
    pages = [one.function.value for one in offer.functions if one.has_module]
    if as_json:
        said = {"environment": offer.environment.value, "ods": offer.ods, "practice": offer.practice}
        typer.echo(json.dumps(said | {"functions": pages}))
    else:
        typer.echo(f"{offer.practice} ({offer.ods}), {offer.environment.value}: pages for {', '.join(pages)}")


def open_window(settings: ShellSettings) -> int:
    """Open the window and stay until it is closed.

    Returns:
        The exit status.

    Raises:
        ShellError: the window cannot be opened; the message is for the person.
    """
    scrub_process_doors(os.environ, sys.argv)
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        raise ShellError("There is no screen: DISPLAY is not set. Start the window from a desktop session.")
    # The cloud is asked while Qt is loaded: both take about as long.
    with ThreadPoolExecutor(max_workers=1) as pool:
        meeting: Future[tuple[CloudOffer, Person]] = pool.submit(_meet, settings)
        from PySide6.QtWidgets import QApplication

        from shell.hosts.page_scheme import register_scheme
        from shell.main_window.opened import Opened

        offer, person = meeting.result()
    sandbox = sandbox_policy(offer.environment.value, is_root=_is_root())
    browser_flags(os.environ, sandbox=sandbox, has_gpu=_has_gpu())
    register_scheme()
    application = QApplication([sys.argv[0]])
    application.setApplicationName("banyan")
    application.setDesktopFileName("banyan-training" if settings.training else "banyan")
    with Opened(application, settings, offer, person, has_sandbox=sandbox is Sandbox.ON):
        return application.exec()


def _meet(settings: ShellSettings) -> "tuple[CloudOffer, Person]":
    from shell.functions import read_offer
    from shell.main_window.network import Person, fetch
    from shell.main_window.network import sign_in as sign_in_at

    cloud = settings.cloud.rstrip("/")
    offer = read_offer(fetch(f"{cloud}/functions.json"), is_training=settings.training)
    if not settings.sign_in:
        return offer, Person(id="", name="Not signed in", role="", session="")
    return offer, sign_in_at(cloud, settings.sign_in)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _has_gpu() -> bool:
    return Path("/dev/dri").exists()


def main() -> None:
    """Run the command; what went wrong is one sentence and exit status 1."""
    try:
        app()
    except (ShellError, CloudError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the person's terminal
        sys.exit(1)


if __name__ == "__main__":
    main()
