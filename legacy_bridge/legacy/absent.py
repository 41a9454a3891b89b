"""Which of the tables that the published shape does not have a legacy database lacks."""

from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, inspect

from legacy_bridge.legacy.schema import OPTIONAL

_KNOWN: WeakKeyDictionary[Engine, frozenset[str]] = WeakKeyDictionary()


def absent_tables(connection: Connection) -> frozenset[str]:
    """The optional tables that are not there; looked up once for as long as a database is open.

    One that goes later has been read from: that is a change of the schema, and stops the bridge.
    """
    engine = connection.engine
    found = _KNOWN.get(engine)
    if found is None:
        there = inspect(connection)
        found = OPTIONAL - {*there.get_table_names(), *there.get_view_names()}
        _KNOWN[engine] = found
    return found
