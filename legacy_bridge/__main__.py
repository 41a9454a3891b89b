"""The commands of the bridge; the only place where its parts are wired together."""

import json
import logging
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer

from legacy_bridge.errors import BridgeError, SettingsWrong, SideUnavailable
from legacy_bridge.records import Kind, value_to_json
from legacy_bridge.settings import BridgeSettings, load_settings

app = typer.Typer(
    help="The bridge of Banyan: mirrors a practice's legacy records and the cloud's, both ways.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

_SIDES = """

Examples:

  banyan-bridge {0} --practice Y99002 --legacy sqlite:////srv/banyan/practice.sqlite
    --fhir http://127.0.0.1:8080/Y99002/fhir --flags flags.json --journal journal.sqlite

  banyan-bridge {0} --settings bridge.toml{1}
"""
_LOOKS = """

Examples:

  banyan-bridge {0} --practice Y99002 --journal journal.sqlite

  banyan-bridge {0} --practice Y99002 --journal journal.sqlite --json
"""
_RUN_HELP = (
    "Mirror until SIGTERM or Ctrl+C.\n\nEvery setting may also stand in a TOML file (--settings) or in the "
    "environment as BANYAN_BRIDGE_<NAME>. The bearer token comes from BANYAN_BRIDGE_TOKEN only; "
    "client_id and client_key are for a bridge that gets tokens by its own key." + _SIDES.format("run", "")
)
_ONCE_HELP = "Carry what differs now, say what was done, and end." + _SIDES.format(
    "once", " --compare --json"
)

Practice = Annotated[str | None, typer.Option(help="ODS code of the practice.")]
Legacy = Annotated[str | None, typer.Option(help="SQLAlchemy URL of the legacy database.")]
Fhir = Annotated[str | None, typer.Option(help="The practice's FHIR base on the cloud.")]
Flags = Annotated[Path | None, typer.Option(help="flagd file: how far each function has moved.")]
JournalOption = Annotated[str | None, typer.Option("--journal", help="File or URL of the bridge's memory.")]
EnvironmentOption = Annotated[
    str | None, typer.Option("--environment", help="live, reference or training. Default reference.")
]
SettingsFile = Annotated[Path | None, typer.Option(help="TOML file with any of these settings.")]
AllowDeletions = Annotated[
    bool, typer.Option("--allow-deletions", help="Let one batch delete many records: somebody has looked.")
]
AfterRestore = Annotated[
    bool,
    typer.Option("--after-restore", help="The legacy database came back from a backup: somebody has looked."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")]


@app.command(help=_RUN_HELP)
def run(  # noqa: PLR0913, PLR0917  (one argument an option)
    practice: Practice = None,
    legacy: Legacy = None,
    fhir: Fhir = None,
    flags: Flags = None,
    journal: JournalOption = None,
    environment: EnvironmentOption = None,
    settings: SettingsFile = None,
) -> None:
    """Mirror until told to stop."""
    with _failing_in_one_sentence():
        options = _options(practice, legacy, fhir, flags, journal, environment)
        found = load_settings(options, file=settings)
        _log_to_stderr()
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        with _service(found, stop=stop) as service:
            logging.getLogger("legacy_bridge").info("mirror runs")
            service.run(stop)


@app.command(help=_ONCE_HELP)
def once(  # noqa: PLR0913, PLR0917  (one argument an option)
    practice: Practice = None,
    legacy: Legacy = None,
    fhir: Fhir = None,
    flags: Flags = None,
    journal: JournalOption = None,
    environment: EnvironmentOption = None,
    settings: SettingsFile = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Look at every record, not only the dirty.")
    ] = False,
    allow_deletions: AllowDeletions = False,
    after_restore: AfterRestore = False,
    as_json: AsJson = False,
) -> None:
    """Carry what differs now."""
    from legacy_bridge.guards import BlastGuard

    with _failing_in_one_sentence():
        options = _options(practice, legacy, fhir, flags, journal, environment)
        found = load_settings(options, file=settings)
        guard = BlastGuard(share=1.0) if allow_deletions else BlastGuard()
        with _service(found, guard=guard, after_restore=after_restore) as service, _progress() as show:
            if compare or after_restore:
                service.compare_everything()
            done = service.drain(on_progress=show)
            if compare:
                service.count()
        told = asdict(done)
        if as_json:
            typer.echo(json.dumps(told))
        else:
            typer.echo(
                f"{done.looked_at} records looked at; {done.written_to_cloud} written to the cloud, "
                f"{done.written_to_legacy} to legacy; {done.decided} conflicts decided, "
                f"{done.in_conflict} open; {done.quarantined} in quarantine."
            )


@app.command(help="Say how the mirror stands." + _LOOKS.format("status"))
def status(
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Say how the mirror stands."""
    with _failing_in_one_sentence(), _journal(practice, journal, settings) as (_, book):
        standing = book.standing()
        now = datetime.now(UTC)
        told = {
            kind.value: {
                "linked": standing.linked[kind],
                "waiting": standing.waiting.get(kind, 0),
                "oldest_seconds": round((now - standing.oldest[kind]).total_seconds(), 1)
                if kind in standing.oldest
                else None,
                "conflicts": standing.conflicts.get(kind, 0),
                "quarantined": standing.quarantined.get(kind.value, 0),
                "withheld": standing.withheld[kind],
                "matched": standing.counted[kind].matched if kind in standing.counted else None,
                "counted": standing.counted[kind].total if kind in standing.counted else None,
                "counted_at": standing.counted[kind].at.isoformat() if kind in standing.counted else None,
            }
            for kind in Kind
        }
        only_in_cloud = standing.quarantined.get("stray", 0)
        notices = [one.words for one in book.quarantined() if one.subject.startswith("mirror/")]
        if as_json:
            more = {"only_in_cloud": only_in_cloud, "unsure": standing.unsure, "notices": notices}
            typer.echo(json.dumps({"kinds": told, **more}))
            return
        heads = ("linked", "waiting", "conflicts", "quarantined", "withheld", "matched", "counted")
        typer.echo("".join(["kind".ljust(14), *(head.rjust(13) for head in heads)]))
        for kind, numbers in told.items():
            typer.echo("".join([kind.ljust(14), *(_number(numbers[head]).rjust(13) for head in heads)]))
        if only_in_cloud:
            typer.echo(f"{only_in_cloud} records are only in the cloud: see banyan-bridge quarantine.")
        if standing.unsure:
            typer.echo(
                f"{standing.unsure} of the withheld are so because nobody can read whether they are "
                "confidential: see banyan-bridge quarantine."
            )
        for words in notices:
            typer.echo(words)


@app.command(
    help="List what both sides changed; the values are records of patients." + _LOOKS.format("conflicts")
)
def conflicts(
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
    decided: Annotated[bool, typer.Option("--decided", help="Also those that a rule decided.")] = False,
    as_json: AsJson = False,
) -> None:
    """List conflicts."""
    with _failing_in_one_sentence(), _journal(practice, journal, settings) as (_, book):
        found = [
            {
                "id": one.digest,
                "record": str(one.link),
                "unit": one.conflict.unit,
                "state": one.state,
                "winner": None if one.conflict.winner is None else one.conflict.winner.value,
                "since": one.since.replace(tzinfo=UTC).isoformat(),
                "base": _shown(one.conflict.base),
                "legacy": _shown(one.conflict.legacy),
                "cloud": _shown(one.conflict.cloud),
            }
            for one in book.conflicts(decided=decided)
        ]
        _list(found, "No conflict waits for a person.", ("since", "state", "record", "unit"), as_json=as_json)


@app.command(help="List what cannot be carried, and why." + _LOOKS.format("quarantine"))
def quarantine(
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """List what cannot be carried."""
    with _failing_in_one_sentence(), _journal(practice, journal, settings) as (_, book):
        found = [
            {
                "record": one.subject,
                "reason": one.reason,
                "words": one.words,
                "owner": one.owner,
                "since": one.since.replace(tzinfo=UTC).isoformat(),
            }
            for one in book.quarantined()
        ]
        _list(found, "Nothing is in quarantine.", ("since", "record", "reason", "words"), as_json=as_json)


def main() -> None:
    """Run the command line."""
    app()


def _options(
    practice: Any, legacy: Any, fhir: Any, flags: Any, journal: Any, environment: Any
) -> dict[str, Any]:
    return {
        "practice": practice,
        "legacy": legacy,
        "fhir": fhir,
        "flags": flags,
        "journal": journal,
        "environment": environment,
    }


@contextmanager
def _service(  # noqa: PLR0915 - the wiring, in the order in which things are made
    settings: BridgeSettings, *, stop: Event | None = None, guard: Any = None, after_restore: bool = False
) -> Iterator[Any]:
    """Wire the service; `stop`: wait for a cloud or a database that is not there yet."""
    from legacy_bridge.cloud.board import FhirBoard
    from legacy_bridge.cloud.environment import said_by
    from legacy_bridge.cloud.feed import HistoryFeed
    from legacy_bridge.cloud.resources import CloudResources
    from legacy_bridge.cloud.watch import CloudWatch
    from legacy_bridge.guards import BlastGuard, check_environment, check_schema
    from legacy_bridge.journal.database import Lease, journal_url, open_journal
    from legacy_bridge.journal.journal import SqlJournal
    from legacy_bridge.legacy.capture_outbox import OutboxFeed, install_outbox
    from legacy_bridge.legacy.database import open_database
    from legacy_bridge.legacy.lease import LegacyLease
    from legacy_bridge.legacy.rows import LegacyRows, mapped_columns
    from legacy_bridge.mapping.catalogue import catalogue
    from legacy_bridge.parity import Comparison, Scan
    from legacy_bridge.reconciler import Reconciler
    from legacy_bridge.service import LEGACY, MirrorService, Parts, decided
    from legacy_bridge.sides.feeds import FeedBatch
    from web_modules.decision.flags import FlagFile
    from web_modules.fhir.client import FhirClient
    from web_modules.fhir.transport import HttpTransport

    ods = settings.practice
    with ExitStack() as stack:
        flag_file = FlagFile(settings.flags, practice=ods, environment=settings.environment.value)
        stack.callback(flag_file.close)
        engine = open_journal(journal_url(settings.journal))
        stack.callback(engine.dispose)
        lease = Lease(engine, ods)
        stack.callback(lease.close)
        journal = SqlJournal(engine, ods, lease)
        database = open_database(settings.legacy)
        stack.callback(database.dispose)
        held = LegacyLease(database, ods, lease.journal)
        stack.callback(held.close)
        legacy = LegacyRows(database, ods, fence=held.check)
        credentials = _credentials(settings)
        transport = HttpTransport(settings.fhir, credentials=credentials)
        stack.callback(transport.close)
        client = FhirClient(transport)
        mappings = catalogue(ods)
        feed = OutboxFeed(database)
        stack.callback(feed.close)

        def check() -> None:
            environment, practice = said_by(settings.fhir)
            check_environment(settings.environment, said=environment, ods=ods, practice=practice)
            check_schema(mapped_columns(), legacy.columns())
            held.take()
            install_outbox(database)

        if stop is None:
            check()
        if after_restore:
            now = datetime.now(UTC)
            fresh = feed.poll(None).checkpoint
            journal.absorb(LEGACY, FeedBatch(touched=(), strays=(), checkpoint=fresh), now)
        moved = Event()
        cloud = CloudResources(client, mappings, ods, fence=held.verify)
        reconciler = Reconciler(
            ods=ods,
            legacy=legacy,
            cloud=cloud,
            journal=journal,
            mappings=mappings,
            authority=lambda kind: decided(flag_file.standings(), kind.function)[0],
            clock=lambda: datetime.now(UTC),
            blast_guard=guard or BlastGuard(),
        )
        parts = Parts(
            legacy_feed=feed,
            cloud_feed=HistoryFeed(client, mappings, ods, keys_of=journal.keys_of, links=journal.links),
            legacy=legacy,
            journal=journal,
            reconciler=reconciler,
            board=FhirBoard(client),
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
        )
        if stop is not None:
            waiting = HttpTransport(settings.fhir, credentials=credentials)
            stack.callback(waiting.close)
            watch = CloudWatch(waiting, moved=moved, poll_seconds=settings.cloud_poll_seconds)
            stack.callback(watch.close)
            watch.start()
        yield MirrorService(parts, settings)


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


@contextmanager
def _journal(practice: str | None, journal: str | None, settings: Path | None) -> Iterator[Any]:
    from legacy_bridge.journal.database import engine_of, journal_url
    from legacy_bridge.journal.journal import SqlJournal

    found = load_settings(
        {"practice": practice, "journal": journal}, file=settings, needed=("practice", "journal")
    )
    url = journal_url(found.journal)
    path = url.removeprefix("sqlite:///")
    if url.startswith("sqlite:///") and not Path(path).is_file():
        raise SideUnavailable(f"There is no journal {path} yet: banyan-bridge run makes it.")
    engine = engine_of(url)
    try:
        yield found, SqlJournal(engine, found.practice, None)
    finally:
        engine.dispose()


@contextmanager
def _progress() -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("carrying"),
        BarColumn(),
        TextColumn("{task.fields[left]} left"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("carrying", total=None, left=0)

        def show(left: int) -> None:
            progress.update(task, left=left)

        yield show


@contextmanager
def _failing_in_one_sentence() -> Iterator[None]:
    from web_modules.decision.errors import DecisionError

    try:
        yield
    except (BridgeError, DecisionError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _number(value: object) -> str:
    return "-" if value is None else str(value)


def _shown(values: Any) -> dict[str, Any]:
    return {name: value_to_json(value) for name, value in values.items()}


def _list(found: list[dict[str, Any]], none: str, names: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found))
    elif not found:
        typer.echo(none)
    else:
        for one in found:
            typer.echo("  ".join(str(one[name]) for name in names))


if __name__ == "__main__":
    main()
