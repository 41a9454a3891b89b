"""A practice, its cloud and bridge, and a screen: what the benchmarks measure on, thrown away afterwards."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.arguments import Options
from demo.check.facts import ChosenPatient, Facts
from demo.check.hands import Hands, wait_until
from demo.check.virtual_screen import VirtualScreen
from demo.flags import move
from demo.place import Environment, place_of
from demo.practice import filling_of
from demo.session import Session
from tests.benchmarks.glass import Glass
from web_modules.decision.words import Function, Stage

AGAIN_SECONDS = 5.0
CLOSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a benchmark works with.

    Attributes:
        glass: what is seen of the screen where windows appear.
        hands: keys and mouse there.
        session: the environment's programs.
        cloud: the cloud's address.
        variables: the environment of programs that draw on the screen.
        calm_box: the part of the shell's window without a clock or a mirror's age in it.
    """

    glass: Glass
    hands: Hands
    session: Session
    cloud: str
    variables: dict[str, str]
    calm_box: tuple[int, int, int, int] = (0, 330, 1440, 850)

    def patients(self, count: int) -> list[ChosenPatient]:
        """Patients whom both sides show."""
        filling = filling_of(self.session.place)
        if filling is None or filling.day is None:
            raise LookupError("the practice was filled with nothing")
        return Facts(self.session.place.database, filling.practice.ods).patients(count, filling.day)

    def close_window(self, process: subprocess.Popen[bytes]) -> None:
        """Close the window that has the keys, and wait for its process.

        Raises:
            DemoError: it does not end.
        """

        def is_closed() -> bool:
            self.hands.close_active_window()
            try:
                process.wait(AGAIN_SECONDS)
            except subprocess.TimeoutExpired:
                return False  # the key came before the window manager knew the window
            return True

        wait_until(is_closed, seconds=CLOSE_SECONDS, what="the window to close")


@contextmanager
def reference_world() -> Iterator[World]:
    """A filled reference practice with cloud and bridge running, in a folder of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="banyan-bench-") as folder,
        VirtualScreen(Path(folder) / "logs") as screen,
    ):
        variables = {**screen.variables, "XDG_STATE_HOME": folder}
        session = Session(place_of(Environment.REFERENCE, variables), variables, _say)
        options = Options(
            environment=Environment.REFERENCE,
            extract=None,
            today=None,
            is_reset=False,
            is_check=False,
            screenshots=None,
        )
        cloud = session.prepare(options)
        # Both functions that are switched between show a page, as the peer's two views do.
        move(session.place, Function.APPOINTMENTS, Stage.LEAD)
        try:
            yield World(
                glass=Glass(screen.memory),
                hands=Hands(screen.variables),
                session=session,
                cloud=cloud,
                variables=variables,
            )
        finally:
            session.end_programs()


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)
