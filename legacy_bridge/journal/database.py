"""Opens the journal: engine, migrations, the lock that keeps a second bridge out."""

import errno
import json
import logging
import uuid
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError, SQLAlchemyError
from sqlcipher3 import dbapi2

from legacy_bridge.errors import AnotherBridge, SettingsWrong, SideUnavailable
from legacy_bridge.journal import audit, checkpoints
from legacy_bridge.journal.audit import KEY_OPTION
from legacy_bridge.journal.encryption import encrypt, is_new, is_plain, unlock
from legacy_bridge.journal.key import key_file, make_key, read_key
from legacy_bridge.journal.tables import LEASE
from legacy_bridge.journal.trouble import disk_words, is_locked, is_of_the_disk

_LOG = logging.getLogger(__name__)

_MIGRATIONS = Path(__file__).parent / "migrations"
_IDENTITY = "identity"
_NO_ROOM = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
_BUSY_MILLISECONDS = 10_000  # `status` reads while the bridge writes; neither waits long in WAL mode


def journal_url(text: str) -> str:
    """A SQLAlchemy URL of a journal given as URL or as a file name."""
    return text if "://" in text else f"sqlite:///{Path(text).expanduser().absolute()}"


def journal_file(text: str) -> Path | None:
    """The file of a journal given as URL or as a file name; None when it is in a database server.

    Raises:
        SettingsWrong: it is neither.
    """
    return _file_of(journal_url(text))


def open_journal(url: str, key: Path | None = None) -> Engine:
    """Open a journal to write it; it is made where there is none, encrypted where it is not, and upgraded.

    Args:
        url: from `journal_url`.
        key: the file of its key, which is made for a new journal; beside a journal that is a file when None.

    Raises:
        SettingsWrong: the URL is none, or the key is missing or another one.
        SideUnavailable: the database does not answer.
    """
    file = _file_of(url)
    if file is not None and not file.parent.is_dir():
        raise _unavailable(url)
    try:
        if file is None or is_new(file):
            make_key(_key_file(url, key))
        elif is_plain(file):
            encrypt(file, make_key(_key_file(url, key)).encryption)
            _LOG.info("journal encrypted")
    except OSError as error:
        raise _unavailable(url, is_full=error.errno in _NO_ROOM) from error
    engine = engine_of(url, key)
    try:
        with engine.begin() as connection:
            upgrade(connection)
    except OperationalError as error:
        engine.dispose()
        raise _unavailable(url, is_full=file is not None and is_of_the_disk(error)) from error
    except DatabaseError as error:
        engine.dispose()
        raise unreadable(error) from error
    return engine


def engine_of(url: str, key: Path | None = None) -> Engine:
    """An engine for a journal; SQLite's is encrypted, and its log reaches the disk at every commit.

    Args:
        url: from `journal_url`.
        key: as of `open_journal`; it is not made.

    Raises:
        SettingsWrong: the URL is none, the key is missing, or the journal was never encrypted.
    """
    file = _file_of(url)
    if file is not None and not is_new(file) and is_plain(file):
        raise SettingsWrong(f"The journal {file} is not encrypted yet: banyan-bridge run encrypts it.")
    secret = read_key(_key_file(url, key))
    try:
        engine = create_engine(
            url,
            json_serializer=_to_json,
            json_deserializer=_from_json,
            hide_parameters=True,  # an error would show a patient's data
            execution_options={KEY_OPTION: secret.audit},
            **({} if file is None else {"module": dbapi2}),
        )
    except (ArgumentError, ImportError) as error:
        raise SettingsWrong(f"The journal {_shown(url)} is neither a file nor a database URL.") from error
    if file is not None:
        event.listen(engine, "connect", partial(_set_up_sqlite, secret.encryption))
        event.listen(engine, "begin", _begin_at_once)
    return engine


def unreadable(error: DatabaseError) -> SettingsWrong:
    """What is said of a journal that the key does not open, or of which a page is not what was written."""
    return SettingsWrong(
        "The journal cannot be read: it was written with another key, or it is damaged. Name its own key by "
        f"journal_key, or put back a copy of the journal ({type(error.orig).__name__})."
    )


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
            SideUnavailable: the journal cannot be written.
        """
        self._practice = practice
        self.holder = uuid.uuid4().hex
        self._guard = _exclusive(engine, practice)
        try:
            self._begin(engine, practice)
        except OperationalError as error:
            self.close()
            raise _unwritten(engine) from error

    def _begin(self, engine: Engine, practice: str) -> None:
        with engine.begin() as connection:
            held = connection.execute(select(LEASE.c.epoch).where(LEASE.c.practice == practice)).scalar()
            self.journal = checkpoints.read(connection, practice, _IDENTITY) or uuid.uuid4().hex
            checkpoints.write(connection, practice, _IDENTITY, self.journal, now_utc())
            row = {"holder": self.holder, "epoch": (held or 0) + 1, "since": now_utc()}
            if held is None:
                connection.execute(insert(LEASE).values(practice=practice, **row))
            else:
                connection.execute(update(LEASE).where(LEASE.c.practice == practice).values(**row))
            began = audit.Note(what="bridge began", subject="mirror/lease", told={"epoch": row["epoch"]})
            audit.append(connection, practice, [began], datetime.now(UTC), is_first=held is None)

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
    if engine.dialect.name != "sqlite":
        return None
    lock = create_engine(f"sqlite:///{engine.url.database}.{practice}.lock", connect_args={"timeout": 0.0})
    connection = lock.connect()
    try:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
    except OperationalError as error:
        connection.close()
        if not is_locked(error):
            raise _unwritten(lock) from error
        raise AnotherBridge(
            f"Another bridge already mirrors {practice} with this journal; end it first, or leave it running."
        ) from error
    return connection


def _unwritten(engine: Engine) -> SideUnavailable:
    return SideUnavailable(disk_words(f"The journal {_shown(str(engine.url))}"))


def _file_of(url: str) -> Path | None:
    """The file of a journal; None when it is in a database server."""
    try:
        parts = make_url(url)
    except ArgumentError as error:
        raise SettingsWrong("The journal is neither a file nor a database URL.") from error
    if parts.get_backend_name() != "sqlite":
        return None
    if parts.database in (None, "", ":memory:"):
        raise SettingsWrong("The journal has to be a file, or in a database server: name one.")
    return Path(parts.database)


def _key_file(url: str, given: Path | None) -> Path:
    if given is not None:
        return given
    file = _file_of(url)
    if file is None:
        raise SettingsWrong("A journal in a database server needs a key outside it: set journal_key.")
    return key_file(str(file))


def _unavailable(url: str, *, is_full: bool = False) -> SideUnavailable:
    if is_full:
        return SideUnavailable(disk_words(f"The journal {_shown(url)}"))
    return SideUnavailable(
        f"The journal {_shown(url)} cannot be opened: check that its folder exists and may be written."
    )


def _set_up_sqlite(key: bytes, connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below, not the driver's late one
    cursor = connection.cursor()
    unlock(cursor, key)
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
