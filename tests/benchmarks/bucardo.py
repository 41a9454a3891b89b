"""Bucardo between two PostgreSQL masters, as its package comes or tuned: the peer of our mirror."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url

from demo.errors import DemoError
from legacy_bridge.legacy.schema import METADATA
from tests.benchmarks.mirror_rows import TABLES
from tests.support.postgresql import postgresql_cluster, postgresql_programs

TUNED = {"kid_sleep": "0.01", "ctl_sleep": "0.01", "mcp_loop_sleep": "0.01"}
"""How often its processes look, in seconds; by default 0.5 and 0.2."""
_STOP_SECONDS = 30
_PAUSE_SECONDS = 3.0
"""Its processes hear of a pause later; one that is over before they did would never end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucardo:
    """One that runs.

    Attributes:
        one: a master.
        other: the other.
        folder: its settings and logs.
    """

    one: Engine
    other: Engine
    folder: Path

    def pause(self) -> None:
        """Let it rest."""
        _bucardo(self.folder, "pause", "three")
        time.sleep(_PAUSE_SECONDS)

    def resume(self) -> None:
        """Let it go on."""
        _bucardo(self.folder, "resume", "three")
        _bucardo(self.folder, "kick", "three")


@contextmanager
def bucardo(folder: Path, settings: dict[str, str]) -> Iterator[Bucardo]:
    """Two masters with three empty tables, and Bucardo between them.

    Raises:
        DemoError: Bucardo or PostgreSQL is not installed, or does not start.
    """
    programs = postgresql_programs()
    if programs is None or shutil.which("bucardo") is None:
        raise DemoError("Bucardo is measured too and is not installed (packages bucardo, postgresql-plperl).")
    folder.mkdir()
    with ExitStack() as stack:
        masters = [stack.enter_context(postgresql_cluster(programs, is_durable=True)) for _ in range(2)]
        engines = [create_engine(url) for url in masters]
        for engine in engines:
            stack.callback(engine.dispose)
            METADATA.create_all(engine, tables=[METADATA.tables[name] for name in TABLES])
        _set_up(folder, masters, settings)
        _bucardo(folder, "start", f"--log-dest={folder}")
        try:
            yield Bucardo(one=engines[0], other=engines[1], folder=folder)
        finally:
            _bucardo(folder, "stop", f"--log-dest={folder}")


def _set_up(folder: Path, masters: list[str], settings: dict[str, str]) -> None:
    control = make_url(masters[0])
    with create_engine(control, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("CREATE ROLE bucardo SUPERUSER LOGIN")
        connection.exec_driver_sql("CREATE DATABASE bucardo OWNER bucardo")
    with create_engine(masters[1], isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("CREATE ROLE bucardo SUPERUSER LOGIN")
    (folder / ".bucardorc").write_text(
        f"dbhost={control.host}\ndbport={control.port}\ndbname=bucardo\ndbuser=bucardo\n"
    )
    _bucardo(folder, "install", "--batch", f"--piddir={folder}")
    for name, url in zip(("one", "other"), map(make_url, masters), strict=True):
        place = [f"host={url.host}", f"port={url.port}", f"dbname={url.database}", "user=bucardo"]
        _bucardo(folder, "add", "db", name, *place)
    tables = [f"public.{name}" for name in TABLES]
    _bucardo(folder, "add", "tables", *tables, "db=one", "relgroup=tables")
    _bucardo(folder, "add", "sync", "three", "relgroup=tables", "dbs=one:source,other:source")
    for name, value in settings.items():
        _bucardo(folder, "set", f"{name}={value}")


def _bucardo(folder: Path, *arguments: str) -> None:
    variables = {**os.environ, "HOME": str(folder)}
    done = subprocess.run(
        ["bucardo", *arguments],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=_STOP_SECONDS * 4,
    )
    if done.returncode:
        raise DemoError(f"bucardo {arguments[0]} failed: {(done.stderr or done.stdout).strip()[-400:]}")
