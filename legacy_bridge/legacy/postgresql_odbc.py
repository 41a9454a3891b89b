"""Speaks to PostgreSQL through ODBC: `postgresql+pyodbc://…`, with the driver psqlodbc.

SQLAlchemy has no such dialect (its issue 9958), and no other that is kept was found. What the driver gets
wrong and this puts right, each seen with psqlodbc 13.02: it reads `infinity` as today, the year 10000 as 1000
and years before Christ as after it, all without a word; it drops the fractions of a time; it ends a text at a
NUL. So days and times travel as text, and a text with a NUL is refused.
"""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Integer, String, Text, Time, cast, type_coerce
from sqlalchemy.connectors.pyodbc import PyODBCConnector
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import BindTyping, ConnectArgsType
from sqlalchemy.sql.elements import ColumnElement

DRIVER = "PostgreSQL Unicode"
_OPTIONS = {
    "BoolsAsChar": "0",  # else a boolean is '1' or '0'
    "Protocol": "7.4-0",  # else the driver ends the whole transaction at a refused statement, savepoints too
    "LFConversion": "0",  # a text's line ends stay as they are
    "ShowSystemTables": "0",
    "pqopt": "{tcp_user_timeout=15000 keepalives_idle=10}",  # a server that went away is noticed
}
_GONE = ("08", "57P0")  # SQLSTATE: connection failures; the server was stopped
_GONE_WORDS = ("server closed the connection", "no connection to the server", "Communication link failure")


class _AsText:
    """A column that is read and written as text: what Python cannot hold is an error, not a guess."""

    render_bind_cast = True
    read: Callable[[str], Any]

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """The column as PostgreSQL writes it."""
        return type_coerce(cast(column, Text), self)  # type: ignore[arg-type]  # mixed into types only

    def bind_processor(self, dialect: object) -> Callable[[Any], str | None]:  # noqa: ARG002
        """Write it, fractions of seconds too."""
        return lambda value: None if value is None else str(value.isoformat())

    def result_processor(self, dialect: object, coltype: object) -> Callable[[str | None], Any]:  # noqa: ARG002
        """Read it; raises ValueError for what is no day or time of Python's."""
        read = type(self).read
        return lambda text: None if text is None else read(text)


class _Date(_AsText, Date):
    read = date.fromisoformat


class _Time(_AsText, Time):
    read = time.fromisoformat


class _DateTime(_AsText, DateTime):
    read = datetime.fromisoformat


class _String(String):
    render_bind_cast = True

    def bind_processor(self, dialect: object) -> Callable[[str | None], str | None]:  # noqa: ARG002
        def whole(text: str | None) -> str | None:
            if text is not None and "\0" in text:
                raise ValueError("a text holds a NUL, at which the driver would end it")
            return text

        return whole


class _Integer(Integer):
    render_bind_cast = True


class _BigInteger(BigInteger):
    render_bind_cast = True


class _Boolean(Boolean):
    render_bind_cast = True


class PostgresqlOverOdbc(PyODBCConnector, PGDialect):
    """PostgreSQL's own dialect over pyodbc."""

    driver = "pyodbc"
    supports_statement_cache = True
    default_paramstyle = "qmark"
    use_insertmanyvalues_wo_returning = True  # many rows a statement: three times as fast as one by one
    insertmanyvalues_max_parameters = 5000  # above 7,500 its libpq takes the server's answer for nonsense
    pyodbc_driver_name = DRIVER
    bind_typing = BindTyping.RENDER_CASTS  # a parameter says what it is: the server would not always know
    colspecs = PGDialect.colspecs | {
        BigInteger: _BigInteger,
        Boolean: _Boolean,
        Date: _Date,
        DateTime: _DateTime,
        Integer: _Integer,
        String: _String,
        Time: _Time,
    }

    def create_connect_args(self, url: URL) -> ConnectArgsType:
        """The driver's connection string; what the URL asks for (`?Driver=…`) outweighs what is set here."""
        server = {
            "Driver": f"{{{self.pyodbc_driver_name}}}",
            "Server": url.host or "localhost",
            "Port": str(url.port or 5432),
            "Database": url.database or "",
            "UID": url.username or "",
            "PWD": "" if url.password is None else _quoted(str(url.password)),
        }
        asked = {name: str(value) for name, value in url.query.items()}
        words = {name: value for name, value in (server | _OPTIONS | asked).items() if value}
        return (";".join(f"{name}={value}" for name, value in words.items()),), {"timeout": 10}

    def is_disconnect(self, e: Exception, connection: Any, cursor: Any) -> bool:
        """Whether the connection is gone."""
        state = str(e.args[0]) if e.args else ""
        is_gone = state.startswith(_GONE) or any(words in str(e) for words in _GONE_WORDS)
        return is_gone or super().is_disconnect(e, connection, cursor)

    def _get_server_version_info(self, connection: Any) -> Any:
        asked = super(PyODBCConnector, self)._get_server_version_info  # the server, not the driver
        return asked(connection)  # type: ignore[no-untyped-call]  # SQLAlchemy's own


def _quoted(text: str) -> str:
    return "{" + text.replace("}", "}}") + "}"


def register() -> None:
    """Make the URL known to SQLAlchemy."""
    registry.register("postgresql.pyodbc", __name__, PostgresqlOverOdbc.__name__)
