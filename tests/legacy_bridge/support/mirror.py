"""A whole mirror in one process: real legacy tables, real journal, any FHIR server behind a transport."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from legacy_bridge.cloud.board import FhirBoard
from legacy_bridge.cloud.own import OwnVersions
from legacy_bridge.cloud.resources import CloudResources
from legacy_bridge.cloud.server import CloudServer, ServerFeed
from legacy_bridge.echoes import FeedWithoutEchoes, OwnWrites
from legacy_bridge.first_load import BeatMemory
from legacy_bridge.forms import FormTime
from legacy_bridge.guards import BlastGuard
from legacy_bridge.journal.database import Lease, journal_url, open_journal
from legacy_bridge.journal.dirty import hasten
from legacy_bridge.journal.journal import SqlJournal
from legacy_bridge.legacy.capture.choice import open_capture
from legacy_bridge.legacy.lease import LegacyLease
from legacy_bridge.legacy.rows import LegacyRows
from legacy_bridge.legacy_restore import LegacyRestore
from legacy_bridge.mapping.catalogue import catalogue
from legacy_bridge.merge.visit import Report
from legacy_bridge.metrics import Metrics
from legacy_bridge.parity import Comparison, Scan
from legacy_bridge.reconciler import Reconciler
from legacy_bridge.records import Kind
from legacy_bridge.service import MirrorService, Parts, decided
from legacy_bridge.settings import BridgeSettings, CaptureWay
from tests.legacy_bridge.support.carriers import InTurn
from tests.legacy_bridge.support.row_hashes import hashes_in
from tests.legacy_bridge.support.small_practice import ODS, PracticeDatabase, guid
from web_modules.decision.decision import Standing
from web_modules.decision.words import Function, Stage
from web_modules.fhir.client import FhirClient, version_of
from web_modules.fhir.systems import legacy_key
from web_modules.fhir.transport import Transport

BASE = "https://cloud.example/fhir"
"""The address by which the bridge reaches the server, wherever that is."""


def stages(**named: Stage) -> dict[Function, Standing]:
    """Where every function stands: patients lead, appointments on trial, unless named otherwise."""
    found = {function: Standing(stage=Stage.LEGACY) for function in Function}
    chosen = {"patients": Stage.LEAD, "appointments": Stage.TRIAL, "organisation": Stage.MIRROR, **named}
    found.update({Function(name): Standing(stage=stage) for name, stage in chosen.items()})
    return found


@dataclass(slots=True)
class Mirror:
    """The bridge between a practice and a FHIR server; `wrap` puts a fault before any side."""

    practice: PracticeDatabase
    transport: Transport
    folder: Path
    standings: Mapping[Function, Standing] = field(default_factory=stages)
    wrap: Callable[[Any], Any] = lambda side: side
    blast_guard: BlastGuard = field(default_factory=BlastGuard)
    batch: int = 50
    form_minutes: float = 60
    capture: CaptureWay = CaptureWay.AUTO
    carrier: Executor = field(default_factory=InTurn)
    client: FhirClient = field(init=False)
    server: CloudServer = field(init=False)
    journal: SqlJournal = field(init=False)
    service: MirrorService = field(init=False)
    _engine: Any = field(init=False, default=None)
    _lease: Any = field(init=False, default=None)
    _feed: Any = field(init=False, default=None)
    _held: Any = field(init=False, default=None)
    _restore: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.client = FhirClient(self.transport)
        self.server = CloudServer(self.client, catalogue(ODS))
        self.start()

    def start(self) -> None:
        """Start the bridge, or start it again after it was killed."""
        self.stop()
        self._engine = open_journal(journal_url(str(self.folder / "journal.sqlite")))
        self._lease = Lease(self._engine, ODS)
        self.journal = SqlJournal(self._engine, ODS, self._lease)
        mappings = catalogue(ODS)
        journal = self.wrap(self.journal)
        memory = BeatMemory(
            legacy=LegacyRows(self.practice.engine, ODS),
            journal=self.journal,
            clock=lambda: datetime.now(UTC),
        )
        self._held = LegacyLease(self.practice.engine, ODS, self._lease.journal, remembered=memory)
        self._held.take(releases=True)  # that a backup was put back, the feed has to tell
        legacy = self.wrap(LegacyRows(self.practice.engine, ODS, fence=self._held.check))
        self._feed = open_capture(self.practice.engine, self.capture, open_hashes=hashes_in(self.folder))
        self._feed.install()
        self._restore = LegacyRestore(
            feed=self._feed, legacy=legacy, journal=journal, clock=lambda: datetime.now(UTC)
        )
        own, written = OwnVersions(), OwnWrites()
        forms = FormTime(journal, monotonic, minutes=self.form_minutes)
        metrics = Metrics(self.journal.standing)
        reconciler = Reconciler(
            ods=ODS,
            legacy=legacy,
            cloud=self.wrap(
                CloudResources(
                    self.client,
                    mappings,
                    ODS,
                    own=own,
                    fence=self._held.verify,
                    abilities=self.server.abilities,
                    base=BASE,
                )
            ),
            journal=journal,
            mappings=mappings,
            authority=lambda kind: decided(self.standings, kind.function)[0],
            clock=lambda: datetime.now(UTC),
            blast_guard=self.blast_guard,
            forms=forms,
            own=written,
            settled=metrics.settled,
            doubts=self._restore.doubts,
        )
        parts = Parts(
            legacy_feed=FeedWithoutEchoes(self._feed, written, legacy=legacy, mappings=mappings),
            cloud_feed=ServerFeed(
                self.client, mappings, ODS, journal=self.journal, own=own, abilities=self.server.abilities
            ),
            legacy=legacy,
            journal=journal,
            reconciler=reconciler,
            carrier=self.carrier,
            board=FhirBoard(self.client, own, self.server.abilities),
            standings=lambda: self.standings,
            data_version=self._feed.data_version,
            check=self._check,
            beat=self._held.beat,
            scan=Scan(self._comparison(), self.journal, lambda: datetime.now(UTC)),
            cloud_moved=Event(),
            forms=forms,
            metrics=metrics,
        )
        settings = BridgeSettings(
            practice=ODS, legacy="", fhir="", flags=Path(), journal="", batch=self.batch
        )
        self.service = MirrorService(parts, settings)

    def _check(self) -> None:
        for reason, words in self.server.look():
            self.journal.notice(reason, words, datetime.now(UTC))

    def stop(self) -> None:
        """End the bridge; what is in its journal stays."""
        if self._engine is not None:
            self._held.close()
            self._feed.close()
            self._lease.close()
            self._engine.dispose()
            self._engine = None

    def release(self) -> None:
        """Somebody has looked at a legacy database that came back from a backup."""
        self._restore.release(self._held.position() if self._feed.tells_since else None)
        self._held.believe()

    def drain(self) -> Report:
        """Let the bridge do all that it can do now."""
        return self.service.drain()

    def hasten(self) -> None:
        """Let what waits for something be tried at once."""
        with self._engine.begin() as connection:
            hasten(connection, ODS, above_rank=-1, now=datetime.now(UTC).replace(tzinfo=None))

    def differing(self) -> list[str]:
        """The links whose two sides are not equal."""
        comparison = self._comparison()
        found = [comparison.count(kind) for kind in Kind]
        return [str(one.key) for parity in found for one in parity.unequal]

    def _comparison(self) -> Comparison:
        return Comparison(
            legacy=LegacyRows(self.practice.engine, ODS),
            cloud=CloudResources(
                self.client, catalogue(ODS), ODS, abilities=self.server.abilities, base=BASE
            ),
            journal=self.journal,
            mappings=catalogue(ODS),
        )

    def resource(self, resource_type: str, table: str, name: str) -> dict[str, Any]:
        """The resource of a name."""
        (found,) = self.resources(resource_type, table, name)
        return found

    def resources(self, resource_type: str, table: str, name: str) -> list[dict[str, Any]]:
        """All resources with the identifier of a name."""
        wanted = f"{legacy_key(ODS, table)}|{guid(name).strip('{}').lower()}"
        return self.client.search(resource_type, {"identifier": wanted})

    def patient(self, name: str) -> dict[str, Any]:
        """A Patient."""
        return self.resource("Patient", "Admin_Patient", name)

    def slot(self, name: str) -> dict[str, Any]:
        """A Slot."""
        return self.resource("Slot", "Appointment_Slot", name)

    def appointments(self, slot: str) -> list[dict[str, Any]]:
        """A slot's Appointments, oldest first."""
        found = self.client.search("Appointment", {"slot": f"Slot/{self.slot(slot)['id']}"})
        return sorted(found, key=lambda one: str(one["id"]))

    def put(self, resource: dict[str, Any], **changed: Any) -> dict[str, Any]:
        """Change elements of a resource as a module would, on the version that was seen."""
        return self.client.update({**resource, **changed}, if_match=version_of(resource))
