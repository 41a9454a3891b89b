"""`banyan-bridge rehearse`: an afternoon in which everything goes wrong, before a practice has one."""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from legacy_bridge.commands.options import AsJson, failing_in_one_sentence
from legacy_bridge.errors import SettingsWrong

if TYPE_CHECKING:
    from legacy_bridge.rehearsal.programs import Place
    from legacy_bridge.rehearsal.verdict import Verdict

HELP = """Rehearse an afternoon on real processes, and judge it.

It starts a cloud and a bridge of its own, has people edit patients' details on both sides, and kills,
cuts off, restores and changes what they work with. At the end no edit may be lost. It works on an invented
practice, or on a copy of a SQLite database of yours, and touches nothing else.

Examples:

  banyan-bridge rehearse --seed 1 --minutes 10

  banyan-bridge rehearse --seed 1 --minutes 10 --copy-of practice.sqlite
"""
_SHOWN = 20


def rehearse(
    seed: Annotated[int, typer.Option(help="The same seed gives the same script.")] = 1,
    minutes: Annotated[float, typer.Option(min=0.5, max=600, help="How long people work.")] = 10,
    edits: Annotated[float, typer.Option(min=1, max=500, help="Edits a second, both sides together.")] = 50,
    copy_of: Annotated[
        Path | None, typer.Option("--copy-of", help="A practice's SQLite database; it is copied.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="A new folder to keep everything in; by default none is kept.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Rehearse."""
    from legacy_bridge.rehearsal.rehearsal import Plan
    from legacy_bridge.rehearsal.rehearsal import rehearse as run

    with failing_in_one_sentence():
        plan = Plan(seed=seed, seconds=minutes * 60, edits_a_second=edits)
        with _kept(folder) as place:
            verdict = run(_place(place, copy_of), plan, _say)
        _tell(verdict, as_json=as_json)
    sys.exit(1 if verdict.violations else 0)


@contextmanager
def _kept(wanted: Path | None) -> Iterator[Path]:
    """The folder that was named, which stays, or one that goes."""
    if wanted is None:
        with tempfile.TemporaryDirectory(prefix="banyan-rehearsal-", ignore_cleanup_errors=True) as made:
            yield Path(made)
        return
    try:
        wanted.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:
        raise SettingsWrong(f"There is a folder {wanted} already: name a new one.") from error
    except OSError as error:
        raise SettingsWrong(f"The folder {wanted} cannot be made: {error.strerror}.") from error
    yield wanted


def _place(folder: Path, copied: Path | None) -> "Place":
    from legacy_bridge.legacy.database import open_database
    from legacy_bridge.reference_practice.status import status_of
    from legacy_bridge.rehearsal.programs import Place, copy_of, run_to_its_end

    if copied is not None and not copied.is_file():
        raise SettingsWrong(f"There is no file {copied}: name the practice's SQLite database.")
    legacy = f"sqlite:///{folder / 'legacy.sqlite'}" if copied is None else copy_of(copied, folder)
    if copied is None:
        for command in ("create", "generate"):
            run_to_its_end("legacy_bridge.reference_practice", command, "--database", legacy)
    engine = open_database(legacy)
    try:
        practice = status_of(engine)
    finally:
        engine.dispose()
    return Place(folder=folder, ods=practice.ods, legacy=legacy)


def _say(words: str) -> None:
    typer.echo(f"{datetime.now(UTC):%H:%M:%S} {words}", err=True)


def _tell(verdict: "Verdict", *, as_json: bool) -> None:
    listed = [
        {
            "record": str(one.link),
            "unit": one.conflict.unit,
            "state": one.state,
            "winner": None if one.conflict.winner is None else one.conflict.winner.value,
        }
        for one in verdict.conflicts
    ]
    if as_json:
        told = {field.name: getattr(verdict, field.name) for field in fields(verdict)}
        typer.echo(json.dumps(told | {"conflicts": listed}))
        return
    for violation in verdict.violations:
        typer.echo(violation)
    for one in listed[:_SHOWN]:
        typer.echo("  ".join(str(value) for value in one.values()))
    if len(listed) > _SHOWN:
        typer.echo(f"... and {len(listed) - _SHOWN} more conflicts: see --json.")
    troubles = ", ".join(f"{name} {times} times" for name, times in verdict.troubles.items())
    typer.echo(
        f"{len(verdict.violations)} violations. {sum(verdict.edits.values())} edits "
        f"({verdict.edits['legacy']} in legacy, {verdict.edits['cloud']} in the cloud); "
        f"{len(listed)} conflicts, all listed. {troubles}. "
        f"At rest within {max(verdict.rest_seconds):.1f} s."
    )
