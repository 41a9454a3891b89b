"""`banyan-bridge parity`: counts how equal the sides are, and has repaired what differs."""

import json
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
from legacy_bridge.commands.wiring import comparing, wired
from legacy_bridge.errors import AnotherBridge
from legacy_bridge.settings import BridgeSettings, load_settings

if TYPE_CHECKING:
    from legacy_bridge.parity import Compared, Parity
    from legacy_bridge.records import Kind, LinkKey

HELP = """Count how equal the two sides are, record by record.

It writes to no side, and may run while the bridge runs or alone. What differs is named by its record and
its fields, never by its values, unless you ask for them. What is in quarantine and what is confidential is
counted apart. The exit status is 0 if all the rest is equal, 2 if not, 1 if it could not be counted.

With --repair what differs is carried, by the running bridge or else by this program, each write guarded as
ever, and then counted again.

Examples:

\b
  banyan-bridge parity --practice Y99002 --legacy sqlite:///practice.sqlite \\
    --fhir http://127.0.0.1:8080/fhir --flags flags.json \\
    --journal journal.sqlite

  banyan-bridge parity --settings bridge.toml --repair --json
"""
_LOOK_SECONDS = 0.5
_PATIENCE_SECONDS = 60.0  # for a running bridge that does none of what it was asked for
_SHOWN = 20  # records in words; all that are kept are in --json
_UNEQUAL_STATUS = 2


def parity(  # noqa: PLR0913, PLR0917  (one argument an option)
    practice: Practice = None,
    legacy: Legacy = None,
    fhir: Fhir = None,
    flags: Flags = None,
    journal: JournalOption = None,
    environment: EnvironmentOption = None,
    settings: SettingsFile = None,
    repair: Annotated[bool, typer.Option("--repair", help="Carry what differs, then count again.")] = False,
    with_values: Annotated[
        bool,
        typer.Option("--with-values", help="Also the values that differ: they are records of patients."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Count how equal the sides are."""
    with failing_in_one_sentence():
        found = load_settings(options(practice, legacy, fhir, flags, journal, environment), file=settings)
        with comparing(found) as (comparison, book, kinds):
            marked: list[LinkKey] = []
            counted = _count(comparison, book, kinds, marked)
            if repair and marked:
                _carry(found, book, marked)
                counted = _count(comparison, book, kinds, [])
            only_in_cloud = book.standing().quarantined.get("stray", 0)
        told = {
            "is_equal": all(one.is_equal for one in counted.values()),
            "repaired": len(marked) if repair else 0,
            "listed_only_in_cloud": only_in_cloud,
            "functions": _functions(counted),
            "records": [
                _record(one, with_values=with_values) for kind in kinds for one in counted[kind].unequal
            ],
        }
    if as_json:
        typer.echo(json.dumps(told))
    else:
        _say(told)
    sys.exit(0 if told["is_equal"] else _UNEQUAL_STATUS)


def _count(
    comparison: Any, book: Any, kinds: "Sequence[Kind]", differing: "list[LinkKey]"
) -> "dict[Kind, Parity]":
    from legacy_bridge.parity import UNEQUAL

    standing = book.standing()
    total = sum(standing.linked[kind] + standing.withheld[kind] for kind in kinds)
    with _progress(total) as show:
        counted: dict[Kind, Parity] = {}

        def saw(found: "Sequence[Compared]") -> None:
            differing.extend(one.key for one in found if one.stand in UNEQUAL)
            if found:
                show(found[0].key.kind, len(found))

        for kind in kinds:
            counted[kind] = comparison.count(kind, on_chunk=saw)
    return counted


def _carry(settings: BridgeSettings, book: Any, keys: "Collection[LinkKey]") -> None:
    """Have records looked at: by this program, or by the bridge that runs.

    Raises:
        AnotherBridge: one runs and does not get on with them.
    """
    book.mark(keys, datetime.now(UTC))
    try:
        with wired(settings) as service:
            service.drain()
    except AnotherBridge:
        if not is_settled(book, keys, wait=Event().wait):
            raise


def is_settled(book: Any, keys: "Collection[LinkKey]", *, wait: Callable[[float], object]) -> bool:
    """Wait while the running bridge deals with some links, as long as it gets on with them."""
    left, patience = len(keys), _PATIENCE_SECONDS
    while patience > 0:
        now_left = len(book.unsettled(keys))
        if not now_left:
            return True
        patience = _PATIENCE_SECONDS if now_left < left else patience - _LOOK_SECONDS
        left = min(left, now_left)
        wait(_LOOK_SECONDS)
    return False


def _functions(counted: "Mapping[Kind, Parity]") -> dict[str, dict[str, Any]]:
    from legacy_bridge.parity import Parity, Stand

    found: dict[str, Parity] = {}
    for kind, parity_of in counted.items():
        whole = found.setdefault(kind.function.value, Parity())
        whole.counts.update(parity_of.counts)
        whole.fields.update({f"{kind.value}.{name}": count for name, count in parity_of.fields.items()})
    return {
        name: {
            **{stand.value: one.counts[stand] for stand in Stand},
            "percent": one.percent,
            "fields": dict(one.fields),
        }
        for name, one in found.items()
    }


def _record(one: "Compared", *, with_values: bool) -> dict[str, Any]:
    from legacy_bridge.records import value_to_json

    told: dict[str, Any] = {"record": str(one.key), "stand": one.stand.value, "fields": list(one.fields)}
    if with_values:
        told["values"] = {
            name: {"legacy": value_to_json(legacy), "cloud": value_to_json(cloud)}
            for name, (legacy, cloud) in one.fields.items()
        }
    return told


def _say(told: Mapping[str, Any]) -> None:
    from legacy_bridge.parity import Stand

    heads = [stand.value for stand in Stand]
    typer.echo("".join(["function".ljust(14), *(head.rjust(16) for head in heads), "percent".rjust(10)]))
    for name, numbers in told["functions"].items():
        shown = f"{int(numbers['percent'] * 100) / 100:.2f}"  # 99.999 is not 100
        typer.echo(
            "".join([name.ljust(14), *(str(numbers[head]).rjust(16) for head in heads), shown.rjust(10)])
        )
    for one in told["records"][:_SHOWN]:
        typer.echo("  ".join([one["record"], one["stand"], " ".join(one["fields"])]).rstrip())
        for name, both in one.get("values", {}).items():
            typer.echo(f"    {name}: legacy {json.dumps(both['legacy'])}, cloud {json.dumps(both['cloud'])}")
    if len(told["records"]) > _SHOWN:
        typer.echo(f"... and {len(told['records']) - _SHOWN} more records: see --json.")
    if told["listed_only_in_cloud"]:
        typer.echo(
            f"{told['listed_only_in_cloud']} records are only in the cloud and listed: "
            "see banyan-bridge quarantine."
        )


@contextmanager
def _progress(total: int) -> "Iterator[Callable[[Kind, int], None]]":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("comparing", total=total)

        def show(kind: "Kind", count: int) -> None:
            bar.update(task, description=f"comparing {kind.value}", advance=count)

        yield show
