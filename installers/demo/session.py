"""One run: a filled practice, programs that run, the window, and the end of all of it."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from urllib.parse import urlsplit

from demo.arguments import Options
from demo.errors import AlreadyOpen, DemoError, ProgramFailed
from demo.flags import write_default_flags
from demo.locks import FileLock, is_held
from demo.place import Place
from demo.practice import Filling, ensure_filled, filling_of, past_the_book
from demo.processes import processes_with
from demo.programs import last_words, why_ended

END_SECONDS = 30.0
LOOK_SECONDS = 0.05
KEEPER_LOOK_SECONDS = 0.5
RETRY_SECONDS = 5.0
ASKS_AFTER_SECONDS = 2.0
"""A legacy program that has nothing to ask has ended by then."""
SIGN_IN = "priya.nair"
"""The development sign-in's GP, who may do what the modules offer."""


class Session:
    """One environment's programs and window, as one person uses them."""

    def __init__(self, place: Place, variables: Mapping[str, str], say: Callable[[str], None]) -> None:
        """Name the environment; nothing is started yet.

        Args:
            place: where it lives.
            variables: what the programs find in their environment: the screen, the state folder's place.
            say: told in words what is going on.
        """
        self.place = place
        self._variables = dict(variables)
        self._say = say
        self._window_lock = FileLock(place.window_lock)
        self._today: date | None = None

    def prepare(self, options: Options) -> str:
        """Fill the practice if need be and have cloud and bridge running.

        Returns:
            The cloud's address.

        Raises:
            AlreadyOpen: a window of this environment is open.
            DemoError: something else stands in the way.
        """
        # The lock is the run's; a window whose run was killed is still a window.
        if not self._window_lock.try_acquire() or window_processes(self.place):
            raise AlreadyOpen(
                f"The {self.place.environment.value} environment is open already: use its window, "
                "or close it and run this again."
            )
        if options.is_reset or options.extract is not None or filling_of(self.place) is None:
            self._say("filling the practice")
        filling = ensure_filled(
            self.place,
            extract=options.extract,
            today=options.today,
            is_reset=options.is_reset,
            end_programs=self._end_before_reset,
        )
        write_default_flags(self.place)
        # Generated data lie around the day of their making; an extract lies in the past. A check needs a day
        # on which there is something in the book.
        self._today = options.today or (filling.day if filling.source or options.is_check else None)
        empty = past_the_book(filling, self._today or date.today())  # noqa: DTZ011 - the practice's own calendar
        if empty is not None:
            self._say(empty)
        return self._running_cloud(filling) or self._start_service(filling)

    def start_window(
        self, cloud: str, *, module: str = "shell", more: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Open the shell.

        Args:
            cloud: its address.
            module: what is run; a benchmark runs the shell watched.
            more: what its environment says besides.
        """
        place = self.place
        command = [sys.executable, "-m", module, "--cloud", cloud, "--flags", str(place.flags)]
        command += ["--legacy-database", place.database_url, "--sign-in", SIGN_IN]
        command += ["--training"] if place.environment.value == "training" else []
        place.logs.mkdir(parents=True, exist_ok=True)
        with (place.logs / "shell.log").open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**self._variables, "BANYAN_SHELL_ENDS_ALL": "true", **(more or {})},
            )

    def run_window(self, cloud: str) -> None:
        """Open the window, wait until it is closed, end all.

        Asked to end, be it by Ctrl+C or by a signal, it asks the window, which asks about unsaved work.

        Raises:
            ProgramFailed: the window ended by a fault; the other programs go on.
        """
        window = self.start_window(cloud)
        self._say("the window is open; closing it ends all")
        status, is_asked = None, False
        while status is None:
            try:
                status = self._watch(window, cloud)
            except KeyboardInterrupt:
                is_asked = True
                window.terminate()
        if status != 0 and not is_asked:
            log = self.place.logs / "shell.log"
            why = why_ended(status, log)
            raise ProgramFailed(
                f"The window ended by a fault ({why}); see {log}. Cloud, bridge and legacy program go on: "
                "run this again to come back to them."
            )
        self._let_legacy_program_end()
        self.end_programs()

    def _watch(self, window: subprocess.Popen[bytes], cloud: str) -> int:
        """Wait until the window ends; start cloud and bridge again when their keeper dies meanwhile."""
        pause = KEEPER_LOOK_SECONDS
        while True:
            try:
                return window.wait(pause)
            except subprocess.TimeoutExpired:
                pass
            try:
                if not is_held(self.place.keeper_lock):
                    self._start_service_again(cloud)
                pause = KEEPER_LOOK_SECONDS
            except DemoError as error:
                self._say(f"{error} Trying again in {RETRY_SECONDS:.0f} s.")
                pause = RETRY_SECONDS

    def _start_service_again(self, cloud: str) -> None:
        """Start cloud and bridge at the address that the window knows."""
        filling = filling_of(self.place)
        if filling is None:
            raise DemoError(f"The practice in {self.place.folder} is gone: close the window.")
        self._say("who keeps cloud and bridge has died; starting them again")
        for pid in self._kept_processes():
            with suppress(ProcessLookupError):  # most end with their keeper
                os.kill(pid, signal.SIGTERM)
        _wait_for(lambda: not self._kept_processes())
        self._start_service(filling, urlsplit(cloud).port or 0)

    def _kept_processes(self) -> list[int]:
        cloud = processes_with(["web_modules", self.place.cloud_url])
        return cloud + processes_with(["legacy_bridge", str(self.place.journal)])

    def _let_legacy_program_end(self) -> None:
        """Close the legacy program, which may ask about unsaved work; what it saves is mirrored yet."""
        for process in legacy_processes(self.place):
            os.kill(process, signal.SIGTERM)
        asks_since = time.monotonic() + ASKS_AFTER_SECONDS
        while legacy_processes(self.place):
            if time.monotonic() > asks_since:
                self._say("the legacy program asks about its unsaved work: answer it in its own window")
                asks_since = math.inf
            time.sleep(LOOK_SECONDS)

    def _end_before_reset(self) -> None:
        if filling_of(self.place) is not None:
            self._say("throwing away the practice that was there")
        self.end_programs()

    def end_programs(self) -> None:
        """End cloud, bridge and, should it still run, the legacy program."""
        pid = self._keeper_pid()
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            _wait_for(lambda: not is_held(self.place.keeper_lock))
        for process in legacy_processes(self.place):
            os.kill(process, signal.SIGTERM)
        _wait_for(lambda: not legacy_processes(self.place))

    def _keeper_pid(self) -> int | None:
        if not is_held(self.place.keeper_lock):
            return None
        try:
            pid: int = json.loads(self.place.running.read_text("utf-8"))["pid"]
        except OSError:
            return None
        return pid

    def _running_cloud(self, filling: Filling) -> str | None:
        if self._keeper_pid() is None:
            return None
        running = json.loads(self.place.running.read_text("utf-8"))
        if running["today"] != (self._today.isoformat() if self._today else None):
            self._say("another day was asked for: starting cloud, bridge and legacy program again")
            self.end_programs()
            return None
        self._say(f"cloud and bridge of {filling.practice.name} run still; opening the window again")
        cloud: str = running["cloud"]
        return cloud

    def _start_service(self, filling: Filling, port: int = 0) -> str:
        command = [sys.executable, "-m", "demo", "keep", self.place.environment.value, str(port)]
        command += [self._today.isoformat()] if self._today else []
        self.place.logs.mkdir(parents=True, exist_ok=True)
        with (self.place.logs / "keeper.log").open("ab") as log:
            service = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._variables,
                text=True,
                start_new_session=True,  # Ctrl+C in the terminal is none of its business
            )
        assert service.stdout is not None  # noqa: S101 - it is a pipe
        try:
            with service.stdout as lines:
                for line in lines:
                    said = json.loads(line)
                    if "ready" in said:
                        self._say(f"{filling.practice.name} is ready")
                        ready: str = said["ready"]
                        return ready
                    if "fail" in said:
                        raise ProgramFailed(said["fail"])
                    self._say(said["say"])
        except KeyboardInterrupt:
            service.terminate()
            service.wait(END_SECONDS)
            raise
        log_file = self.place.logs / "keeper.log"
        raise ProgramFailed(
            f"Cloud and bridge could not be started ({last_words(log_file)}); see {log_file}."
        )


def legacy_processes(place: Place) -> list[int]:
    """The legacy program's processes on this environment's database."""
    return processes_with(["shell.reference_legacy", place.database_url])


def window_processes(place: Place) -> list[int]:
    """The shell's processes on this environment."""
    return processes_with(["shell", "--cloud", str(place.flags)])


def _wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + END_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise DemoError("A program did not end in time; end it yourself and run this again.")
        time.sleep(LOOK_SECONDS)
