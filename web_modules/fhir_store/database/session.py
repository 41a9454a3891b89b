"""One transaction, spoken to in plain SQL: `?` stands for each value, on every database.

The store's statements are few and fixed, or put together by the search from fixed pieces. Sent straight to
the driver they cost a third of what they cost through SQLAlchemy's constructs, which still open the
connections and make the tables.

Changes are kept back and sent together, one statement for all rows of a table, at the latest before the next
query and before the commit: a server is asked twice for a write, and not once for each row.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from web_modules.errors import DatabaseUnavailable
from web_modules.fhir.audit_chain import Head
from web_modules.fhir_store.database.adding import Adding
from web_modules.fhir_store.database.heads import MOVE_HEAD, READ_HEAD, PracticeHead, head_of

Values = Sequence[Any]

MOST_KEPT = 1000
"""Rows kept back before a server gets them: it writes them while this process works out the next ones."""


class Cursor(Protocol):
    """What is used of a driver's cursor (PEP 249)."""

    def execute(self, operation: str, parameters: Any = ..., /) -> Any:
        """Send a statement."""

    def executemany(self, operation: str, parameters: Any, /) -> Any:
        """Send a statement once for each row of values."""

    def fetchall(self) -> Sequence[Any]:
        """The rows of the last statement."""


@dataclass(slots=True)
class _Part:
    """A part of the transaction that may have to be undone by itself.

    Attributes:
        mark: how many of the changes that are kept back came before it.
        is_saved: whether some of its own changes were sent, after a savepoint.
    """

    mark: int
    is_saved: bool = False


class Session:
    """A transaction that someone else opens and ends."""

    def __init__(self, cursor: Cursor, fault: type[Exception], *, is_embedded: bool) -> None:
        """Speak through a cursor.

        Args:
            cursor: in a transaction, or about to begin one.
            fault: what the driver raises when a statement fails.
            is_embedded: whether it is SQLite's, which does what it is told at once.
        """
        self._fault = fault
        self._cursor = cursor
        self._is_embedded = is_embedded
        self._kept: list[tuple[str | Adding, Sequence[Values]]] = []
        self._kept_rows = 0
        self._parts: list[_Part] = []
        self._touched: set[Values] = set()
        self._heads: dict[str, PracticeHead] = {}
        self._heads_read: dict[str, PracticeHead] = {}

    def rows(self, sql: str, values: Values) -> Sequence[Any]:
        """What a query finds, everything that this transaction has changed included."""
        self.send()
        return self.rows_beside(sql, values)

    def rows_beside(self, sql: str, values: Values) -> Sequence[Any]:
        """What a query finds that none of the changes kept back has to do with."""
        self._cursor.execute(sql, values)
        return self._cursor.fetchall()

    def head(self, practice: str) -> PracticeHead:
        """How far a practice has come, this transaction included; keeps its other writers out until the end.

        Raises:
            DatabaseUnavailable: the database knows no such practice.
        """
        head = self._heads.get(practice)
        if head is None:
            rows = self.rows_beside(
                READ_HEAD if self._is_embedded else f"{READ_HEAD} FOR UPDATE", (practice,)
            )
            if not rows:
                words = f"The database knows no practice {practice}: check its ODS code."
                raise DatabaseUnavailable(words)
            head = self._heads[practice] = self._heads_read[practice] = head_of(rows[0])
        return head

    def move_head(self, practice: str, head: PracticeHead) -> None:
        """Say how far a practice has come now; written once, at the end."""
        self._heads[practice] = head

    @property
    def ends(self) -> Mapping[str, Head]:
        """The last entry of the audit, by practice, as far as this transaction has added to it."""
        return {
            practice: head.audit
            for practice, head in self._heads.items()
            if head.audit.count > self._heads_read[practice].audit.count
        }

    def change(self, sql: str, values: Values) -> int:
        """Carry out a change at once; how many rows it met."""
        self._send_for(is_changing=True)
        return len(self.rows_beside(f"{sql} RETURNING 1", values))

    def change_later(self, sql: str, rows: Sequence[Values]) -> None:
        """Carry out a change once for each row of values. It must not matter in which order."""
        self._keep(sql, rows)

    def add(self, adding: Adding, rows: Sequence[Values]) -> None:
        """Add rows of one practice to a table."""
        self._keep(adding, rows)

    def _keep(self, change: str | Adding, rows: Sequence[Values]) -> None:
        if not rows:
            return
        self._kept.append((change, rows))
        self._kept_rows += len(rows)
        if self._kept_rows >= MOST_KEPT and not self._is_embedded:
            self.send()

    def touch(self, key: Values) -> None:
        """Say that what is changed next belongs together under a key, of which only one change may wait.

        Rows of one key are then sent in the order in which they were changed.
        """
        if key in self._touched:
            self.send()
        self._touched.add(key)

    def is_touched(self, key: Values) -> bool:
        """Whether a change under a key may not be sent yet."""
        return key in self._touched

    def send(self) -> None:
        """Send what was kept back."""
        self._send_for(is_changing=False)

    def _send_for(self, *, is_changing: bool) -> None:
        """Send what was kept back before a query, or before something that changes more."""
        kept, self._kept, self._kept_rows = self._kept, [], 0
        self._touched = set()
        sent = 0
        for part in self._parts:
            if not part.is_saved and (is_changing or part.mark < len(kept)):
                self._send(kept[sent : part.mark])
                self._cursor.execute("SAVEPOINT part")
                part.is_saved, sent = True, part.mark
            part.mark = 0
        self._send(kept[sent:])

    def finish(self) -> None:
        """Send everything; the last thing before the commit."""
        for practice, head in self._heads.items():
            if head is not self._heads_read[practice]:
                self.change_later(MOVE_HEAD, [(*head.values, practice)])
        self.send()

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the transaction that is undone by itself when an error leaves the block.

        Not an error of the database: after that nothing of the transaction can be kept.
        """
        part, heads = _Part(len(self._kept)), dict(self._heads)
        self._parts.append(part)
        try:
            yield
            if part.is_saved:
                self._cursor.execute("RELEASE SAVEPOINT part")
        except self._fault:
            raise
        except BaseException:
            self._heads = heads
            del self._kept[part.mark :]
            if part.is_saved:
                self._cursor.execute("ROLLBACK TO SAVEPOINT part")
                self._cursor.execute("RELEASE SAVEPOINT part")
            raise
        finally:
            self._parts.pop()

    def _send(self, kept: Sequence[tuple[str | Adding, Sequence[Values]]]) -> None:
        alike: dict[Any, list[Values]] = {}
        for change, rows in kept:
            key = change if isinstance(change, str) else (change, rows[0][0])
            alike.setdefault(key, []).extend(rows)
        for key, rows in alike.items():
            if isinstance(key, str):
                self._each(key, rows)
            elif self._is_embedded or len(rows) == 1:
                self._each(key[0].sql, rows)
            else:
                self._cursor.execute(key[0].server_sql, (key[1], key[0].as_json(rows)))

    def _each(self, sql: str, rows: list[Values]) -> None:
        if len(rows) == 1:
            self._cursor.execute(sql, rows[0])
        else:
            self._cursor.executemany(sql, rows)
