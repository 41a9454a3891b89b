"""The store as a whole: what HL7 defines, the database, and one change signal a practice."""

import time
from dataclasses import dataclass
from pathlib import Path

from web_modules.fhir_store.changes import ChangeSignal
from web_modules.fhir_store.database.engine import Database
from web_modules.fhir_store.definitions import DEFAULT_FOLDER, load_definitions
from web_modules.fhir_store.elements.indexing import Indexer
from web_modules.fhir_store.elements.model import ElementModel
from web_modules.fhir_store.elements.parameters import ParameterCatalogue
from web_modules.fhir_store.validation.validator import Validator


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """FHIR R4 as the store works with it; worked out type by type as types are used.

    Attributes:
        catalogue: the search parameters.
        validator: what may be stored.
    """

    catalogue: ParameterCatalogue
    validator: Validator


def load_standard(folder: Path = DEFAULT_FOLDER) -> Standard:
    """Read HL7's definitions; takes about 50 ms.

    Raises:
        AssetsMissing: they are not there.
    """
    definitions = load_definitions(folder)
    model = ElementModel(definitions)
    return Standard(catalogue=ParameterCatalogue(definitions, model), validator=Validator(definitions, model))


class Store:
    """What the practices of one database share. Safe from every thread."""

    def __init__(self, database_url: str, standard: Standard) -> None:
        """Open the database.

        Raises:
            DatabaseUnavailable: it cannot be opened.
        """
        self.catalogue = standard.catalogue
        self.validator = standard.validator
        self.database = Database(database_url)
        self.indexer = Indexer(self.catalogue)
        self.opened_at = time.time_ns() // 1000
        self._changes: dict[str, ChangeSignal] = {}

    def open_practice(self, practice: str, environment: str) -> None:
        """Make a practice's records reachable; creates what it needs when it is new.

        Raises:
            DatabaseUnavailable: the database was made by another Banyan, or for another environment.
        """
        self._changes[practice] = ChangeSignal(self.database.open_practice(practice, environment))

    def changes(self, practice: str) -> ChangeSignal:
        """The signal of a practice that is open."""
        return self._changes[practice]

    def close(self) -> None:
        """Close the database."""
        self.database.close()
