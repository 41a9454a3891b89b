"""Databases for identity: SQLite always, PostgreSQL where its programs are."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.programs import free_port
from web_modules.fhir_store.database.engine import Database

_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@contextlib.contextmanager
def _postgresql() -> Iterator[str]:
    """A cluster of its own, as a user who is not root; its URL."""
    user = next(name for name in ("postgres", "nobody") if name in {one.pw_name for one in pwd.getpwall()})
    drop = ["setpriv", "--reuid", user, "--regid", str(pwd.getpwnam(user).pw_gid), "--clear-groups"]
    prefix = drop if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        if prefix:
            shutil.chown(folder, user)
        port, programs = free_port(), _PROGRAMS[-1]
        make = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "banyan", "-A", "trust", "-N"]
        subprocess.run([*prefix, *make], check=True, capture_output=True)
        control = [*prefix, str(programs / "pg_ctl"), "-D", str(folder / "data"), "-w"]
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        start = [*control, "-o", options, "-l", str(folder / "log"), "start"]
        subprocess.run(start, check=True, capture_output=True)
        try:
            yield f"postgresql+psycopg://banyan@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The URL of a PostgreSQL of our own."""
    if not _PROGRAMS:
        pytest.skip("needs PostgreSQL's programs")
    with _postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An open database."""
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'cloud.sqlite'}" if is_sqlite else request.getfixturevalue("postgresql_url")
    made = Database(url)
    yield made
    made.close()
