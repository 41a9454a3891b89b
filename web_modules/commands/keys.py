"""Where the keys of a cloud are."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from web_modules.fhir_store.store import Store


def audit_key(database: str, file: Path | None) -> bytes:
    """What signs the audit: in its file, which is made when it is not there."""
    from sqlalchemy import make_url

    from web_modules.fhir_store.audit.key import load_key

    url = make_url(database)
    if file is None and url.get_backend_name() == "sqlite":
        file = Path(f"{url.database}.audit-key")
    return b"" if file is None else load_key(file)


def session_key(store: "Store", practice: str) -> bytes:
    """What signs the sessions: in the database, where every web process has it."""
    from web_modules.identity.database.connection import IdentityDatabase
    from web_modules.identity.database.keys import Keys

    return Keys(IdentityDatabase(store.database, practice)).session()
