"""Puts the parts of a bridge together, by its settings."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from threading import Event
from time import monotonic
from typing import Any

from legacy_bridge.commands.opening import journal_of
from legacy_bridge.errors import SettingsWrong
from legacy_bridge.settings import BridgeSettings


@contextmanager
def wired(  # noqa: PLR0915 - the wiring, in the order in which things are made
    settings: BridgeSettings, *, stop: Event | None = None, guard: Any = None, after_restore: bool = False
) -> Iterator[Any]:
    """Wire the service; `stop`: wait for a cloud or a database that is not there yet."""
    from legacy_bridge.cloud.board import FhirBoard
    from legacy_bridge.cloud.environment import said_by
    from legacy_bridge.cloud.own import OwnVersions
    from legacy_bridge.cloud.resources import CloudResources
    from legacy_bridge.cloud.server import CloudServer, ServerFeed
    from legacy_bridge.cloud.watch import CloudWatch
    from legacy_bridge.commands.legacy_side import open_legacy
    from legacy_bridge.echoes import FeedWithoutEchoes, OwnWrites
    from legacy_bridge.first_load import BeatMemory
    from legacy_bridge.forms import FormTime
    from legacy_bridge.guards import BlastGuard, check_environment, check_schema
    from legacy_bridge.journal.audit import Note
    from legacy_bridge.journal.database import Lease, journal_url, open_journal
    from legacy_bridge.journal.journal import SqlJournal
    from legacy_bridge.legacy.lease import LegacyLease
    from legacy_bridge.legacy.rows import LegacyRows
    from legacy_bridge.legacy_restore import LegacyRestore
    from legacy_bridge.mapping.catalogue import catalogue
    from legacy_bridge.metrics import Metrics
    from legacy_bridge.parity import Comparison, Scan
    from legacy_bridge.reconciler import Reconciler
    from legacy_bridge.service import MirrorService, Parts, decided
    from web_modules.decision.flags import FlagFile
    from web_modules.fhir.client import FhirClient
    from web_modules.fhir.transport import HttpTransport

    ods = settings.practice
    with ExitStack() as stack:
        flag_file = FlagFile(settings.flags, practice=ods, environment=settings.environment.value)
        stack.callback(flag_file.close)
        credentials = _credentials(settings)
        database, feed = open_legacy(settings)
        stack.callback(database.dispose)
        stack.callback(feed.close)
        shown = LegacyRows(database, ods)

        def ask() -> None:
            environment, practice = said_by(settings.fhir)
            check_environment(settings.environment, said=environment, ods=ods, practice=practice)
            check_schema(shown.mapped_columns(), shown.columns())

        if stop is None:
            ask()  # before the journal is made: a bridge that cannot begin leaves nothing behind
        engine = open_journal(journal_url(settings.journal), settings.journal_key)
        stack.callback(engine.dispose)
        lease = Lease(engine, ods)
        stack.callback(lease.close)
        journal = SqlJournal(engine, ods, lease)
        memory = BeatMemory(
            legacy=LegacyRows(database, ods), journal=journal, clock=lambda: datetime.now(UTC)
        )
        held = LegacyLease(database, ods, lease.journal, remembered=memory)
        stack.callback(held.close)
        legacy = LegacyRows(database, ods, fence=held.check)
        transport = HttpTransport(settings.fhir, credentials=credentials)
        stack.callback(transport.close)
        client = FhirClient(transport)
        mappings = catalogue(ods)
        server = CloudServer(client, mappings)

        def begin(*, releases: bool = False) -> None:
            held.take(releases=releases)
            feed.install()

        def check() -> None:
            ask()
            begin()
            for reason, words in server.look():
                journal.notice(reason, words, datetime.now(UTC))

        restore = LegacyRestore(feed=feed, legacy=legacy, journal=journal, clock=lambda: datetime.now(UTC))
        if stop is None:
            begin(releases=after_restore)
        if after_restore:
            journal.tell(Note(what="legacy restore released", subject="mirror/legacy"), datetime.now(UTC))
            restore.release(held.position() if feed.tells_since else None)
            held.believe()
        if guard is not None:
            journal.tell(Note(what="deletions allowed", subject="mirror/blast-radius"), datetime.now(UTC))
        carrier = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cloud-writer")
        stack.callback(carrier.shutdown)
        moved = Event()
        metrics = Metrics(journal.standing)
        if stop is not None and settings.metrics_port is not None:
            stack.callback(metrics.serve(settings.metrics_host, settings.metrics_port))
        own, written = OwnVersions(), OwnWrites()
        forms = FormTime(journal, monotonic, minutes=settings.form_minutes)
        cloud = CloudResources(
            client,
            mappings,
            ods,
            own=own,
            fence=held.verify,
            abilities=server.abilities,
            base=settings.fhir,
        )
        reconciler = Reconciler(
            ods=ods,
            legacy=legacy,
            cloud=cloud,
            journal=journal,
            mappings=mappings,
            authority=lambda kind: decided(flag_file.standings(), kind.function)[0],
            clock=lambda: datetime.now(UTC),
            blast_guard=guard or BlastGuard(),
            forms=forms,
            own=written,
            settled=metrics.settled,
            doubts=restore.doubts,
        )
        parts = Parts(
            legacy_feed=FeedWithoutEchoes(feed, written, legacy=legacy, mappings=mappings),
            cloud_feed=ServerFeed(
                client, mappings, ods, journal=journal, own=own, abilities=server.abilities
            ),
            legacy=legacy,
            journal=journal,
            reconciler=reconciler,
            carrier=carrier,
            board=FhirBoard(client, own, server.abilities),
            standings=flag_file.standings,
            data_version=feed.data_version,
            check=check,
            beat=held.beat,
            scan=Scan(
                Comparison(legacy=legacy, cloud=cloud, journal=journal, mappings=mappings),
                journal,
                lambda: datetime.now(UTC),
            ),
            cloud_moved=moved,
            forms=forms,
            metrics=metrics,
        )
        if stop is not None:
            waiting = HttpTransport(settings.fhir, credentials=credentials)
            stack.callback(waiting.close)
            watch = CloudWatch(waiting, moved=moved, poll_seconds=settings.cloud_poll_seconds)
            stack.callback(watch.close)
            watch.start()
        yield MirrorService(parts, settings)


@contextmanager
def comparing(settings: BridgeSettings) -> Iterator[Any]:
    """Wire what compares the sides and writes nothing: it may look while a bridge runs.

    Yields:
        the comparison, the journal and the kinds that are mirrored.

    Raises:
        SideUnavailable: there is no journal yet, or a side does not answer.
    """
    from legacy_bridge.cloud.environment import said_by
    from legacy_bridge.cloud.resources import CloudResources
    from legacy_bridge.guards import check_environment, check_schema
    from legacy_bridge.legacy.database import open_database
    from legacy_bridge.legacy.rows import LegacyRows
    from legacy_bridge.mapping.catalogue import catalogue
    from legacy_bridge.parity import Comparison
    from legacy_bridge.records import Kind
    from legacy_bridge.service import decided
    from web_modules.decision.flags import FlagFile
    from web_modules.fhir.client import FhirClient
    from web_modules.fhir.transport import HttpTransport

    ods = settings.practice
    with ExitStack() as stack:
        flag_file = FlagFile(settings.flags, practice=ods, environment=settings.environment.value)
        stack.callback(flag_file.close)
        journal = stack.enter_context(journal_of(settings))
        database = open_database(settings.legacy)
        stack.callback(database.dispose)
        legacy = LegacyRows(database, ods)
        environment, practice = said_by(settings.fhir)
        check_environment(settings.environment, said=environment, ods=ods, practice=practice)
        check_schema(legacy.mapped_columns(), legacy.columns())
        transport = HttpTransport(settings.fhir, credentials=_credentials(settings))
        stack.callback(transport.close)
        mappings = catalogue(ods)
        cloud = CloudResources(FhirClient(transport), mappings, ods, base=settings.fhir)
        standings = flag_file.standings()
        kinds = [kind for kind in Kind if decided(standings, kind.function)[1]]
        yield Comparison(legacy=legacy, cloud=cloud, journal=journal, mappings=mappings), journal, kinds


def _credentials(settings: BridgeSettings) -> Any:
    from web_modules.fhir.errors import FhirKeyUnusable
    from web_modules.fhir.transport import BearerToken

    if settings.client_id is None or settings.client_key is None:
        return None if settings.token is None else BearerToken(settings.token)
    from web_modules.fhir.backend_services import BackendServices, load_key

    try:
        key = load_key(settings.client_key)
    except FhirKeyUnusable as error:
        raise SettingsWrong(str(error)) from error
    return BackendServices(settings.fhir, client_id=settings.client_id, key=key)
