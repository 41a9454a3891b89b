"""What the capture costs the legacy program: its writes with and without it, in turn, on each database."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, time
from pathlib import Path
from statistics import median
from time import perf_counter

from sqlalchemy import Engine, bindparam, insert, update

from demo.errors import DemoError
from legacy_bridge.legacy.capture.choice import open_capture
from legacy_bridge.legacy.database import open_database
from legacy_bridge.legacy.schema import METADATA
from tests.benchmarks.measurement import Measurement
from tests.support.databases import Databases
from tests.support.postgresql import postgresql_cluster, postgresql_programs

_ROWS = 4000  # before anything is measured
_INSERTED = 2000  # rows, in one transaction of statements of 500
_UPDATED = 300  # rows, each in a transaction of its own
_TURNS = 7
_SLOTS = METADATA.tables["Appointment_Slot"]
_GUID = "{{00000000-0000-0000-{:04}-{:012}}}"


def measure_capture_overhead() -> Iterator[Measurement]:
    """Rows a second that a writer commits, watched by the bridge's outbox and not watched."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for is_watched in (False, True):
            _make(f"sqlite:///{folder / str(is_watched)}.db")
        yield from _compare("sqlite", *(f"sqlite:///{folder / name}.db" for name in ("False", "True")))
        programs = postgresql_programs()
        if programs is None:
            raise DemoError("capture_overhead needs PostgreSQL's programs (package postgresql)")
        server = stack.enter_context(postgresql_cluster(programs, is_durable=True))
        databases = Databases(server, _make)
        stack.callback(databases.close)
        urls = [stack.enter_context(databases.fresh()) for _ in range(2)]
        yield from _compare("postgresql", *urls)


def _compare(database: str, bare_url: str, watched_url: str) -> Iterator[Measurement]:
    bare, watched = open_database(bare_url), open_database(watched_url)
    feed = open_capture(watched)
    feed.install()
    writes: dict[str, Callable[[Engine, int], float]] = {"inserts": _insert, "updates": _update}
    for metric, write in writes.items():
        rates: dict[Engine, list[float]] = {bare: [], watched: []}
        for turn in range(_TURNS):
            for engine in (bare, watched) if turn % 2 else (watched, bare):
                rates[engine].append(write(engine, turn))
        yield Measurement(
            benchmark="capture_overhead",
            metric=f"{database}_{metric}",
            unit="rows/s",
            ours=round(median(rates[watched])),
            peer="without capture",
            theirs=round(median(rates[bare])),
        )
    feed.close()
    for engine in (bare, watched):
        engine.dispose()


def _make(url: str) -> None:
    engine = open_database(url, must_exist=False)
    METADATA.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(_SLOTS), _rows(0, _ROWS))
    engine.dispose()


def _rows(turn: int, count: int) -> list[dict[str, object]]:
    return [
        {
            "OrganisationGuid": _GUID.format(0, 0),
            "SlotGuid": _GUID.format(turn, number),
            "AppointmentDate": date(2026, 11, 17),
            "AppointmentStartTime": time(9),
            "SlotStatus": "Slot Available",
            "PlannedDurationInMinutes": 15,
            "Deleted": False,
        }
        for number in range(count)
    ]


def _insert(engine: Engine, turn: int) -> float:
    rows = _rows(turn + 1, _INSERTED)
    statements = [insert(_SLOTS).values(rows[at : at + 500]) for at in range(0, len(rows), 500)]
    began = perf_counter()
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)
    return _INSERTED / (perf_counter() - began)


def _update(engine: Engine, turn: int) -> float:
    statement = update(_SLOTS).where(
        _SLOTS.c.OrganisationGuid == _GUID.format(0, 0), _SLOTS.c.SlotGuid == bindparam("slot")
    )
    began = perf_counter()
    with engine.connect() as connection:
        for number in range(_UPDATED):
            slot = {"slot": _GUID.format(0, number)}
            connection.execute(statement.values(SlotStatus=f"State {turn}"), slot)
            connection.commit()
    return _UPDATED / (perf_counter() - began)
