"""A fenced watermark: the rows that PostgreSQL itself marks as written since the last look.

Every row bears the number of the transaction that wrote it (`xmin`). Numbers do not commit in order: a look
goes back to the oldest one that was still open at the look before, the fence: what commits late is seen late.
It needs no right but to read, and no column. What is gone bears no mark: that is for the walk to find.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, Select, literal_column, select, text
from sqlalchemy.exc import ProgrammingError

from legacy_bridge.legacy.capture.slices import ReadRow, read_rows, slice_statement
from legacy_bridge.legacy.capture.sources import sources_in

_FENCE: Select[tuple[str]] = select(literal_column("CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text)"))
_NEWER = "age(walked.xmin) <= age(CAST(CAST(:fence AS text) AS xid))"
_BITS = 32  # of the number that a row bears; the server's own has 64
_FIRST = 3  # the numbers below have meanings of their own


class Watermark:
    """Reads what was written since it last read, in a PostgreSQL database; at least once. Blocks."""

    def __init__(self) -> None:
        self._fence: str | None = None
        self._is_there = True

    def read(self, connection: Connection, most: int) -> Iterator[tuple[str, list[ReadRow]]]:
        """The newer rows, table by table; none at first.

        Args:
            connection: outside a transaction that began before, in PostgreSQL.
            most: rows a table; of more only so many: the walk finds the rest.
        """
        if not self._is_there:
            return
        before, self._fence = self._fence, str(connection.execute(_FENCE).scalar())
        if before is None:
            return
        newer = text(_NEWER).bindparams(fence=str(max(_FIRST, int(before) % 2**_BITS)))
        for source in sources_in(connection):
            wanted = slice_statement(connection.dialect.name, source, (), most).order_by(None).where(newer)
            try:
                rows = read_rows(connection, source, wanted)
            except ProgrammingError:  # a view, whose rows bear no mark
                connection.rollback()
                self._is_there = False
                return
            if rows:
                yield source, rows
