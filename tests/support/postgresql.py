"""A PostgreSQL of our own: made, started, stopped and removed; never as root, which it refuses."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.programs import free_port
from tests.support.waiting import until


def postgresql_programs() -> Path | None:
    """The folder of the newest PostgreSQL's programs here, None without one."""
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return max(found, key=lambda folder: float(folder.parent.name), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A PostgreSQL that runs.

    Attributes:
        url: of a database in it.
        data: its folder.
        start_command: starts it again.
    """

    url: str
    data: Path
    start_command: Sequence[str]

    def start(self) -> None:
        """Start it, and wait until it answers."""
        subprocess.run(self.start_command, check=True, capture_output=True)

    def kill(self) -> None:
        """End all of its processes as a power cut does (kill -9)."""
        first = int((self.data / "postmaster.pid").read_text("ascii").split()[0])
        tasks = Path(f"/proc/{first}/task/{first}/children")
        all_of_them = [first, *map(int, tasks.read_text("ascii").split())]
        for process in all_of_them:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        until(lambda: not any(map(_is_running, all_of_them)), "PostgreSQL has ended")
        # As after a power cut, when nobody has that number: here nobody may have waited for the dead.
        for lock in (self.data / "postmaster.pid", *self.data.parent.glob(".s.PGSQL.*.lock")):
            lock.unlink()


def _is_running(process: int) -> bool:
    try:
        told = Path(f"/proc/{process}/stat").read_text("ascii")
    except OSError:
        return False
    return told.rpartition(")")[2].split()[0] != "Z"


@contextlib.contextmanager
def postgresql_cluster(programs: Path, *, is_durable: bool) -> Iterator[str]:
    """The URL of a cluster of one's own; see `own_cluster`."""
    with own_cluster(programs, is_durable=is_durable) as cluster:
        yield cluster.url


@contextlib.contextmanager
def own_cluster(programs: Path, *, is_durable: bool) -> Iterator[Cluster]:
    """A cluster on a free port. Ends and is deleted with the context.

    Args:
        programs: the folder of initdb and pg_ctl.
        is_durable: whether a commit waits for the disk, as it does in a practice; tests need not.
    """
    names = {one.pw_name for one in pwd.getpwall()}
    user = next(name for name in ("postgres", "nobody") if name in names)
    drop = ["setpriv", "--reuid", user, "--regid", str(pwd.getpwnam(user).pw_gid), "--clear-groups"]
    prefix = drop if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        if prefix:
            shutil.chown(folder, user)
        port = free_port()
        make = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "banyan", "-A", "trust", "-N"]
        subprocess.run([*prefix, *make], check=True, capture_output=True)
        control = [*prefix, str(programs / "pg_ctl"), "-D", str(folder / "data"), "-w"]
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
        options += "" if is_durable else " -c fsync=off"
        start = [*control, "-o", options, "-l", str(folder / "log"), "start"]
        url = f"postgresql+psycopg://banyan@127.0.0.1:{port}/postgres"
        cluster = Cluster(url=url, data=folder / "data", start_command=start)
        cluster.start()
        try:
            yield cluster
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True)
    finally:
        shutil.rmtree(folder)
