"""Windows that only show web pages: what the shell's window is measured beside."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.bare_window import COLOURS, PAGE
from tests.benchmarks.glass import Box
from tests.benchmarks.world import World

QUTEBROWSER = "/usr/bin/qutebrowser"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A window to measure.

    Attributes:
        name: as the table calls it; None: the shell.
        start: starts it with so many pages.
        box: of the glass, where its page is and no clock.
        keys: what switches to its first and its second page.
    """

    name: str | None
    start: Callable[[int], subprocess.Popen[bytes]]
    box: Box
    keys: tuple[str, str]


@contextmanager
def windows(world: World) -> Iterator[tuple[Peer, ...]]:
    """The shell's window first, then its peers; qutebrowser where it is installed."""
    with tempfile.TemporaryDirectory(prefix="banyan-bench-pages-") as folder:
        pages = [Path(folder, f"{number}.html") for number in range(len(COLOURS))]
        for number, (page, colour) in enumerate(zip(pages, COLOURS, strict=True)):
            page.write_text(PAGE.format(colour=colour, title=number))
        shell = Peer(
            name=None,
            start=lambda _pages: world.session.start_window(world.cloud),
            box=world.calm_box,
            keys=("ctrl+1", "ctrl+2"),
        )
        bare = Peer(
            name="bare-qtwebengine",
            start=lambda count: subprocess.Popen(
                [sys.executable, "-m", "tests.benchmarks.bare_window", str(count)], env=world.variables
            ),
            box=(40, 60, 1400, 860),
            keys=("ctrl+1", "ctrl+2"),
        )
        qutebrowser = Peer(
            name="qutebrowser",
            start=lambda count: _qutebrowser(world, Path(folder), pages[:count]),
            box=(60, 100, 840, 640),
            keys=("alt+1", "alt+2"),
        )
        yield (shell, bare, qutebrowser) if os.access(QUTEBROWSER, os.X_OK) else (shell, bare)


def _qutebrowser(world: World, folder: Path, pages: list[Path]) -> subprocess.Popen[bytes]:
    drawing = {"XDG_RUNTIME_DIR": str(folder)}
    if os.geteuid() == 0:
        drawing["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
    if not Path("/dev/dri").exists():
        drawing["QT_QUICK_BACKEND"] = "software"
    flags = [] if Path("/dev/dri").exists() else ["--qt-flag", "disable-gpu"]
    return subprocess.Popen(
        [QUTEBROWSER, "--temp-basedir", "--loglevel", "error", *flags, *map(str, pages)],
        env={**world.variables, **drawing},
        stderr=subprocess.DEVNULL,
    )
