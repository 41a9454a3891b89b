"""The bridge's own tables in the legacy database, beside the outbox."""

from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, Text

_OWN = MetaData()

LEASE = Table(
    "banyan_lease",
    _OWN,
    Column("practice", String(20), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("beat", BigInteger, nullable=False),
)
"""Which bridge may write a practice; see `LegacyLease`."""
MADE = Table(
    "banyan_made",
    _OWN,
    Column("organisation", String(38), primary_key=True),
    Column("record", String(80), primary_key=True),
)
"""The keys of all rows that the bridge ever made: a row of these that is missing was deleted since."""
READ = Table(
    "banyan_read",
    _OWN,
    Column("practice", String(20), primary_key=True),
    Column("position", Text, nullable=False),
)
"""How far the outbox was read: a backup of the database says by it what the bridge had seen of it."""
DELIVERED = Table("banyan_delivered", _OWN, Column("delivery", String(200), primary_key=True))
"""In the copy of a rehearsal: the deliveries of an extract that were loaded."""


def make(connection: Connection, table: Table) -> None:
    """Make one of them, where it is not there yet."""
    table.create(connection, checkfirst=True)
