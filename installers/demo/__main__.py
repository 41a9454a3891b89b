"""`python -m demo`: opens the demonstration, or checks it without a person. Called by `run.sh`."""

import os
import signal
import sys
from collections.abc import Sequence
from datetime import date

from demo.arguments import Options, read_arguments
from demo.errors import DemoError, ProgramFailed
from demo.keeper import Keeper
from demo.place import Environment, place_of
from demo.practice import filling_of
from demo.screen import require_screen
from demo.service import serve
from demo.session import Session


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for.

    Returns:
        The exit status: 0 when the window was closed by a person, or the check held.
    """
    if arguments and arguments[0] == "keep":
        return _keep(arguments[1:])
    options = read_arguments(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # all that a run has started ends with it
    try:
        if options.is_check or options.gallery is not None:
            return _without_a_person(options)
        require_screen(os.environ)
        session = Session(place_of(options.environment, os.environ), os.environ, _say)
        session.run_window(session.prepare(options))
    except DemoError as error:
        _say(str(error))
        return 1
    except OSError as error:
        _say(f"{error.filename or 'A file'} cannot be used: {error.strerror}.")
        return 1
    except KeyboardInterrupt:
        _say("stopped")
        return 130
    return 0


def _without_a_person(options: Options) -> int:
    if options.gallery is not None:
        from demo.check.gallery import run_gallery

        return run_gallery(options, options.gallery)
    from demo.check.check import run_check

    return run_check(options)


def _keep(arguments: Sequence[str]) -> int:
    place = place_of(Environment(arguments[0]), os.environ)
    filling = filling_of(place)
    if filling is None:
        raise ProgramFailed("The practice is not filled.")
    keeper = Keeper(lambda text: print(text, file=sys.stderr, flush=True))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: keeper.stop())
    today = date.fromisoformat(arguments[2]) if len(arguments) > 2 else None
    return serve(place, filling, today, keeper, port=int(arguments[1]))


def _say(text: str) -> None:
    print(f"banyan: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
