"""Puts the real bridge together on simulated sides."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from legacy_bridge.cloud.feed import HistoryFeed
from legacy_bridge.cloud.own import OwnVersions
from legacy_bridge.cloud.resources import CloudResources
from legacy_bridge.echoes import FeedWithoutEchoes, OwnWrites
from legacy_bridge.errors import SchemaDrifted
from legacy_bridge.first_load import BeatMemory
from legacy_bridge.forms import FormTime
from legacy_bridge.guards import BlastGuard
from legacy_bridge.legacy_restore import LegacyRestore
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.parity import Comparison, Scan
from legacy_bridge.reconciler import Reconciler
from legacy_bridge.records import Kind
from legacy_bridge.service import MirrorService, Parts, decided
from legacy_bridge.settings import BridgeSettings
from legacy_bridge.sides.listings import News
from tests.legacy_bridge.support.carriers import InTurn
from tests.legacy_bridge.support.small_practice import ODS, guid
from tests.simulation.clock import SimulatedClock, SimulatedEvent
from tests.simulation.faults import Faults, Faulty
from tests.simulation.journal import SimulatedJournal
from tests.simulation.lease import SimulatedLease
from tests.simulation.legacy import SimulatedDatabase, SimulatedOutbox, SimulatedRows
from web_modules.decision.decision import Standing
from web_modules.decision.words import Function
from web_modules.fhir.client import FhirClient
from web_modules.fhir.mirror_answers import Answer
from web_modules.fhir.transport import Transport

_POLL_SECONDS = 0.5
_BATCH = 5
_LATE_SHARE = 0.5  # of the writes come after the reading of the next batch


class NoBoard:
    """A board that nobody looks at."""

    def publish(self, news: News) -> None:
        """See `sides.Board`."""

    def answers(self) -> Sequence[Answer]:
        """See `sides.Board`."""
        return ()

    def tidy(self) -> None:
        """See `sides.Board`."""


class NoScan(Scan):
    """A count that is never due."""

    def start(self, kinds: Collection[Kind]) -> None:
        """See `Scan`."""


class Bridge:
    """One running bridge: the real service, reconciler, feeds and FHIR client."""

    def __init__(
        self,
        journal: SimulatedJournal,
        sides: tuple[SimulatedDatabase, Transport, Mapping[Kind, ResourceMapping]],
        faults: Faults,
        clock: SimulatedClock,
        standings: Callable[[], Mapping[Function, Standing]],
        *,
        is_counted: bool,
    ) -> None:
        database, network, mappings = sides
        self.journal = journal
        self.stop = SimulatedEvent(faults.pause)
        self.moved = SimulatedEvent(faults.pause)
        remembered: Any = Faulty(
            journal,
            "journal",
            faults,
            reads="take links checkpoint next_try",
            writes="begin settle absorb mark hasten age",
            lasting=("disk full writes",),
        )
        rows = SimulatedRows(database, guid("org"), lambda: lease.check())  # noqa: PLW0108 - made later
        memory = BeatMemory(legacy=rows, journal=remembered, clock=clock.now)
        lease = SimulatedLease(database, journal.identity, clock.seconds, faults.pause, memory)
        legacy: Any = Faulty(
            rows,
            "legacy",
            faults,
            reads="read page counts dependants",
            writes="write",
            lasting=("legacy unreachable",),
        )
        outbox = SimulatedOutbox(database)
        feed: Any = Faulty(outbox, "legacy", faults, reads="poll", writes="", lasting=("legacy unreachable",))
        restore = LegacyRestore(feed=feed, legacy=legacy, journal=remembered, clock=clock.now)
        client = FhirClient(network)
        own, written = OwnVersions(), OwnWrites()
        forms = FormTime(remembered, clock.seconds, minutes=60)
        cloud = CloudResources(client, mappings, ODS, own=own, fence=lease.check)

        def check(*, releases: bool = False) -> None:
            if database.dropped:
                raise SchemaDrifted(
                    f"The legacy database has changed: {sorted(database.dropped)} is missing."
                )
            lease.take(releases=releases)

        def release() -> None:
            check(releases=True)
            restore.release(database.content.read_upto)
            lease.believe()

        self.release = release
        self.service = MirrorService(
            Parts(
                legacy_feed=FeedWithoutEchoes(feed, written, legacy=legacy, mappings=mappings),
                cloud_feed=HistoryFeed(
                    client,
                    mappings,
                    ODS,
                    keys_of=remembered.keys_of,
                    identities=remembered.identities,
                    own=own,
                ),
                legacy=legacy,
                journal=remembered,
                reconciler=Reconciler(
                    ods=ODS,
                    legacy=legacy,
                    cloud=cloud,
                    journal=remembered,
                    mappings=mappings,
                    authority=lambda kind: decided(standings(), kind.function)[0],
                    clock=clock.now,
                    blast_guard=BlastGuard(),
                    forms=forms,
                    own=written,
                    doubts=restore.doubts,
                ),
                carrier=InTurn(lambda: faults.random.random() < _LATE_SHARE),
                board=NoBoard(),
                standings=standings,
                data_version=outbox.data_version,
                check=check,
                beat=lease.beat,
                scan=(Scan if is_counted else NoScan)(
                    Comparison(legacy=legacy, cloud=cloud, journal=remembered, mappings=mappings),
                    remembered,
                    clock.now,
                ),
                cloud_moved=self.moved,
                forms=forms,
                clock=clock.now,
                seconds=clock.seconds,
            ),
            BridgeSettings(
                practice=ODS,
                legacy="",
                fhir="",
                flags=Path(),
                journal="",
                batch=_BATCH,
                legacy_poll_seconds=_POLL_SECONDS,
            ),
        )

    def run(self) -> None:
        """Mirror until told to stop."""
        self.service.run(self.stop)
