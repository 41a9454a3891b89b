"""Makes and fills the practice's database, whole or not at all, and remembers with what."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from demo.errors import DemoError, ProgramFailed, WrongPractice
from demo.place import GENERATED, Place, Practice

PATIENTS = 200
"""Enough that a list has to be searched, few enough that everything is there in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What a practice was filled with.

    Attributes:
        practice: whose data it is.
        source: the folder of the extract; None for generated data.
        day: a day on which there is something in the book, if the data say.
        last_day: the book's last day, if there is a book.
    """

    practice: Practice
    source: str | None
    day: date | None
    last_day: date | None


def filling_of(place: Place) -> Filling | None:
    """What the practice was filled with; None while it is not, or not wholly."""
    try:
        said = json.loads(place.filled.read_text("utf-8"))
    except OSError:
        return None
    return Filling(
        practice=Practice(ods=said["ods"], name=said["name"]),
        source=said["source"],
        day=_date_in(said, "day"),
        last_day=_date_in(said, "last_day"),
    )


def ensure_filled(
    place: Place,
    *,
    extract: Path | None,
    today: date | None,
    is_reset: bool = False,
    end_programs: Callable[[], None] = lambda: None,
) -> Filling:
    """Fill the practice unless that was done before.

    Args:
        place: where the practice lives, with all that goes with it.
        extract: the folder to fill it from; None: people are invented.
        today: the day around which the book lies.
        is_reset: whether to fill it anew, also when it is filled.
        end_programs: called before what was there is thrown away.

    Raises:
        WrongPractice: it was filled with something else.
        ProgramFailed: it could not be filled; nothing of the attempt is left, and what was there stands.
    """
    _clear_up(place)
    source = str(extract.resolve()) if extract else None
    filling = None if is_reset else filling_of(place)
    if filling is None:
        if extract is not None and not extract.is_dir():
            raise DemoError(
                f"There is no folder {extract}: give the folder that holds the extract's CSV files."
            )
        return _fill(place, source=source, today=today, end_programs=end_programs)
    if source is not None and filling.source != source:
        held = f"the extract in {filling.source}" if filling.source else "generated patients"
        raise WrongPractice(
            f"The practice in {place.folder} holds {held} already; add --reset to throw it away and load "
            f"{source}."
        )
    return filling


def _outgoing(place: Place) -> Path:
    return place.folder.with_name(f"{place.folder.name}.old")


def _beside(place: Place) -> Place:
    return replace(place, folder=place.folder.with_name(f"{place.folder.name}.new"))


def _clear_up(place: Place) -> None:
    """Undo what a killed run began: put back what it had put aside, throw away what is half filled."""
    outgoing = _outgoing(place)
    if outgoing.exists() and not place.folder.exists():
        outgoing.rename(place.folder)
    for left in (outgoing, _beside(place).folder):
        shutil.rmtree(left, ignore_errors=True)


def _fill(
    place: Place, *, source: str | None, today: date | None, end_programs: Callable[[], None]
) -> Filling:
    """Fill a practice beside the one that is there, and put it in its place once it is whole."""
    beside, outgoing = _beside(place), _outgoing(place)
    try:
        beside.folder.mkdir(parents=True, mode=0o700)
        filling = _fill_empty(beside, source=source, today=today)
        end_programs()
        # Practice, journal and cloud belong together, so all of it goes.
        if place.folder.exists():
            place.folder.rename(outgoing)
        beside.folder.rename(place.folder)
    finally:
        shutil.rmtree(beside.folder, ignore_errors=True)
    shutil.rmtree(outgoing, ignore_errors=True)
    return filling


def _fill_empty(place: Place, *, source: str | None, today: date | None) -> Filling:
    practice = GENERATED[place.environment]
    create = ["create", "--database", place.database_url, "--environment", place.environment.value]
    if source is None:
        _practice(*create, "--practice", practice.ods, "--practice-name", practice.name)
        generate = ["--today", today.isoformat()] if today else []
        _practice("generate", "--database", place.database_url, "--patients", str(PATIENTS), *generate)
    else:
        _practice(*create)
        _practice("load-extract", source, "--database", place.database_url)
    status = _status(place)
    said = {"source": source, **{key: status[key] for key in ("ods", "name", "day", "last_day")}}
    place.filled.write_text(json.dumps(said), encoding="utf-8")
    filling = filling_of(place)
    if filling is None:
        raise ProgramFailed(f"The practice in {place.folder} cannot be read again.")
    return filling


def past_the_book(filling: Filling, today: date) -> str | None:
    """What to do on a day after the book's last one; None while there is a book."""
    if filling.last_day is None or today <= filling.last_day:
        return None
    day = filling.day or filling.last_day
    return (
        f"the book ends on {filling.last_day} and today is {today}: add --today {day} "
        "to work on a day of the book, or --reset for a new practice"
    )


def _practice(*arguments: str) -> str:
    command = [sys.executable, "-m", "legacy_bridge.reference_practice", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        # It has said what is wrong on standard error, which is the person's.
        raise ProgramFailed("The practice could not be filled; nothing of it was kept.")
    return done.stdout


def _status(place: Place) -> dict[str, Any]:
    status: dict[str, Any] = json.loads(_practice("status", "--database", place.database_url, "--json"))
    return status


def _date_in(status: dict[str, Any], key: str) -> date | None:
    return date.fromisoformat(status[key]) if status.get(key) else None
