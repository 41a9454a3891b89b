"""The tables of the store. Every key and index begins with the practice (DESIGN.md, section 9).

A resource has a number beside its id: the moment of its first version, which no other in the practice has.
Index rows name it, so they are short; the key of an index table begins with the value, so that finding goes
along it. Ranges have a second index by number, so that checking one candidate is one step, and references,
so that a search can go on from what it found to what that points to.

These are what the tables are; `migrations/` is how a database comes to have them, and a test compares both.
"""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text

from web_modules.fhir_store.elements.parameters import ParameterKind

METADATA = MetaData()

_SORTED = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared by code points, as SQLite does by itself: a prefix is then a range."""


def _key(name: str, length: int = 64) -> Column[str]:
    return Column(name, String(length), primary_key=True)


def _whole(name: str) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


def _text(name: str) -> Column[str]:
    return Column(name, _SORTED, primary_key=True)


def _real(name: str) -> Column[float]:
    return Column(name, Float(53), primary_key=True)  # only for comparing: what is shown is the content


PRACTICE = Table(
    "practice",
    METADATA,
    _key("practice", 16),
    Column("environment", String(16), nullable=False, comment="live, reference or training, for good"),
    Column("epoch", String(36), nullable=False, comment="changes when the database is restored"),
    Column("position", BigInteger, nullable=False, comment="lastUpdated of the newest version"),
    Column("audited", BigInteger, nullable=False, comment="number of the last entry of the audit"),
    Column("audit_link", LargeBinary, nullable=False, comment="of that entry"),
    Column("audit_seal", LargeBinary, nullable=False, comment="over both"),
    Column("restored", Text, comment="by whom and from what; not yet audited"),
)

RESOURCE = Table(
    "resource",
    METADATA,
    _key("practice", 16),
    _key("type"),
    _key("id"),
    Column("number", BigInteger, nullable=False, comment="lastUpdated of the first version"),
    Column("updated", BigInteger, nullable=False, comment="microseconds since 1970 UTC"),
    Column("is_deleted", Integer, nullable=False),
    Index("resource_by_number", "practice", "type", "number", unique=True),
    Index("resource_by_update", "practice", "type", "updated"),
    sqlite_with_rowid=False,
)

VERSION = Table(
    "version",
    METADATA,
    _key("practice", 16),
    _whole("updated"),
    Column("type", String(64), nullable=False),
    Column("id", String(64), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("method", String(6), nullable=False, comment="POST, PUT, PATCH or DELETE"),
    Column("content", LargeBinary, comment="the JSON as it is served; none when deleted"),
    Index("version_by_id", "practice", "type", "id", "version", unique=True),
    Index("version_by_type", "practice", "type", "updated"),
)


AUDIT = Table(
    "audit",
    METADATA,
    _key("practice", 16),
    _whole("number"),
    Column("moment", BigInteger, nullable=False, comment="microseconds since 1970 UTC"),
    Column("agent", String(200), nullable=False),
    Column("content", LargeBinary, nullable=False, comment="the AuditEvent"),
    Column("link", LargeBinary, nullable=False, comment="signs it together with the one before"),
    Index("audit_by_moment", "practice", "moment"),
    Index("audit_by_agent", "practice", "agent", "number"),
)

AUDIT_SUBJECT = Table(
    "audit_subject",
    METADATA,
    _key("practice", 16),
    _key("reference", 200),
    _whole("number"),
    sqlite_with_rowid=False,
)

SUBSCRIPTION = Table(
    "subscription",
    METADATA,
    _key("practice", 16),
    _key("id"),
    Column("updated", BigInteger, nullable=False, comment="lastUpdated of the version that this is about"),
    Column("status", String(16), nullable=False, comment="as in that version"),
    Column("channel", String(16), nullable=False, comment="rest-hook or websocket"),
    Column("owner", Text, nullable=False, comment="what whoever wrote it may see, as JSON"),
    Column("position", BigInteger, nullable=False, comment="every version up to it has been dealt with"),
    Column("failures", Integer, nullable=False, comment="deliveries that failed since one succeeded"),
    Column("due", BigInteger, nullable=False, comment="when to try again, microseconds since 1970 UTC"),
    Column("holder", String(36), nullable=False, comment="the process that delivers now, or empty"),
    Column("held_until", BigInteger, nullable=False, comment="then another process may take it over"),
)
"""How far each Subscription has come; what it asks for is in the resource."""

SUBSCRIPTION_SECRET = Table(
    "subscription_secret",
    METADATA,
    _key("practice", 16),
    _key("id"),
    Column("endpoint", Text, nullable=False, comment="to which they may be sent"),
    Column("header", Text, nullable=False, comment="the lines as JSON, secrets in them"),
)
"""The headers that subscribers want to be sent, which nobody reads in the Subscription."""


def _index_table(name: str, *columns: Column[str] | Column[int] | Column[float], by_number: bool) -> Table:
    indexes = [Index(f"{name}_by_number", "practice", "number", "parameter")] if by_number else []
    return Table(
        name,
        METADATA,
        _key("practice", 16),
        _whole("parameter"),
        *columns,
        *indexes,
        sqlite_with_rowid=False,
    )


TOKEN = _index_table("search_token", _text("code"), _whole("number"), _text("system"), by_number=False)
REFERENCE = _index_table(
    "search_reference", _text("target_id"), _whole("number"), _key("target_type"), by_number=True
)
URI = _index_table("search_uri", _text("uri"), _whole("number"), by_number=False)
STRING = _index_table("search_string", _text("folded"), _whole("number"), _text("exact"), by_number=True)
DATE = _index_table("search_date", _whole("low"), _whole("number"), _whole("high"), by_number=True)
QUANTITY = _index_table(
    "search_quantity",
    _real("low"),
    _whole("number"),
    _real("high"),
    _text("system"),
    _text("unit"),
    by_number=True,
)

INDEX_TABLES: dict[ParameterKind, tuple[Table, tuple[str, ...]]] = {
    ParameterKind.TOKEN: (TOKEN, ("system", "code")),
    ParameterKind.STRING: (STRING, ("folded", "exact")),
    ParameterKind.DATE: (DATE, ("low", "high")),
    ParameterKind.REFERENCE: (REFERENCE, ("target_type", "target_id")),
    ParameterKind.URI: (URI, ("uri",)),
    ParameterKind.QUANTITY: (QUANTITY, ("low", "high", "system", "unit")),
}
"""Where the index rows of each kind go, and what their values mean after the parameter's number."""
