"""Cloud and bridge of a rehearsal, each a process of its own that can be killed."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import requests

from legacy_bridge.errors import SideUnavailable

_START_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a rehearsal's files are, and who is rehearsed."""

    folder: Path
    ods: str
    legacy: str
    """SQLAlchemy URL of the legacy database."""

    @property
    def flags(self) -> Path:
        """How far each function has moved."""
        return self.folder / "flags.json"

    @property
    def journal(self) -> Path:
        """The bridge's memory."""
        return self.folder / "journal.sqlite"

    @property
    def records(self) -> str:
        """SQLAlchemy URL of the cloud's records."""
        return f"sqlite:///{self.folder / 'cloud.sqlite'}"


class Program:
    """A process that is started again and again; what it says goes into one file."""

    def __init__(self, name: str, arguments: Sequence[str], folder: Path) -> None:
        self._command = [sys.executable, "-m", *arguments]
        self.log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End it as a crash does (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def said(self) -> str:
        """The last line of what it said."""
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return lines[-1] if lines else ""


def cloud_of(place: Place, port: int) -> Program:
    """The cloud, which trusts whoever is on this machine."""
    named = ["--port", str(port), "--database", place.records, "--practice", place.ods]
    return Program("cloud", ["web_modules", "serve", "--development", *named], place.folder)


def bridge_of(place: Place, port: int) -> Program:
    """The bridge, which reaches the cloud through a port."""
    sides = ["--legacy", place.legacy, "--fhir", f"http://127.0.0.1:{port}/fhir"]
    named = ["--practice", place.ods, "--flags", str(place.flags), "--journal", str(place.journal)]
    return Program("bridge", ["legacy_bridge", "run", *named, *sides], place.folder)


def run_to_its_end(*arguments: str) -> None:
    """Run one of our commands.

    Raises:
        SideUnavailable: it failed; the message is what it said.
    """
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise SideUnavailable(done.stderr.strip() or f"{arguments[0]} {arguments[1]} failed.")


def wait_until_served(port: int, program: Program) -> None:
    """Wait until the cloud answers.

    Raises:
        SideUnavailable: it ended, or does not answer in time.
    """
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and program.runs:
        with contextlib.suppress(requests.RequestException):
            if (
                requests.get(f"http://127.0.0.1:{port}/fhir/metadata", timeout=5).status_code
                == requests.codes.ok
            ):
                return
        time.sleep(_LOOK_SECONDS)
    raise SideUnavailable(f"The cloud does not answer: {program.said()}")


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port: int = door.getsockname()[1]
        return port


def copy_of(file: Path, folder: Path) -> str:
    """Copy a SQLite database with its log, and give the copy's URL."""
    import sqlite3

    copied = folder / "legacy.sqlite"
    with (
        contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source,
        contextlib.closing(sqlite3.connect(copied)) as target,
    ):
        source.backup(target)
    os.chmod(copied, 0o600)
    return f"sqlite:///{copied}"
