"""The servers that are measured: ours on SQLite and on PostgreSQL, and sekmet-fhir's, as users start them."""

import contextlib
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import create_engine

from demo.errors import DemoError
from demo.programs import Program, end, free_port, last_words, start
from tests.benchmarks.fhir_client import Connection, request
from tests.support.postgresql import postgresql_cluster, postgresql_programs

PEER = "sekmet-fhir"
START_SECONDS = 60.0
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One that runs, with the FHIR base `/fhir` on loopback.

    Attributes:
        name: sqlite, postgresql or the peer's.
        port: where.
        database: the URL of its PostgreSQL, where it has one.
        process: the number of its process, once it runs.
    """

    name: str
    port: int
    database: str | None = None
    process: int | None = None

    def settle(self) -> None:
        """Give PostgreSQL its statistics of what was just filled in, as it does by itself within a minute.

        Until then it plans for empty tables, and the smallest size would look the slowest.
        """
        if self.database is None:
            return
        engine = create_engine(self.database, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
        engine.dispose()


@contextlib.contextmanager
def our_servers(folder: Path) -> Iterator[list[Server]]:
    """Ours on both databases, empty, each with its data below the folder and on the disk when it says so.

    Raises:
        DemoError: one does not start, or PostgreSQL is not installed.
    """
    programs = postgresql_programs()
    if programs is None:
        raise DemoError("PostgreSQL is measured too and is not installed (package postgresql).")
    with (
        postgresql_cluster(programs, is_durable=True) as url,
        our_server("sqlite", f"sqlite:///{folder / 'cloud.sqlite'}", folder) as sqlite,
        our_server("postgresql", url, folder) as postgresql,
    ):
        yield [sqlite, postgresql]


@contextlib.contextmanager
def peer_server(folder: Path) -> Iterator[Server]:
    """sekmet-fhir's as it comes: on SQLite, with strict validation, and a log of all traffic for an audit."""
    port = free_port()
    settings = folder / "settings.yaml"
    base, data = f"http://127.0.0.1:{port}/fhir", folder / "peer"
    settings.write_text(f"base_url: {base}\nhost: 127.0.0.1\nport: {port}\ndata_dir: {data}\n")
    command = [str(Path(sys.executable).with_name("sekmet")), "serve", "--config", str(settings)]
    with _running(Server(name=PEER, port=port), command, {}, folder) as server:
        yield server


@contextlib.contextmanager
def our_server(name: str, database: str, folder: Path) -> Iterator[Server]:
    on_server = database if name == "postgresql" else None
    server = Server(name=name, port=free_port(), database=on_server)
    command = [sys.executable, "-m", "web_modules", "serve", "--port", str(server.port), "--development"]
    command += ["--database", database]
    # Without a file the audit on PostgreSQL would not be signed, which would flatter it.
    variables = {"BANYAN_CLOUD_AUDIT_KEY": str(folder / f"{name}.key")}
    with _running(server, command, variables, folder) as running:
        yield running


@contextlib.contextmanager
def _running(
    server: Server, command: Sequence[str], variables: Mapping[str, str], folder: Path
) -> Iterator[Server]:
    log = folder / f"{server.name}.log"
    process = start(Program(name=server.name, command=command, variables=variables, log=log))
    try:
        began = time.monotonic()
        while not _is_serving(server.port):
            if process.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise DemoError(f"The server {server.name} does not start: {last_words(log)}")
            time.sleep(_LOOK_SECONDS)
        yield replace(server, process=process.pid)
    finally:
        end(process)


def _is_serving(port: int) -> bool:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)):
            return False
    connection = Connection(port)
    try:
        connection.send(request("GET", "/metadata"))
    finally:
        connection.close()
    return True
