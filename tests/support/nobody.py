"""Programs that tests start as somebody without rights, because Chromium has no sandbox for root."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parents[2]
_NOBODY: Final = 65534
_READS_ALL: Final = "+dac_read_search"
"""Python and the project may lie where only root reads; it is not a right to write or to see processes."""
_AS_NOBODY: Final = (
    *("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"),
    *(f"--inh-caps={_READS_ALL}", f"--ambient-caps={_READS_ALL}"),
)
_PROBES: Final = (("unshare", "--user", "true"), (sys.executable, "-c", "import PySide6.QtWidgets"))


@cache
def can_be_nobody() -> bool:
    """Whether root runs the tests, and nobody may make a namespace, as the sandbox does."""
    return os.geteuid() == 0 and all(
        subprocess.run([*_AS_NOBODY, *probe], cwd=ROOT, check=False, capture_output=True).returncode == 0
        for probe in _PROBES
    )


@contextlib.contextmanager
def nobody() -> Iterator[tuple[Sequence[str], Mapping[str, str]]]:
    """What to put before a command to have it run as nobody, and variables to run it with.

    Where that cannot be, neither: it runs as whoever runs the tests.
    """
    if not can_be_nobody():
        yield (), {}
        return
    with tempfile.TemporaryDirectory(prefix="banyan-nobody-") as home:
        os.chown(home, _NOBODY, _NOBODY)
        yield _AS_NOBODY, {"HOME": home, "XDG_RUNTIME_DIR": home}
