"""Speaks to PostgreSQL: sends one statement after the other, and waits only when it is asked for an answer.

psycopg's own cursor works five times as long on each statement, which is much of what a small write costs.
So this one uses what lies below it, libpq's pipeline mode (`psycopg.pq`), and converts values with psycopg.
"""

import selectors
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from psycopg import Connection, OperationalError, errors, pq
from psycopg.adapt import PyFormat, Transformer

EACH = "SELECT value FROM json_each(?)"
"""The texts of a JSON array as rows: any number of values in the place of one. As SQLite says it."""
_EACH_ON_SERVER = "SELECT jsonb_array_elements_text(?::jsonb)"

_USES_BEFORE_PREPARED = 3
"""To prepare a statement costs as much as to send it once more, and many of the search's never come again."""
_MOST_PREPARED = 200
_MOST_COUNTED = 2_000

_Key = tuple[str, tuple[int, ...] | None]
_BINARY = pq.Format.BINARY
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)  # Windows has no poll


class ServerCursor:
    """The statements over one connection; `?` stands for each value. Nobody else may use it meanwhile.

    What is sent after a statement that failed is not done, up to the next `fetchall`, which raises the error.
    """

    def __init__(self, connection: "Connection[Any]") -> None:
        """Use a connection at rest."""
        self._server = connection.pgconn
        self._converter = Transformer(connection)
        self._names: OrderedDict[_Key, bytes] = OrderedDict()
        self._uses: dict[_Key, int] = {}
        self._prepared = 0
        self._unsure: list[_Key] = []
        self._last = ""
        self._syncs = 0
        self._selector = _Selector()
        self._selector.register(self._server.socket, selectors.EVENT_READ)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Send a statement."""
        server = self._server
        if server.pipeline_status == pq.PipelineStatus.OFF:
            server.enter_pipeline_mode()
        converter = self._converter
        parameters = converter.dump_sequence(values, [PyFormat.AUTO] * len(values))
        types, formats = converter.types, converter.formats
        name = self._name(sql, types)
        if name is None:
            server.send_query_params(_as_the_server_says(sql), parameters, types, formats, _BINARY)
        else:
            server.send_query_prepared(name, parameters, formats, _BINARY)
        self._last = sql

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Send a statement once for each row of values."""
        for values in rows:
            self.execute(sql, values)

    def fetchall(self) -> Sequence[Any]:
        """Wait until everything that was sent is done; the rows of the last statement.

        Raises:
            psycopg.Error: one of the statements failed.
        """
        self._server.pipeline_sync()
        self._syncs += 1
        last, error = self._answers()
        if error is not None:
            raise error
        if last is None:
            return ()
        if self._last == "COMMIT" and last.command_status != b"COMMIT":
            raise OperationalError("the server did not commit")
        self._converter.set_pgresult(last)
        rows: Sequence[Any] = self._converter.load_rows(0, last.ntuples, tuple)
        return rows

    def leave(self) -> None:
        """Bring the connection to rest, whatever became of the statements.

        Raises:
            psycopg.OperationalError: it is of no use any more.
        """
        server = self._server
        if server.pipeline_status == pq.PipelineStatus.OFF:
            return
        if self._syncs or server.transaction_status == pq.TransactionStatus.ACTIVE:
            server.pipeline_sync()
            self._syncs += 1
            self._answers()
        server.exit_pipeline_mode()

    def _answers(self) -> tuple[pq.abc.PGresult | None, Exception | None]:
        """Take in all answers: the last one, and the first error."""
        last: pq.abc.PGresult | None = None
        error: Exception | None = None
        while self._syncs:
            answer = self._next()
            if answer is None:  # the end of one statement's
                continue
            match answer.status:
                case pq.ExecStatus.PIPELINE_SYNC:
                    self._syncs -= 1
                case pq.ExecStatus.COMMAND_OK | pq.ExecStatus.TUPLES_OK:
                    last = answer
                case pq.ExecStatus.PIPELINE_ABORTED:
                    pass
                case _:
                    error = error or errors.error_from_result(answer)
                    if self._server.status == pq.ConnStatus.BAD:
                        raise OperationalError("the server is gone") from error
        unsure, self._unsure = self._unsure, []
        if error is not None:
            for key in unsure:  # it may not have come to that
                self._names.pop(key, None)
            if isinstance(error, errors.InvalidSqlStatementName):  # somebody dropped what was known
                self._names.clear()
        return last, error

    def _next(self) -> pq.abc.PGresult | None:
        server, selector = self._server, self._selector
        is_unsent = bool(server.flush())
        while is_unsent or server.is_busy():
            wanted = selectors.EVENT_READ | selectors.EVENT_WRITE if is_unsent else selectors.EVENT_READ
            selector.modify(server.socket, wanted)
            selector.select()
            server.consume_input()
            is_unsent = is_unsent and bool(server.flush())
        return server.get_result()

    def _name(self, sql: str, types: tuple[int, ...] | None) -> bytes | None:
        """By which name the server knows a statement, from some uses on."""
        key = (sql, types)
        name = self._names.get(key)
        if name is not None:
            self._names.move_to_end(key)
            return name
        uses = self._uses.get(key, 0) + 1
        if uses < _USES_BEFORE_PREPARED:
            if len(self._uses) >= _MOST_COUNTED:
                self._uses.clear()
            self._uses[key] = uses
            return None
        self._uses.pop(key, None)
        if len(self._names) >= _MOST_PREPARED:
            _key, oldest = self._names.popitem(last=False)
            self._server.send_query_params(b"DEALLOCATE " + oldest, None)
        self._prepared += 1
        name = self._names[key] = f"banyan_{self._prepared}".encode()
        self._unsure.append(key)
        self._server.send_prepare(name, _as_the_server_says(sql), types)
        return name


@lru_cache(maxsize=4096)
def _as_the_server_says(sql: str) -> bytes:
    first, *others = sql.replace(EACH, _EACH_ON_SERVER).split("?")
    return "".join((first, *(f"${place}{text}" for place, text in enumerate(others, 1)))).encode()
