"""The tables of the store. Every key and index begins with the practice (DESIGN.md, section 9)."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text

from web_modules.fhir_store.elements.parameters import ParameterKind

FORMAT = 1
"""Goes up when a released layout of the tables or of the index rows changes; kept in each practice's row."""

METADATA = MetaData()

_SORTED = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared by code points, as SQLite does by itself: a prefix is then a range."""


def _key(name: str, length: int = 64) -> Column[str]:
    return Column(name, String(length), primary_key=True)


PRACTICE = Table(
    "practice",
    METADATA,
    _key("practice", 16),
    Column("environment", String(16), nullable=False, comment="live, reference or training, for good"),
    Column("format", Integer, nullable=False),
    Column("epoch", String(36), nullable=False, comment="changes when the database is restored"),
    Column("position", BigInteger, nullable=False, comment="lastUpdated of the newest version"),
)

RESOURCE = Table(
    "resource",
    METADATA,
    _key("practice", 16),
    _key("type"),
    _key("id"),
    Column("version", Integer, nullable=False),
    Column("updated", BigInteger, nullable=False, comment="microseconds since 1970 UTC"),
    Column("is_deleted", Integer, nullable=False),
    Index("resource_by_update", "practice", "type", "updated"),
    sqlite_with_rowid=False,
)

VERSION = Table(
    "version",
    METADATA,
    _key("practice", 16),
    _key("type"),
    _key("id"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("updated", BigInteger, nullable=False),
    Column("method", String(6), nullable=False, comment="POST, PUT or DELETE"),
    Column("content", LargeBinary, comment="the JSON as it is served; none when deleted"),
    Index("version_by_update", "practice", "updated", unique=True),
    Index("version_by_type_and_update", "practice", "type", "updated"),
)


def _index_table(name: str, *columns: Column[str] | Column[int] | Column[float]) -> Table:
    """A table of index rows: by resource for writing, checking and sorting, by value for finding."""
    names = [column.name for column in columns]
    return Table(
        name,
        METADATA,
        _key("practice", 16),
        _key("type"),
        _key("id"),
        _key("parameter", 80),
        *columns,
        Index(f"{name}_by_value", "practice", "type", "parameter", *names, "id"),
        sqlite_with_rowid=False,
    )


TOKEN = _index_table(
    "search_token", Column("code", _SORTED, primary_key=True), Column("system", _SORTED, primary_key=True)
)
STRING = _index_table(
    "search_string", Column("folded", _SORTED, primary_key=True), Column("exact", _SORTED, primary_key=True)
)
DATE = _index_table(
    "search_date",
    Column("low", BigInteger, primary_key=True, autoincrement=False),
    Column("high", BigInteger, primary_key=True, autoincrement=False),
)
REFERENCE = _index_table(
    "search_reference",
    Column("target_id", _SORTED, primary_key=True),
    Column("target_type", String(64), primary_key=True),
)
URI = _index_table("search_uri", Column("uri", _SORTED, primary_key=True))
QUANTITY = _index_table(
    "search_quantity",
    Column("low", Float, primary_key=True),  # only for comparing; what is shown comes from the content
    Column("high", Float, primary_key=True),
    Column("system", _SORTED, primary_key=True),
    Column("unit", _SORTED, primary_key=True),
)

INDEX_TABLES: dict[ParameterKind, tuple[Table, tuple[str, ...]]] = {
    ParameterKind.TOKEN: (TOKEN, ("system", "code")),
    ParameterKind.STRING: (STRING, ("folded", "exact")),
    ParameterKind.DATE: (DATE, ("low", "high")),
    ParameterKind.REFERENCE: (REFERENCE, ("target_type", "target_id")),
    ParameterKind.URI: (URI, ("uri",)),
    ParameterKind.QUANTITY: (QUANTITY, ("low", "high", "system", "unit")),
}
"""Where the index rows of each kind go, and what their values mean after the parameter's name."""
