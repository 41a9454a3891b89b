"""Keeps cloud and bridge alive: starts them in order, starts again what dies, ends them together."""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from subprocess import Popen

from demo.errors import ProgramFailed
from demo.programs import Program, end, start, why_ended

HEALTHY_SECONDS = 90.0
"""How long the cloud may take to answer for the first time, on a slow machine that has much to read."""
FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""A program that ran for so long was well: the next delay is the first one again."""
LOOK_SECONDS = 0.1


@dataclass(slots=True, kw_only=True)
class _Kept:
    program: Program
    process: Popen[bytes]
    started: float
    delay: float = FIRST_DELAY_SECONDS
    next_start: float | None = None


@dataclass(slots=True)
class Keeper:
    """Starts programs and keeps them running until told to stop.

    All methods are called on one thread; `stop` may be called from a signal handler.
    """

    say: Callable[[str], None]
    stopping: threading.Event = field(default_factory=threading.Event)
    _kept: list[_Kept] = field(default_factory=list)

    def keep(self, program: Program) -> None:
        """Start a program that has to run from now on.

        Raises:
            ProgramFailed: it cannot be started.
        """
        self._kept.append(_Kept(program=program, process=start(program), started=time.monotonic()))

    def wait_until_healthy(self, url: str) -> None:
        """Wait until the program that was started last answers at its health address.

        Raises:
            ProgramFailed: it ended, or gave no answer in time.
        """
        kept = self._kept[-1]
        deadline = time.monotonic() + HEALTHY_SECONDS
        while not _answers(url):
            status = kept.process.poll()
            if status is not None:
                why = why_ended(status, kept.program.log)
                raise ProgramFailed(f"The {kept.program.name} ended ({why}); see {kept.program.log}.")
            if self.stopping.is_set():
                raise ProgramFailed(f"The {kept.program.name} was stopped.")
            if time.monotonic() > deadline:
                raise ProgramFailed(
                    f"The {kept.program.name} did not answer within {HEALTHY_SECONDS:.0f} s; "
                    f"see {kept.program.log}."
                )
            self.stopping.wait(LOOK_SECONDS)

    def watch(self) -> None:
        """Start again what dies, until `stop`; the longer between starts, the more often it dies."""
        while not self.stopping.wait(LOOK_SECONDS):
            now = time.monotonic()
            for kept in self._kept:
                self._look_after(kept, now)

    def stop(self) -> None:
        """Make `watch` return."""
        self.stopping.set()

    def end_all(self) -> None:
        """End the programs, the last started first."""
        for kept in reversed(self._kept):
            end(kept.process)
        self._kept.clear()

    def _look_after(self, kept: _Kept, now: float) -> None:
        if kept.process.poll() is None:
            return
        if kept.next_start is None:
            if now - kept.started > STEADY_SECONDS:
                kept.delay = FIRST_DELAY_SECONDS
            self.say(f"the {kept.program.name} ended ({kept.process.returncode}); starting it again")
            kept.next_start = now + kept.delay
            kept.delay = min(kept.delay * 2, LONGEST_DELAY_SECONDS)
        if now >= kept.next_start:
            kept.process = start(kept.program)
            kept.started = now
            kept.next_start = None


def run_once(program: Program, stopping: threading.Event) -> None:
    """Run a program to its end.

    Raises:
        ProgramFailed: it failed, or was to be stopped.
    """
    process = start(program)
    try:
        while process.poll() is None:
            if stopping.wait(LOOK_SECONDS):
                raise ProgramFailed(f"The {program.name} was stopped.")
    finally:
        end(process)
    if process.returncode != 0:
        why = why_ended(process.returncode, program.log)
        raise ProgramFailed(f"The {program.name} failed ({why}); see {program.log}.")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2.0) as answer:  # noqa: S310 - our own address on loopback
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
