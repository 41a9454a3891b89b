"""One program as a process: started with its output in a log file, asked to end, and ended."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from demo.errors import ProgramFailed

END_SECONDS = 10.0
"""How long a program may take to end when asked; after that it is killed."""

_UNLESS_ORPHANED = '[ "$PPID" = "$1" ] || exit 1; shift; exec "$@"'
"""A process whose parent died before it asked to be told of that is never told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How to start one program.

    Attributes:
        name: what messages call it.
        command: its arguments.
        variables: what it gets in its environment beside ours; secrets travel here and nowhere else.
        log: the file that its output is added to.
    """

    name: str
    command: Sequence[str]
    variables: Mapping[str, str] = field(default_factory=dict)
    log: Path


def start(program: Program) -> subprocess.Popen[bytes]:
    """Start a program that ends when this process does.

    Raises:
        ProgramFailed: it cannot be started.
    """
    command = list(program.command)
    # Without this a killed keeper would leave a cloud and a bridge that nobody looks after.
    setpriv = shutil.which("setpriv")
    if setpriv:
        started_by = ["sh", "-c", _UNLESS_ORPHANED, "sh", str(os.getpid())]
        command = [setpriv, "--pdeathsig", "TERM", "--", *started_by, *command]
    program.log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with program.log.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **program.variables},
            )
    except OSError as error:
        raise ProgramFailed(f"The {program.name} cannot be started: {error.strerror}.") from error


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a program to end, and kill it when it does not."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(END_SECONDS)


def why_ended(status: int, log: Path) -> str:
    """Why a program ended: the signal that ended it, or else the last line that it wrote."""
    if status >= 0:
        return last_words(log)
    try:
        return f"signal {signal.Signals(-status).name}"
    except ValueError:  # a real-time one has no name
        return f"signal {-status}"


def last_words(log: Path) -> str:
    """The last line that a program wrote, to be told with the news that it ended."""
    try:
        lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    except OSError:
        lines = []
    return lines[-1].strip()[:300] if lines else "it said nothing"


def free_port() -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
