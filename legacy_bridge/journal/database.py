"""Opens the journal: engine, migrations, the lock that keeps a second bridge out."""

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

from legacy_bridge.errors import AnotherBridge, SettingsWrong, SideUnavailable
from legacy_bridge.journal import checkpoints
from legacy_bridge.journal.tables import LEASE

_MIGRATIONS = Path(__file__).parent / "migrations"
_IDENTITY = "identity"
_BUSY_MILLISECONDS = 10_000  # `status` reads while the bridge writes; neither waits long in WAL mode


def journal_url(text: str) -> str:
    """A SQLAlchemy URL of a journal given as URL or as a file name."""
    return text if "://" in text else f"sqlite:///{Path(text).expanduser().absolute()}"


def open_journal(url: str) -> Engine:
    """Open a journal and bring its tables up to date.

    Raises:
        SettingsWrong: the URL is none, or the folder does not exist.
        SideUnavailable: the database does not answer.
    """
    engine = engine_of(url)
    try:
        with engine.begin() as connection:
            upgrade(connection)
    except OperationalError as error:
        engine.dispose()
        raise SideUnavailable(
            f"The journal {_shown(url)} cannot be opened: check that its folder exists and may be written."
        ) from error
    return engine


def engine_of(url: str) -> Engine:
    """An engine for a journal; SQLite with a write-ahead log that reaches the disk at every commit."""
    try:
        engine = create_engine(url, json_serializer=_to_json, json_deserializer=_from_json)
    except (ArgumentError, ImportError) as error:
        raise SettingsWrong(f"The journal {url} is neither a file nor a database URL.") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_at_once)
    return engine


def upgrade(connection: Connection) -> None:
    """Run the migrations that the database has not had."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


class Lease:
    """One bridge a journal: a lock that ends with the process, and an epoch that every write checks.

    Attributes:
        holder: names this process.
        journal: names the journal, for good.
    """

    def __init__(self, engine: Engine, practice: str) -> None:
        """Take the lease.

        Raises:
            AnotherBridge: another process holds it.
        """
        self._practice = practice
        self.holder = uuid.uuid4().hex
        self._guard = _exclusive(engine, practice)
        with engine.begin() as connection:
            held = connection.execute(select(LEASE.c.epoch).where(LEASE.c.practice == practice)).scalar()
            self.journal = checkpoints.read(connection, practice, _IDENTITY) or uuid.uuid4().hex
            checkpoints.write(connection, practice, _IDENTITY, self.journal, now_utc())
            row = {"holder": self.holder, "epoch": (held or 0) + 1, "since": now_utc()}
            if held is None:
                connection.execute(insert(LEASE).values(practice=practice, **row))
            else:
                connection.execute(update(LEASE).where(LEASE.c.practice == practice).values(**row))

    def check(self, connection: Connection) -> None:
        """Refuse a write of a bridge that lost its lease; part of the writing transaction.

        Raises:
            AnotherBridge: another process took over.
        """
        holder = connection.execute(select(LEASE.c.holder).where(LEASE.c.practice == self._practice)).scalar()
        if holder != self.holder:
            raise AnotherBridge(f"Another bridge took over {self._practice}; this one ends.")

    def close(self) -> None:
        """Give the lock back."""
        if self._guard is not None:
            self._guard.rollback()
            self._guard.close()


def now_utc() -> datetime:
    """Now, in UTC, as the journal stores it: without zone, because SQLite keeps none."""
    return datetime.now(UTC).replace(tzinfo=None)


def _exclusive(engine: Engine, practice: str) -> Connection | None:
    """Hold a lock that the operating system frees when the process ends, however it ends."""
    database = make_url(str(engine.url)).database
    if engine.dialect.name != "sqlite" or database in (None, "", ":memory:"):
        return None
    lock = create_engine(f"sqlite:///{database}.{practice}.lock", connect_args={"timeout": 0.0})
    connection = lock.connect()
    try:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
    except OperationalError as error:
        connection.close()
        raise AnotherBridge(
            f"Another bridge already mirrors {practice} with this journal; end it first, or leave it running."
        ) from error
    return connection


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below, not the driver's late one
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _from_json(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        return json.loads(text)


def _to_json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # a number or a text that orjson does not write
        return json.dumps(value)


def _begin_at_once(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _shown(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return "given"
