"""Says whether a database holds any audit."""

from web_modules.fhir_store.database.connecting import database_url, opening, writing_engine

_ANY = "/* every practice */ SELECT 1 FROM audit LIMIT 1"


def is_audited(text: str) -> bool:
    """Whether anything stands in the audit of the database at a URL, which has its tables.

    Raises:
        DatabaseUnavailable: it cannot be opened.
    """
    url = database_url(text)
    with opening(url):
        engine = writing_engine(url)
        try:
            with engine.begin() as connection:
                return connection.exec_driver_sql(_ANY).first() is not None
        finally:
            engine.dispose()
