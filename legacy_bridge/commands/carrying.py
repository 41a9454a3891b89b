"""`banyan-bridge run` and `banyan-bridge once`: carry what differs."""

import gc
import json
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from threading import Event
from typing import Annotated, Any

import typer

from legacy_bridge.commands.logs import log_to_stderr
from legacy_bridge.commands.options import (
    AsJson,
    EnvironmentOption,
    Fhir,
    Flags,
    JournalOption,
    Legacy,
    Practice,
    SettingsFile,
    failing_in_one_sentence,
    options,
)
from legacy_bridge.commands.wiring import wired
from legacy_bridge.settings import load_settings

_SIDES = """

Examples:

\b
  banyan-bridge {0} --practice Y99002 --legacy sqlite:///practice.sqlite \\
    --fhir http://127.0.0.1:8080/fhir --flags flags.json \\
    --journal journal.sqlite

  banyan-bridge {0} --settings bridge.toml{1}
"""
RUN_HELP = (
    "Mirror until SIGTERM or Ctrl+C.\n\nEvery setting may also stand in a TOML file (--settings) or in the "
    "environment as BANYAN_BRIDGE_<NAME>. The bearer token comes from BANYAN_BRIDGE_TOKEN only; "
    "client_id and client_key are for a bridge that gets tokens by its own key. The setting capture says how "
    "changes of the legacy database are seen: auto, outbox, change-tracking or snapshot."
    + _SIDES.format("run", "")
)
ONCE_HELP = "Carry what differs now, say what was done, and end." + _SIDES.format("once", " --compare --json")

AllowDeletions = Annotated[
    bool, typer.Option("--allow-deletions", help="Let one batch delete many records: somebody has looked.")
]
AfterRestore = Annotated[
    bool,
    typer.Option(
        "--after-restore",
        help="The legacy database came back from a backup and somebody has looked: tell it again what was "
        "agreed, and list the rest.",
    ),
]


_OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Records hold no rings, so the collector finds nothing; by its own habit it takes a sixth of the time."""


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
    with failing_in_one_sentence():
        given = options(practice, legacy, fhir, flags, journal, environment)
        found = load_settings(given, file=settings)
        log_to_stderr(found.log_format)
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        with wired(found, stop=stop) as service, _fewer_collections():
            logging.getLogger("legacy_bridge").info("mirror runs")
            service.run(stop)


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

    with failing_in_one_sentence():
        given = options(practice, legacy, fhir, flags, journal, environment)
        found = load_settings(given, file=settings)
        guard = BlastGuard(share=1.0) if allow_deletions else None
        wiring = wired(found, guard=guard, after_restore=after_restore)
        with wiring as service, _fewer_collections(), _progress() as show:
            if compare:
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


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Look for rings of objects that nobody needs more seldom, and not among those that are there to stay."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def _progress() -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from legacy_bridge.commands.asking import in_words
    from legacy_bridge.sides.listings import progress_of

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[words]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("carrying", total=None, words="")

        def show(standing: Any) -> None:
            found = progress_of(standing)
            now = next((one for one in found.items() if one[1].done < one[1].total), None)
            if now is None:
                left = sum(standing.waiting.values())
                progress.update(task, description="carrying", total=None, words=f"{left} left")
                return
            function, one = now
            progress.update(
                task,
                description=f"loading {function.value}",
                total=one.total,
                completed=one.done,
                words=in_words(one),
            )

        yield show
