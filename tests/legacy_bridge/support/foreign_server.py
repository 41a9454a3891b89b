"""FHIR servers that are not the embedded one: what they do not know, or have lost."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.legacy_bridge.support.small_practice import ODS
from web_modules.fhir.transport import FhirRequest, FhirResponse, Transport
from web_modules.fhir_store.interactions.practice_records import ServedPractice
from web_modules.fhir_store.service import FhirService
from web_modules.fhir_store.store import Standard, Store


class WithoutDeleteHistory:
    """A server that does not know the interaction delete-history."""

    def __init__(self, server: Transport, status: int) -> None:
        self._server = server
        self._status = status

    def send(self, request: FhirRequest) -> FhirResponse:
        """See `Transport.send`."""
        if request.method == "DELETE" and request.path.endswith("/_history"):
            return FhirResponse(status=self._status, headers={}, body=b"")
        return self._server.send(request)


class RestorableServer:
    """The embedded store on a file that can be saved, and put back as it was."""

    def __init__(self, folder: Path, standard: Standard) -> None:
        self._file = folder / "restorable.sqlite"
        self._backup = folder / "backup.sqlite"
        self._standard = standard
        self._open()

    def send(self, request: FhirRequest) -> FhirResponse:
        """See `Transport.send`."""
        return self._service.send(request)

    def backup(self) -> None:
        """Save everything."""
        with closing(sqlite3.connect(self._file)) as connection:
            connection.execute("VACUUM INTO ?", (str(self._backup),))

    def restore(self) -> None:
        """Put back what was saved last."""
        self.close()
        for name in self._file.parent.glob(f"{self._file.name}*"):
            name.unlink()
        self._backup.rename(self._file)
        self._open()

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def _open(self) -> None:
        self._store = Store(f"sqlite:///{self._file}", self._standard)
        self._store.open_practice(ODS, "reference")
        served = ServedPractice(
            practice=ODS, base_url=f"http://cloud.example/{ODS}/fhir", description="a test"
        )
        self._service = FhirService(self._store, served)
