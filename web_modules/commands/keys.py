"""Where the keys of a cloud are: in files beside an SQLite database, or where the settings say."""

from pathlib import Path
from typing import TYPE_CHECKING

from web_modules.settings import CloudSettings

if TYPE_CHECKING:
    from web_modules.fhir_store.store import Store


def audit_key(database: str, file: Path | None) -> bytes:
    """What signs the audit: in its file, which is made when it is not there."""
    from sqlalchemy import make_url

    from web_modules.identity.sessions import load_key

    url = make_url(database)
    if file is None and url.get_backend_name() == "sqlite":
        file = Path(f"{url.database}.audit-key")
    return b"" if file is None else load_key(file)


def session_key(settings: CloudSettings, store: "Store") -> bytes:
    """Beside an SQLite database; in any other database, where every web process has it."""
    from sqlalchemy import make_url

    from web_modules.identity.database.connection import IdentityDatabase
    from web_modules.identity.database.keys import Keys
    from web_modules.identity.sessions import load_key

    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        return load_key(Path(f"{url.database}.session-key"))
    return Keys(IdentityDatabase(store.database, settings.practice)).session()
