"""A PostgreSQL of our own: made, started, stopped and removed; never as root, which it refuses."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from demo.programs import free_port


def postgresql_programs() -> Path | None:
    """The folder of the newest PostgreSQL's programs here, None without one."""
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return max(found, key=lambda folder: float(folder.parent.name), default=None)


@contextlib.contextmanager
def postgresql_cluster(programs: Path, *, is_durable: bool) -> Iterator[str]:
    """A cluster on a free port; its URL. Ends and is deleted with the context.

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
        subprocess.run(start, check=True, capture_output=True)
        try:
            yield f"postgresql+psycopg://banyan@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True)
    finally:
        shutil.rmtree(folder)
