"""The command `banyan-shell`: opens the window. The only place where its parts are put together.

What people wait for is Chromium and the first page, so they come first: the cloud is asked while Qt is
loaded, the first page is on its way as soon as Chromium is up, and what draws the window is loaded meanwhile.
"""

import json
import logging
import os
import signal
import sys
from argparse import ArgumentParser, BooleanOptionalAction, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from shell.errors import CloudError, ShellError
from shell.hosts.walls import Sandbox, browser_flags, sandbox_policy, scrub_process_doors
from shell.native.constants import keep_constants
from shell.settings import ShellSettings, read_settings

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication, QWidget

    from shell.main_window.beginning import Beginning
    from shell.meeting import Meeting, Person

Done = TypeVar("Done")
_EXAMPLES = """\
Examples:
  banyan-shell --cloud http://127.0.0.1:8000 --flags flags.json --sign-in priya.nair
  banyan-shell --cloud http://127.0.0.1:8001 --training
  banyan-shell status --cloud http://127.0.0.1:8000 --json
  banyan-shell host-check program.toml --database practice.db --patient 104417 --patient 104981
"""
_LOG = logging.getLogger("shell.window")  # this module is called __main__
_WITHOUT_QT = ("web_modules.decision.flags", "shell.switchboard", "web_modules.fhir.client")
"""What the window needs and takes long to load. With Qt in it, a module may be loaded on another thread only
while this one waits: PySide makes its types when they are first used, and two threads disturb each other."""
_WINDOW = "shell.main_window.opened"
_LOOK_MILLISECONDS = 2


def parser() -> ArgumentParser:
    """The command's options."""
    options = ArgumentParser(
        prog="banyan-shell",
        description="Opens the window.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    options.add_argument("--cloud", metavar="URL", help="The cloud's address.")
    options.add_argument("--training", action=BooleanOptionalAction, help="Open the training environment.")
    options.add_argument("--flags", type=Path, metavar="FILE", help="The flag file.")
    options.add_argument(
        "--legacy-program", type=Path, metavar="FILE", help="The legacy program's description."
    )
    options.add_argument("--legacy-database", metavar="URL", help="The practice's legacy database.")
    options.add_argument("--sign-in", metavar="PERSON", help="Who signs in at a development cloud.")
    options.add_argument("--theme", help="system, light, dark or contrast.")
    options.add_argument("--text-percent", type=int, metavar="N", help="Size of all text, 100 to 200.")
    options.add_argument("--settings", type=Path, metavar="FILE", help="A TOML file with any of these.")
    commands = options.add_subparsers(dest="command", metavar="status|host-check")
    words = "Say which cloud a window would open, and which functions have pages."
    status = commands.add_parser("status", help=words, description=words)
    at = os.environ.get("BANYAN_SHELL_CLOUD")
    status.add_argument(
        "--cloud", metavar="URL", default=at, required=at is None, help="The cloud's address."
    )
    status.add_argument("--training", action="store_true", help="Ask a training cloud.")
    status.add_argument("--json", action="store_true", dest="as_json", help="As JSON.")
    words = "Start a legacy program by its description, try everything, and say in words what works."
    check = commands.add_parser("host-check", help=words, description=words)
    check.add_argument("description_file", type=Path, metavar="FILE", help="The description (TOML).")
    check.add_argument("--database", default="", metavar="URL", help="What {database} stands for.")
    check.add_argument("--today", metavar="DATE", help="What {today} stands for.")
    check.add_argument(
        "--patient",
        action="append",
        default=[],
        metavar="NUMBER",
        help="A patient of the program, by the practice's number; twice for two.",
    )
    check.add_argument(
        "--change",
        default="",
        metavar="KEYS",
        help="Keystrokes that change the first patient's record: '<F7>x'. One change is saved.",
    )
    check.add_argument("--json", action="store_true", dest="as_json", help="As JSON.")
    return options


def run(arguments: Sequence[str]) -> int:
    """Do what the command line says.

    Returns:
        The exit status.

    Raises:
        ShellError: it cannot be done; the message is for the person.
    """
    given = parser().parse_args(arguments)
    if given.command == "status":
        print(_status(given))  # noqa: T201 - what was asked for
        return 0
    if given.command == "host-check":
        return _host_check(given)
    options = {name: value for name, value in vars(given).items() if name not in {"settings", "command"}}
    return open_window(read_settings(options, file=given.settings, environment=os.environ))


def open_window(settings: ShellSettings) -> int:
    """Open the window and stay until it is closed.

    Returns:
        The exit status.

    Raises:
        ShellError: the window cannot be opened; the message is for the person.
    """
    scrub_process_doors(os.environ, sys.argv)
    _check_screen()
    import shiboken6  # noqa: F401 - it goes through all loaded modules: no other thread may load one meanwhile

    is_root = _is_root()
    browser_flags(os.environ, sandbox=Sandbox.OFF if is_root else Sandbox.ON, has_gpu=_has_gpu())
    with ThreadPoolExecutor(max_workers=1) as pool:
        meeting = pool.submit(_meet, settings)
        from PySide6.QtWidgets import QApplication

        from shell.hosts.page_scheme import register_scheme
        from shell.hosts.web_profile import ProfileIdentity, WebProfile, start_chromium
        from shell.main_window.beginning import Beginning
        from shell.main_window.waiting import wait_for

        register_scheme()
        keep_constants()
        application = QApplication([sys.argv[0]])
        application.setApplicationName("banyan")
        application.setDesktopFileName("banyan-training" if settings.training else "banyan")
        for name in _WITHOUT_QT:
            pool.submit(import_module, name)
        start_chromium()
        met = wait_for(meeting)
        offer = met.offer
        sandbox = sandbox_policy(offer.environment.value, is_root=is_root)
        beginning = Beginning(application, settings, offer)
        person = met.person or _ask_who(application, beginning, met, pool)
        if person is None:
            return 0
        identity = ProfileIdentity(person=person.id, practice=offer.ods, environment=offer.environment.value)
        profile = WebProfile(identity, settings.cloud)
        with closing(profile):
            profile.warm_up()
            profile.set_session(person.session)
            profile.dress(beginning.theme.page_look())
            first = beginning.first_address()
            if first is not None:
                profile.bring(first)
            wait_for(pool.submit(import_module, _WINDOW))
            from shell.log import open_log
            from shell.main_window.opened import Opened

            open_log(settings.state_folder)
            _LOG.info("window opens: environment=%s sandbox=%s", offer.environment.value, sandbox.value)

            has_sandbox = sandbox is Sandbox.ON
            provider = "" if settings.sign_in or met.candidates else met.provider
            with Opened(
                application, profile, beginning, person, has_sandbox=has_sandbox, provider=provider
            ) as opened:
                _close_when_asked(opened.window)
                return application.exec()


def _meet(settings: ShellSettings) -> "Meeting":
    from shell.meeting import meet

    return meet(settings.cloud, is_training=settings.training, sign_in_as=settings.sign_in)


def _ask_who(
    application: "QApplication", beginning: "Beginning", met: "Meeting", pool: ThreadPoolExecutor
) -> "Person | None":
    """Ask who is there: the browser is made for one person, so it is not there before this is answered."""
    from shell.main_window.asking import ask_who

    return ask_who(application, beginning, met, pool)


def _close_when_asked(window: "QWidget") -> None:
    """Close the window at a signal as a person does: it asks about unsaved work first."""
    from PySide6.QtCore import QTimer

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        if hasattr(signal, name):
            number = getattr(signal, name)
            signal.signal(number, lambda _number, _frame: QTimer.singleShot(0, window, window.close))


def _status(given: Namespace) -> str:
    from shell.functions import read_offer
    from shell.meeting import fetch

    offer = read_offer(fetch(f"{given.cloud.rstrip('/')}/functions.json"), is_training=given.training)
    pages = [one.function.value for one in offer.functions if one.has_module]
    if given.as_json:
        said = {"environment": offer.environment.value, "ods": offer.ods, "practice": offer.practice}
        return json.dumps(said | {"functions": pages})
    return f"{offer.practice} ({offer.ods}), {offer.environment.value}: pages for {', '.join(pages)}"


def _host_check(given: Namespace) -> int:
    _check_screen()
    from PySide6.QtWidgets import QApplication

    from shell.host_check import Finding, HostCheck, Trial
    from shell.hosts.legacy.keystrokes import plain_strokes

    keep_constants()
    application = QApplication([sys.argv[0]])
    found: list[Finding] = []

    def tell(one: Finding) -> None:
        found.append(one)
        if not given.as_json:
            print(f"{'works' if one.is_well else 'FAILS'}  {one.words}", flush=True)  # noqa: T201 - as asked

    try:
        change = plain_strokes(given.change)
    except ValueError as error:
        raise ShellError(f"--change cannot be typed: {error}.") from error
    trial = Trial(database=given.database, numbers=tuple(given.patient), today=given.today, change=change)
    is_well = HostCheck(given.description_file, trial, tell).run(application)
    if given.as_json:
        said = [{"works": one.is_well, "words": one.words} for one in found]
        print(json.dumps(said))  # noqa: T201 - what was asked for
    return 0 if is_well else 1


def _check_screen() -> None:
    """See that there is a screen.

    Raises:
        ShellError: there is none.
    """
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        raise ShellError("There is no screen: DISPLAY is not set. Start the window from a desktop session.")


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _has_gpu() -> bool:
    return Path("/dev/dri").exists()


def main() -> None:
    """Run the command; what went wrong is one sentence and exit status 1."""
    try:
        sys.exit(run(sys.argv[1:]))
    except (ShellError, CloudError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the person's terminal
        sys.exit(1)


if __name__ == "__main__":
    main()
