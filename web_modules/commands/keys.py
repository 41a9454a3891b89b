"""Where the keys of a cloud are."""

from pathlib import Path
from typing import TYPE_CHECKING

from web_modules.errors import SettingsError

if TYPE_CHECKING:
    from web_modules.fhir_store.store import Store


def audit_key(database: str, file: Path | None) -> bytes:
    """What signs the audit: in its file, which is made when there is no audit yet that it could have signed.

    Args:
        database: a database that has its tables.
        file: where the key is, when that is said.

    Raises:
        CloudError: nobody says where the file is, it cannot be read or made, or it is lost.
    """
    from web_modules.fhir_store.audit.key import load_key, read_key
    from web_modules.fhir_store.database.audited import is_audited

    found = _audit_key_file(database, file)
    is_lost = not found.exists() and is_audited(database)
    return read_key(found) if is_lost else load_key(found)


def known_audit_key(database: str, file: Path | None) -> bytes:
    """What signed the audit: in its file, which must be there. Raises as `audit_key`."""
    from web_modules.fhir_store.audit.key import read_key

    return read_key(_audit_key_file(database, file))


def _audit_key_file(database: str, file: Path | None) -> Path:
    from web_modules.fhir_store.database.connecting import database_url, is_embedded

    if file is not None:
        return file
    url = database_url(database)
    if not is_embedded(url):
        raise SettingsError("The audit needs a key outside its database: say its file by --audit-key.")
    return Path(f"{url.database}.audit-key")


def session_key(store: "Store", practice: str) -> bytes:
    """What signs the sessions: in the database, where every web process has it."""
    from web_modules.identity.database.connection import IdentityDatabase
    from web_modules.identity.database.keys import Keys

    return Keys(IdentityDatabase(store.database, practice)).session()
