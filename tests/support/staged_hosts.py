"""Drives a stage: sends it commands, waits for what its hosts say, reads what its guest was typed."""

import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.support.nobody import nobody
from tests.support.virtual_screen import VirtualScreen
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]


class StagedHosts:
    """A running stage. To be used in a `with` statement.

    Args:
        screen: where it draws.
        arguments: the stage's own.
        is_nobody: run by somebody without rights where that can be, so that Chromium's sandbox is on.
    """

    def __init__(self, screen: VirtualScreen, *arguments: str, is_nobody: bool = False) -> None:
        self.screen = screen
        self.events: list[dict[str, Any]] = []
        self._after = contextlib.ExitStack()
        before, variables = self._after.enter_context(nobody()) if is_nobody else ((), {})
        self.process = subprocess.Popen(
            [*before, sys.executable, "-m", "tests.support.host_stage", *arguments],
            cwd=ROOT,
            env={**screen.environment(), **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.complaints: list[str] = []
        self._readers = [
            threading.Thread(target=self._read_events, daemon=True),
            threading.Thread(target=self._read_complaints, daemon=True),
        ]

    def __enter__(self) -> "StagedHosts":
        for reader in self._readers:
            reader.start()
        self.wait_for("ready", seconds=30)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Have the stage quit by itself, and take its streams down."""
        if self.process.poll() is None and self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for reader in self._readers:
            reader.join(5)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        self._after.close()

    def kill(self) -> None:
        """SIGKILL, as a crash is."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """The stage does nothing for a while, as on a machine with other work; what comes in waits."""
        self.process.send_signal(signal.SIGSTOP)
        stat = Path(f"/proc/{self.process.pid}/stat")
        until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "the stage stands still")
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def tell(self, do: str, **fields: object) -> Any:
        """Send a command and wait until it is done; returns its answer."""
        assert self.process.stdin is not None
        before = len(self.events)
        self.process.stdin.write(json.dumps({"do": do, **fields}).encode() + b"\n")
        self.process.stdin.flush()
        return self.wait_for("did", name=do, since=before).get("answer")

    def open(self, side: str, function: str, number: str | None, *, context: str = "c1") -> None:
        """Open a patient (by one word for both sides) on a side."""
        patient = {"fhir_id": f"p{number}", "patient_number": number} if number else None
        self.tell("open", side=side, function=function, patient=patient, token=context)

    def wait_for(
        self, event: str, *, since: int = 0, seconds: float = 20, **fields: object
    ) -> dict[str, Any]:
        """The first event of a kind with these fields."""

        def find() -> dict[str, Any] | None:
            for said in self.events[since:]:
                if said["event"] == event and all(said.get(key) == value for key, value in fields.items()):
                    return said
            if self.process.poll() is not None:
                raise AssertionError(f"the stage ended: {self.complaints[-8:]}")
            return None

        found = until(
            find, f"{event} {fields} in {self.events[-8:]} {self.complaints[-12:]}", seconds=seconds
        )
        assert found is not None
        return found

    def last(self, event: str) -> dict[str, Any] | None:
        """The last event of a kind."""
        return next((said for said in reversed(self.events) if said["event"] == event), None)

    def middle(self, part: str) -> tuple[int, int]:
        """The middle of a part of the window, on the screen."""
        x, y = self.tell("where")[part]
        return x, y

    def _read_events(self) -> None:
        self._read(self.process.stdout, lambda line: self.events.append(json.loads(line)))

    def _read_complaints(self) -> None:
        self._read(self.process.stderr, self.complaints.append)

    def _read(self, stream: Any, take: Callable[[str], None]) -> None:
        for line in stream:
            take(line.decode(errors="replace").rstrip())
