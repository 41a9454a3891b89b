"""`banyan-bridge status`: how the mirror stands, by the journal."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import typer

from legacy_bridge.commands.opening import opened
from legacy_bridge.commands.options import (
    AsJson,
    JournalOption,
    Practice,
    SettingsFile,
    failing_in_one_sentence,
)
from legacy_bridge.records import Kind
from legacy_bridge.sides.listings import Progress, progress_of

_LOOKS = """

Examples:

  banyan-bridge {0} --practice Y99002 --journal journal.sqlite

  banyan-bridge {0} --practice Y99002 --journal journal.sqlite --json
"""
STATUS_HELP = "Say how the mirror stands." + _LOOKS.format("status")


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
        urgent = sum(one.is_escalated for one in (*book.conflicts(), *book.quarantined()))
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
                "urgent": urgent,
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
        if urgent:
            typer.echo(f"{urgent} wait too long for a person: see banyan-bridge conflicts and quarantine.")
        for words in notices:
            typer.echo(words)


def in_words(one: Progress) -> str:
    """How far a first load is, for people."""
    share = 100 * one.done // one.total if one.total else 100
    rate = "" if one.rows_a_second is None else f", {one.rows_a_second:.0f} records/s"
    left = "" if one.seconds_left is None else f", {timedelta(seconds=round(one.seconds_left))} left"
    return f"{one.done} of {one.total} ({share} %){rate}{left if one.done < one.total else ''}"


def _number(value: object) -> str:
    return "-" if value is None else str(value)
