"""Keeps several processes that serve one practice on one socket: replaces what dies, ends all together."""

import contextlib
import logging
import multiprocessing
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import FrameType

from web_modules.errors import CloudError
from web_modules.settings import CloudSettings

END_SECONDS = 10
"""Within which a worker that was told to end must have; it takes a second."""

SHORT_LIFE_SECONDS = 5
"""A worker that dies sooner has a reason that does not go away by itself."""

PAUSE_SECONDS = 1

_LOG = logging.getLogger(__name__)


class WorkerFailed(CloudError):
    """A worker could not start, and said why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worker:
    process: SpawnProcess
    line: Connection
    """What it says comes here; it ends when this end is closed, be it by our death."""
    began: float

    def wait_until_ready(self) -> None:
        """Raises `WorkerFailed` when it never will be."""
        try:
            trouble = self.line.recv()
        except EOFError:
            trouble = "A worker ended while it started: its log says why."
        if trouble:
            raise WorkerFailed(trouble)

    def last_words(self) -> str:
        """Why it could not start, if that is so; it has ended."""
        said = ""
        with contextlib.suppress(EOFError, OSError):
            while self.line.poll():
                said = self.line.recv()
        return said


def keep_workers(settings: CloudSettings, listening: socket.socket, when_ready: Callable[[], None]) -> None:
    """Serve with several processes until SIGTERM or SIGINT; blocks. Must be called by the main thread.

    Raises:
        WorkerFailed: the first of them cannot start.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    workers: list[_Worker] = []
    try:
        workers.append(_started(settings, listening))
        workers[0].wait_until_ready()  # makes what is not there yet; what is wrong is said once
        workers += [_started(settings, listening) for _ in range(settings.workers - 1)]
        for worker in workers[1:]:
            worker.wait_until_ready()
        when_ready()
        while True:
            ended = connection.wait([worker.process.sentinel for worker in workers])
            for place, worker in enumerate(workers):
                if worker.process.sentinel in ended:
                    workers[place] = _replaced(worker, settings, listening)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)  # it is on its way
        _end(workers)


def _started(settings: CloudSettings, listening: socket.socket) -> _Worker:
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_run, args=(settings, listening, theirs), name="worker")
    process.start()
    theirs.close()
    return _Worker(process=process, line=ours, began=time.monotonic())


def _replaced(worker: _Worker, settings: CloudSettings, listening: socket.socket) -> _Worker:
    worker.process.join()
    said = worker.last_words()
    worker.line.close()
    _LOG.warning("a worker ended (exit %s); another one takes its place", worker.process.exitcode)
    if said:
        _LOG.error("it could not start: %s", said)
    if time.monotonic() - worker.began < SHORT_LIFE_SECONDS:
        time.sleep(PAUSE_SECONDS)
    return _started(settings, listening)


def _end(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.line.close()
    until = time.monotonic() + END_SECONDS
    for worker in workers:
        worker.process.join(max(until - time.monotonic(), 0))
        if worker.process.exitcode is None:
            worker.process.kill()
            worker.process.join()


def _run(settings: CloudSettings, listening: socket.socket, line: Connection) -> None:
    """What a worker does."""
    from web_modules.commands.worker import work

    def until_alone() -> None:
        with contextlib.suppress(EOFError, OSError):
            line.recv()

    try:
        work(settings, listening, when_ready=lambda: line.send(""), until=until_alone)
    except CloudError as error:
        line.send(str(error))
        raise SystemExit(1) from error


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
