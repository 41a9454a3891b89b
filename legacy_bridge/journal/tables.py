"""The journal's tables. Every key begins with the practice, so that practices may share a database."""

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

METADATA = MetaData()

_KIND = 20
_KEY = 64
_REFERENCE = 160


def _practice() -> Column[str]:
    return Column("practice", String(20), primary_key=True)


LEASE = Table(
    "lease",
    METADATA,
    _practice(),
    Column("holder", String(64), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("since", DateTime, nullable=False),
)
CHECKPOINTS = Table(
    "checkpoints",
    METADATA,
    _practice(),
    Column("feed", String(20), primary_key=True),
    Column("position", Text, nullable=False),
    Column("saved_at", DateTime, nullable=False),
)
DIRTY = Table(
    "dirty",
    METADATA,
    _practice(),
    Column("kind", String(_KIND), primary_key=True),
    Column("key", String(_KEY), primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("since", DateTime, nullable=False),
    Column("not_before", DateTime, nullable=False),
    Index("dirty_turn", "practice", "rank", "since", "key"),
)
LINKS = Table(
    "links",
    METADATA,
    _practice(),
    Column("kind", String(_KIND), primary_key=True),
    Column("key", String(_KEY), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("ids", JSON, nullable=False),
    Column("versions", JSON, nullable=False),
    Column("bookings", Integer, nullable=False),
    Column("doubt", String(20), nullable=True),
    Index("links_state", "practice", "kind", "state"),
)
LINK_RESOURCES = Table(
    "link_resources",
    METADATA,
    _practice(),
    Column("reference", String(_REFERENCE), primary_key=True),
    Column("kind", String(_KIND), nullable=False),
    Column("key", String(_KEY), nullable=False),
)
BASELINES = Table(
    "baselines",
    METADATA,
    _practice(),
    Column("kind", String(_KIND), primary_key=True),
    Column("key", String(_KEY), primary_key=True),
    Column("fields", JSON, nullable=False),
    Column("pending", JSON(none_as_null=True), nullable=True),
)
LATELY = Table(
    "lately",
    METADATA,
    _practice(),
    Column("kind", String(_KIND), primary_key=True),
    Column("key", String(_KEY), primary_key=True),
    Column("fields", JSON, nullable=False),
    Column("until", Float, nullable=True),
    Index("lately_until", "practice", "until"),
)
CONFLICTS = Table(
    "conflicts",
    METADATA,
    _practice(),
    Column("digest", String(32), primary_key=True),
    Column("kind", String(_KIND), nullable=False),
    Column("key", String(_KEY), nullable=False),
    Column("unit", String(40), nullable=False),
    Column("state", String(10), nullable=False),
    Column("winner", String(10), nullable=True),
    Column("base", JSON, nullable=False),
    Column("legacy", JSON, nullable=False),
    Column("cloud", JSON, nullable=False),
    Column("since", DateTime, nullable=False),
    Column("seen", DateTime, nullable=False),
    Column("published", Integer, nullable=False),
    Column("number", Integer, nullable=True),
    Column("escalated", Integer, nullable=True),
    Column("owner", String(80), nullable=True),
    Index("conflicts_link", "practice", "kind", "key"),
    Index("conflicts_state", "practice", "state"),
)
WISHES = Table(
    "wishes",
    METADATA,
    _practice(),
    Column("number", Integer, primary_key=True),
    Column("kind", String(_KIND), nullable=False),
    Column("key", String(_KEY), nullable=False),
    Column("unit", String(40), nullable=False),
    Column("keep", String(10), nullable=True),
    Column("legacy", JSON, nullable=False),
    Column("cloud", JSON, nullable=False),
    Column("entered", JSON, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("state", String(10), nullable=False),
    Column("words", Text, nullable=False),
    Index("wishes_state", "practice", "state"),
)
QUARANTINE = Table(
    "quarantine",
    METADATA,
    _practice(),
    Column("subject", String(_REFERENCE), primary_key=True),
    Column("kind", String(_KIND), nullable=False),
    Column("key", String(_KEY), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("words", Text, nullable=False),
    Column("owner", String(80), nullable=True),
    Column("since", DateTime, nullable=False),
    Column("seen", DateTime, nullable=False),
    Column("waits_for", String(_REFERENCE), nullable=True),
    Column("patients", JSON, nullable=False),
    Column("is_open", Integer, nullable=False),
    Column("published", Integer, nullable=False),
    Column("number", Integer, nullable=True),
    Column("escalated", Integer, nullable=True),
    Index("quarantine_waits", "practice", "waits_for"),
)
AUDIT_LOG = Table(
    "audit_log",
    METADATA,
    _practice(),
    Column("number", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("link", LargeBinary, nullable=False),
    sqlite_with_rowid=False,  # entries are only ever added at the end: one tree, in that order
)
AUDIT_END = Table(
    "audit_end",
    METADATA,
    _practice(),
    Column("entries", Integer, nullable=False),
    Column("link", LargeBinary, nullable=False),
    Column("seal", LargeBinary, nullable=False),
)
