"""Runs cloud and bridge of one environment in the background, and tells who started it how that goes.

It is a process of its own, so that a window that crashes ends nothing. It says one JSON object a line on
its standard output until all is ready: `{"say": …}`, then `{"ready": …}` or `{"fail": …}`.
"""

import json
import os
import secrets
import sys
from datetime import date
from pathlib import Path
from typing import Any

from demo.errors import DemoError, ProgramFailed
from demo.keeper import Keeper, run_once
from demo.locks import FileLock
from demo.place import Place
from demo.practice import Filling
from demo.programs import Program, free_port

CLOUD_STARTS = 3
"""Between finding a free port and taking it somebody else may take it; three times is no accident."""


def serve(place: Place, filling: Filling, today: date | None, keeper: Keeper, port: int) -> int:
    """Start cloud and bridge, say so, and look after them until the keeper is stopped.

    Args:
        place: whose they are.
        filling: what their practice was filled with.
        today: what day it is there; None: the real one.
        keeper: who looks after them.
        port: where the cloud is to answer; 0: on a free one.

    Returns:
        The exit status.
    """
    lock = FileLock(place.keeper_lock)
    if not lock.try_acquire():
        _tell({"fail": "Another run keeps this environment's programs; close its window first."})
        return 1
    token = secrets.token_urlsafe(32)
    try:
        cloud = _start_cloud(place, filling, today, keeper, token, port)
        _start_bridge(place, filling, cloud, keeper, token)
    except DemoError as error:
        keeper.end_all()
        _tell({"fail": str(error)})
        return 1
    running = {"pid": os.getpid(), "cloud": cloud, "today": today.isoformat() if today else None}
    whole = place.running.with_suffix(".new")
    whole.write_text(json.dumps(running), encoding="utf-8")
    whole.replace(place.running)
    _tell({"ready": cloud})
    _detach_output(place.logs / "keeper.log")
    try:
        keeper.watch()
    finally:
        place.running.unlink(missing_ok=True)
        keeper.end_all()
    return 0


def _start_cloud(
    place: Place, filling: Filling, today: date | None, keeper: Keeper, token: str, wanted_port: int
) -> str:
    _tell({"say": "starting the cloud"})
    for attempt in range(1, CLOUD_STARTS + 1):
        port = wanted_port or free_port()
        cloud = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "web_modules", "serve", "--port", str(port), "--development"]
        command += ["--database", place.cloud_url, "--environment", place.environment.value]
        command += ["--practice", filling.practice.ods, "--practice-name", filling.practice.name]
        command += ["--flags", str(place.flags)]
        command += ["--today", today.isoformat()] if today else []
        keeper.keep(
            Program(
                name="cloud",
                command=command,
                variables={"BANYAN_CLOUD_SERVICE_TOKEN": token},
                log=place.logs / "cloud.log",
            )
        )
        try:
            keeper.wait_until_healthy(f"{cloud}/health")
        except ProgramFailed:
            keeper.end_all()
            if attempt == CLOUD_STARTS or keeper.stopping.is_set():
                raise
        else:
            break
    return cloud


def _start_bridge(place: Place, filling: Filling, cloud: str, keeper: Keeper, token: str) -> None:
    options = ["--practice", filling.practice.ods, "--legacy", place.database_url]
    options += ["--fhir", f"{cloud}/{filling.practice.ods}/fhir", "--flags", str(place.flags)]
    options += ["--journal", str(place.journal), "--environment", place.environment.value]

    def bridge(command: str) -> Program:
        return Program(
            name="bridge",
            command=[sys.executable, "-m", "legacy_bridge", command, *options],
            variables={"BANYAN_BRIDGE_TOKEN": token},
            log=place.logs / "bridge.log",
        )

    _tell({"say": "comparing the two sides and carrying what differs"})
    run_once(bridge("once"), keeper.stopping)
    keeper.keep(bridge("run"))


def _tell(what: dict[str, Any]) -> None:
    # Who started this may have been closed meanwhile; then there is nobody to tell.
    try:
        print(json.dumps(what), flush=True)
    except BrokenPipeError:
        _detach_output(Path(os.devnull))


def _detach_output(log: Path) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, sys.stdout.fileno())
    os.dup2(descriptor, sys.stderr.fileno())
    os.close(descriptor)
