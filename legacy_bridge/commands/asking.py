"""`banyan-bridge status`, `conflicts` and `quarantine`: what the journal says."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from legacy_bridge.commands.opening import opened
from legacy_bridge.commands.options import (
    AsJson,
    JournalOption,
    Practice,
    SettingsFile,
    failing_in_one_sentence,
)
from legacy_bridge.records import Kind, value_to_json
from legacy_bridge.sides.listings import Progress, progress_of

_LOOKS = """

Examples:

  banyan-bridge {0} --practice Y99002 --journal journal.sqlite

  banyan-bridge {0} --practice Y99002 --journal journal.sqlite --json
"""
STATUS_HELP = "Say how the mirror stands." + _LOOKS.format("status")
CONFLICTS_HELP = "List what both sides changed. The values are records of patients." + _LOOKS.format(
    "conflicts"
)
QUARANTINE_HELP = "List what cannot be carried, and why." + _LOOKS.format("quarantine")


def status(
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Say how the mirror stands."""
    with failing_in_one_sentence(), opened(practice, journal, settings) as (_, book):
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
                "loading": asdict(standing.loading[kind]) if kind in standing.loading else None,
            }
            for kind in Kind
        }
        only_in_cloud = standing.quarantined.get("stray", 0)
        notices = [one.words for one in book.quarantined() if one.subject.startswith("mirror/")]
        if as_json:
            loads = {
                function.value: asdict(one) | {"seconds_left": one.seconds_left}
                for function, one in progress_of(standing).items()
            }
            more = {
                "only_in_cloud": only_in_cloud,
                "unsure": standing.unsure,
                "first_load": loads,
                "notices": notices,
            }
            typer.echo(json.dumps({"kinds": told, **more}))
            return
        heads = ("linked", "waiting", "conflicts", "quarantined", "withheld", "matched", "counted")
        typer.echo("".join(["kind".ljust(14), *(head.rjust(13) for head in heads)]))
        for kind, numbers in told.items():
            typer.echo("".join([kind.ljust(14), *(_number(numbers[head]).rjust(13) for head in heads)]))
        for function, one in progress_of(standing).items():
            typer.echo(f"First load of {function.value}: {in_words(one)}.")
        if only_in_cloud:
            typer.echo(f"{only_in_cloud} records are only in the cloud: see banyan-bridge quarantine.")
        if standing.unsure:
            typer.echo(
                f"{standing.unsure} of the withheld are so because nobody can read whether they are "
                "confidential: see banyan-bridge quarantine."
            )
        for words in notices:
            typer.echo(words)


def conflicts(
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
    decided: Annotated[bool, typer.Option("--decided", help="Also those that a rule decided.")] = False,
    as_json: AsJson = False,
) -> None:
    """List conflicts."""
    with failing_in_one_sentence(), opened(practice, journal, settings) as (_, book):
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


def quarantine(
    practice: Practice = None,
    journal: JournalOption = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """List what cannot be carried."""
    with failing_in_one_sentence(), opened(practice, journal, settings) as (_, book):
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


def in_words(one: Progress) -> str:
    """How far a first load is, for people."""
    share = 100 * one.done // one.total if one.total else 100
    rate = "" if one.rows_a_second is None else f", {one.rows_a_second:.0f} records/s"
    left = "" if one.seconds_left is None else f", {timedelta(seconds=round(one.seconds_left))} left"
    return f"{one.done} of {one.total} ({share} %){rate}{left if one.done < one.total else ''}"


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
