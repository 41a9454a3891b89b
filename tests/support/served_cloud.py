"""A cloud as a process of its own, on any database: started, killed, started again."""

import contextlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

import requests

from demo.programs import Program, end, free_port, last_words, start
from tests.support.postgresql import postgresql_cluster, postgresql_programs
from tests.support.waiting import until

PRACTICE = "Y99002"
SERVICE_TOKEN = "0123456789abcdef0123456789abcdef"
START_SECONDS = 60


@dataclass(slots=True, kw_only=True)
class ServedCloud:
    """A cloud that is served.

    Attributes:
        database: SQLAlchemy URL.
        folder: for its log.
        port: on loopback; the same after another start.
        settings: further ones, by their variables.
        process: that serves now.
    """

    database: str
    folder: Path
    port: int = field(default_factory=free_port)
    settings: Mapping[str, str] = field(default_factory=dict)
    process: Popen[bytes] | None = None

    @property
    def origin(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base(self) -> str:
        """The practice's records, for those who sign in."""
        return f"{self.origin}/{PRACTICE}/fhir"

    @property
    def audit_key(self) -> Path:
        """What signs its audit."""
        return self.folder / "audit-key"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "cloud.log"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "web_modules", "serve", "--port", str(self.port), "--development"]
        key = {"BANYAN_CLOUD_AUDIT_KEY": str(self.audit_key)}
        variables = {"BANYAN_CLOUD_SERVICE_TOKEN": SERVICE_TOKEN, **key, **self.settings}
        command += ["--database", self.database]
        process = start(Program(name="cloud", command=command, variables=variables, log=self.log))
        self.process = process
        until(
            lambda: process.poll() is not None or self.is_serving(),
            "the cloud serves",
            seconds=START_SECONDS,
        )
        assert process.poll() is None, last_words(self.log)

    def kill(self) -> None:
        """End it as a power cut does (kill -9)."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(START_SECONDS)

    def end(self) -> None:
        """Ask it to end."""
        if self.process is not None:
            end(self.process)

    def memory_kilobytes(self, field_name: str = "VmRSS") -> int:
        """How much memory it holds now, or held at most (`VmHWM`)."""
        assert self.process is not None
        told = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        return next(int(line.split()[1]) for line in told.splitlines() if line.startswith(field_name))

    def is_serving(self) -> bool:
        """Whether it answers, and its database too."""
        try:
            return requests.get(f"{self.origin}/health", timeout=5).ok
        except requests.RequestException:
            return False


@contextlib.contextmanager
def own_database(kind: str, folder: Path, *, is_durable: bool = False) -> Iterator[str]:
    """The URL of a database of one's own: an SQLite file, or a whole PostgreSQL."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'cloud.sqlite'}"
        return
    programs = postgresql_programs()
    assert programs is not None, "PostgreSQL's programs are needed (package postgresql)"
    with postgresql_cluster(programs, is_durable=is_durable) as url:
        yield url


@contextlib.contextmanager
def served_cloud(
    database: str, folder: Path, settings: Mapping[str, str] | None = None
) -> Iterator[ServedCloud]:
    """A cloud that is served until the end of the context."""
    cloud = ServedCloud(database=database, folder=folder, settings=settings or {})
    try:
        cloud.start()
        yield cloud
    finally:
        cloud.end()
