"""The store as a whole: what HL7 defines, the database, and one change signal a practice."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from web_modules.fhir.audit_chain import Chain
from web_modules.fhir_store.access import Access
from web_modules.fhir_store.audit.book import AuditBook
from web_modules.fhir_store.audit.events import Note
from web_modules.fhir_store.audit.restored import restore_note
from web_modules.fhir_store.audit.trail import AuditTrail
from web_modules.fhir_store.changes import ChangeSignal
from web_modules.fhir_store.database.engine import Database
from web_modules.fhir_store.database.mislabelled import mislabelled
from web_modules.fhir_store.database.records import read_position
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.database.transactions import DatabaseSilent
from web_modules.fhir_store.definitions import DEFAULT_FOLDER, load_definitions
from web_modules.fhir_store.elements.indexing import Indexer
from web_modules.fhir_store.elements.model import ElementModel
from web_modules.fhir_store.elements.parameters import ParameterCatalogue
from web_modules.fhir_store.search.limits import LimitedSight, is_unlimited
from web_modules.fhir_store.sight import UNLIMITED, Sight
from web_modules.fhir_store.validation.validator import Validator

_LOG = logging.getLogger(__name__)
_RESTORED = "SELECT restored FROM practice WHERE practice = ?"
_RESTORE_TOLD = "UPDATE practice SET restored = NULL WHERE practice = ?"
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """FHIR R4 as the store works with it; worked out type by type as types are used.

    Attributes:
        catalogue: the search parameters.
        validator: what may be stored.
        compartment: for each type, the search parameters that say of which patient it is.
    """

    catalogue: ParameterCatalogue
    validator: Validator
    compartment: Mapping[str, Sequence[str]]


def load_standard(folder: Path = DEFAULT_FOLDER) -> Standard:
    """Read HL7's definitions; takes about 50 ms.

    Raises:
        AssetsMissing: they are not there.
    """
    definitions = load_definitions(folder)
    model = ElementModel(definitions)
    return Standard(
        catalogue=ParameterCatalogue(definitions, model),
        validator=Validator(definitions, model),
        compartment=definitions.patient_compartment,
    )


class Store:
    """What the practices of one database share. Safe from every thread."""

    def __init__(
        self,
        database_url: str,
        standard: Standard,
        audit_key: Callable[[], bytes] = bytes,
        *,
        is_shared: bool = False,
    ) -> None:
        """Open the database.

        Args:
            database_url: a SQLAlchemy URL.
            standard: FHIR R4.
            audit_key: what signs the audit, asked for once the database is open; whoever has the database and
                not the key cannot change the audit unnoticed.
            is_shared: whether other processes write too; at a server they always may.

        Raises:
            DatabaseUnavailable: it cannot be opened.
        """
        self.catalogue = standard.catalogue
        self.validator = standard.validator
        self.compartment = standard.compartment
        self.database = Database(database_url)
        self._audit_key = audit_key()
        self._is_shared = is_shared or not self.database.is_embedded
        self.indexer = Indexer(self.catalogue)
        self.opened_at = time.time_ns() // 1000
        self._trails: dict[str, AuditTrail] = {}
        self._changes: dict[str, ChangeSignal] = {}
        self._epochs: dict[str, str] = {}

    def open_practice(self, practice: str, environment: str) -> None:
        """Make a practice's records reachable; creates what it needs when it is new.

        Raises:
            DatabaseUnavailable: the database was made for another environment.
        """
        chain = Chain(self._audit_key, practice)
        opened = self.database.open_practice(practice, environment, chain)
        if opened.restored:
            self.database.write(partial(self._note_restore, practice))
        self._tell_of_mislabelled(practice)
        look = partial(self._position, practice) if self._is_shared else None
        self._changes[practice] = ChangeSignal(opened.position, look)
        self._epochs[practice] = opened.epoch
        self._trails[practice] = AuditTrail(lambda notes: self.append(practice, notes))

    def _tell_of_mislabelled(self, practice: str) -> None:
        with self.database.viewing() as session:
            first, count = mislabelled(session, practice, _MOST_TOLD)
        if count:
            _LOG.warning(
                "%d records have a confidentiality label that nobody can read, and are hidden as very "
                "restricted; correct their meta.security. The first: %s",
                count,
                ", ".join(first),
            )

    def _note_restore(self, practice: str, session: Session) -> None:
        """Put a restore into the audit, unless another process just did."""
        session.head(practice)  # keeps the others out
        kept = session.rows(_RESTORED, (practice,))
        if kept and kept[0][0]:
            self.book(session, practice).append([restore_note(kept[0][0])])
            session.change(_RESTORE_TOLD, (practice,))

    def epoch(self, practice: str) -> str:
        """What is another one after a restore, for which whatever serves the database must be stopped."""
        return self._epochs[practice]

    def changes(self, practice: str) -> ChangeSignal:
        """The signal of a practice that is open."""
        return self._changes[practice]

    def trail(self, practice: str) -> AuditTrail:
        """Where what was read and refused at a practice that is open is noted."""
        return self._trails[practice]

    def sight(self, access: Access, practice: str, base_url: str) -> Sight:
        """What of a practice's records somebody may see and change, under a base."""
        if is_unlimited(access):
            return UNLIMITED
        return LimitedSight(access, practice, self.catalogue, self.indexer, self.compartment, base_url)

    def book(self, session: Session, practice: str) -> AuditBook:
        """The audit of a practice, in a transaction."""
        return AuditBook(session, practice, Chain(self._audit_key, practice))

    def append(self, practice: str, notes: Sequence[Note]) -> int:
        """Add notes to a practice's audit; the number of the last of them.

        Raises:
            DatabaseSilent: nothing was added.
        """
        return self.database.write(lambda session: self.book(session, practice).append(notes))

    def _position(self, practice: str) -> int | None:
        try:
            with self.database.looking() as session:
                return read_position(session, practice)
        except (DatabaseSilent, SQLAlchemyError):
            return None  # whoever waits asks the records afterwards, and is told then

    def close(self) -> None:
        """Write what is still to be noted, and close the database."""
        for signal in self._changes.values():
            signal.close()
        for trail in self._trails.values():
            trail.close()
        self.database.close()
