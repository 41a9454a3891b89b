"""An afternoon on real processes: a first load, people on both sides, all that can go wrong; the verdict.

Cloud and bridge are the programs that a practice runs. People edit while the script kills the bridge and the
cloud, cuts the wire between them, renames a column under the bridge and brings the cloud back from a backup.
At the end, and before the restore, people pause: both sides have to come to agree.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Final

from sqlalchemy import Engine, text

from legacy_bridge.errors import SideUnavailable
from legacy_bridge.journal.conflicts import OPEN
from legacy_bridge.journal.database import engine_of, journal_url
from legacy_bridge.journal.journal import SqlJournal
from legacy_bridge.legacy.database import open_database
from legacy_bridge.mapping.catalogue import catalogue
from legacy_bridge.mapping.values import link_of
from legacy_bridge.records import LinkKey
from legacy_bridge.rehearsal.diary import Diary, Outcome
from legacy_bridge.rehearsal.oracle import Oracle, Value
from legacy_bridge.rehearsal.people import CloudSide, LegacySide, People, Side, Unreached
from legacy_bridge.rehearsal.programs import (
    Place,
    bridge_of,
    cloud_of,
    free_port,
    run_to_its_end,
    wait_until_served,
)
from legacy_bridge.rehearsal.relay import Relay
from legacy_bridge.rehearsal.script import Step, Trouble, script
from legacy_bridge.rehearsal.sheets import PATIENTS, SHEETS, Record, Sheet
from legacy_bridge.rehearsal.verdict import Verdict, lost_edits
from legacy_bridge.sides.listings import ListedConflict
from web_modules.decision.words import Function, Stage
from web_modules.fhir.client import FhirClient
from web_modules.fhir.errors import FhirError
from web_modules.fhir.transport import HttpTransport

_MIRRORED: Final = (Function.PATIENTS, Function.ORGANISATION, Function.PRESCRIBING)
_MOST: Final = 100
"""How many records of a kind people edit, but for patients: they meet where there are few."""
_FIRST_LOAD_SECONDS: Final = 600.0
_REST_SECONDS: Final = 120.0
"""I26: once faults stop, lag returns to nothing."""
_SAID_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.25
_RENAMED: Final = ("EmailAddress", "EmailAddressBefore")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a rehearsal goes.

    Attributes:
        seed: decides what people and the script do.
        seconds: how long people work.
        edits_a_second: on both sides together.
    """

    seed: int
    seconds: float
    edits_a_second: float = 50.0


def rehearse(place: Place, plan: Plan, say: Callable[[str], None]) -> Verdict:
    """Rehearse.

    Args:
        place: a legacy database that may be written, and an empty folder.
        plan: how.
        say: told what happens, in words.

    Raises:
        BridgeError: it cannot begin.
    """
    with ExitStack() as stack:
        return _Rehearsal(place, plan, say, stack).run()


class _Rehearsal:
    def __init__(self, place: Place, plan: Plan, say: Callable[[str], None], stack: ExitStack) -> None:
        self._place, self._plan, self._say = place, plan, say
        self._oracle = Oracle()
        self._diary = Diary(self._oracle)
        self._port = free_port()
        self._base = f"http://127.0.0.1:{self._port}/fhir"
        self._backup = str(place.folder / "first.backup")
        self._cloud = cloud_of(place, self._port)
        stack.callback(self._cloud.kill)
        self._relay = Relay(self._port)
        stack.callback(self._relay.close)
        self._bridge = bridge_of(place, self._relay.port)
        stack.callback(self._bridge.kill)
        self._database: Engine = open_database(place.legacy)
        stack.callback(self._database.dispose)
        self._legacy = LegacySide(self._database)
        sides: tuple[Side, Side] = (self._legacy, CloudSide(self._base))
        self._sides = {one.name: one for one in sides}
        self._records: dict[str, Record] = {}
        self._stack = stack
        self._people: list[People] = []
        self._violations: list[str] = []
        self._troubles: Counter[str] = Counter()
        self._rests: list[float] = []

    def run(self) -> Verdict:
        self._write_flags()
        self._start_cloud()
        began = time.monotonic()
        self._bridge.start()
        self._load()
        loaded = time.monotonic() - began
        self._say(f"First load: {len(self._records)} records equal on both sides after {loaded:.1f} s.")
        self._on_the_records("backup", self._backup)
        self._bring_people()
        began = time.monotonic()
        for step in script(self._plan.seed, self._plan.seconds):
            time.sleep(max(0.0, began + step.at - time.monotonic()))
            self._trouble(step)
        time.sleep(max(0.0, began + self._plan.seconds - time.monotonic()))
        self._pause()
        conflicts = self._conflicts()
        self._violations += lost_edits(self._oracle, self._there(), _values(conflicts))
        self._violations += self._made_twice()
        return Verdict(
            violations=self._violations,
            conflicts=conflicts,
            edits=self._diary.done,
            troubles=self._troubles,
            first_load_seconds=loaded,
            rest_seconds=self._rests,
        )

    # -- the beginning ----------------------------------------------------------------------------

    def _write_flags(self) -> None:
        stages = [f"--stage={one.value}={Stage.MIRROR.value}" for one in _MIRRORED]
        run_to_its_end("legacy_bridge", "flags", str(self._place.flags), *stages)

    def _load(self) -> None:
        end = time.monotonic() + _FIRST_LOAD_SECONDS
        while not self._is_loaded():
            if time.monotonic() > end or not self._bridge.runs:
                raise SideUnavailable(f"The first load does not end: {self._bridge.said()}")
            time.sleep(_LOOK_SECONDS)

    def _is_loaded(self) -> bool:
        if not self._place.journal.exists():
            return False
        with suppress(SideUnavailable):  # the bridge makes its tables
            return self._waiting() == 0 and all(map(self._find, SHEETS))
        return False

    def _find(self, sheet: Sheet) -> bool:
        rows = {link_of(sheet.kind, guid): guid for guid in self._legacy.everything(sheet)}
        found = [
            Record(sheet=sheet, key=key.key, guid=rows[key], resource_id=resource_id)
            for resource_id, key in self._carried(sheet)
            if key in rows
        ]
        chosen = found if sheet is PATIENTS else sorted(found, key=lambda one: one.key)[:_MOST]
        self._records |= {one.link: one for one in chosen if not self._differing(one)}
        return bool(found)

    def _bring_people(self) -> None:
        fresh = count(1)
        for name, side in self._sides.items():
            people = People(
                side,
                list(self._records.values()),
                self._diary,
                seed=f"{self._plan.seed} {name}",
                a_second=self._plan.edits_a_second / len(self._sides),
                fresh=fresh,
            )
            self._stack.callback(people.end)
            self._people.append(people)
            people.work()

    # -- what goes wrong --------------------------------------------------------------------------

    def _trouble(self, step: Step) -> None:
        self._troubles[step.trouble.value] += 1
        self._say(f"{step.trouble.value.capitalize()}, for {step.lasts:.0f} s.")
        match step.trouble:
            case Trouble.BRIDGE_KILLED:
                self._bridge.kill()
                time.sleep(step.lasts)
                self._bridge.start()
            case Trouble.CLOUD_KILLED:
                self._cloud.kill()
                time.sleep(step.lasts)
                self._start_cloud()
            case Trouble.CLOUD_CUT_OFF:
                self._relay.cut()
                time.sleep(step.lasts)
                self._relay.mend()
            case Trouble.CLOUD_SILENT:
                self._relay.fall_silent()
                time.sleep(step.lasts)
                self._relay.mend()
            case Trouble.COLUMN_RENAMED:
                self._rename(*_RENAMED)
                time.sleep(step.lasts)
                self._must_say(_RENAMED[0])
                self._rename(*reversed(_RENAMED))
            case Trouble.CLOUD_RESTORED:
                self._restore()
        if not self._bridge.runs:  # as whoever looks after it does
            self._bridge.start()

    def _start_cloud(self) -> None:
        self._cloud.start()
        wait_until_served(self._port, self._cloud)

    def _on_the_records(self, *arguments: str) -> None:
        run_to_its_end("web_modules", "database", *arguments, "--database", self._place.records)

    def _rename(self, name: str, other: str) -> None:
        with self._database.begin() as connection:
            connection.execute(text(f'ALTER TABLE "Admin_Patient" RENAME COLUMN "{name}" TO "{other}"'))
        self._database.dispose()

    def _must_say(self, column: str) -> None:
        end = time.monotonic() + _SAID_SECONDS
        while column not in self._bridge.said():
            if time.monotonic() > end:
                self._violations.append(f"I14: the bridge says nothing of the missing column {column}.")
                return
            time.sleep(_LOOK_SECONDS)

    def _restore(self) -> None:
        with self._paused():
            self._cloud.kill()
            self._on_the_records("restore", self._backup, "--replace")
            self._start_cloud()
            there = self._there()
            told = _values([one for one in self._conflicts() if one.state != OPEN])
            for place in self._oracle.places():
                self._oracle.excuse(place, kept=[*there[place], *told.get(place, ())])

    # -- coming to rest ---------------------------------------------------------------------------

    @contextmanager
    def _paused(self) -> Iterator[None]:
        """Everybody pauses until both sides agree, and goes on afterwards."""
        self._pause()
        yield
        for people in self._people:
            people.work()

    def _pause(self) -> None:
        for people in self._people:
            people.rest()
        began = time.monotonic()
        self._settle_unknown()
        self._diary.tell()
        while differing := self._unequal():
            if time.monotonic() - began > _REST_SECONDS:
                self._violations += [f"I2: after {_REST_SECONDS:g} s at rest {one}" for one in differing[:5]]
                break
            time.sleep(_LOOK_SECONDS)
        self._rests.append(time.monotonic() - began)
        self._say(f"At rest after {self._rests[-1]:.1f} s.")

    def _settle_unknown(self) -> None:
        for entry in self._diary.unknown():
            record, field = self._read_place(entry.place)
            had = self._sides[entry.side].has_had(record, field, str(entry.left))
            entry.outcome = Outcome.DONE if had else Outcome.REFUSED

    def _unequal(self) -> list[str]:
        try:
            if self._waiting():
                return ["the bridge has not looked at everything"]
            asked = {str(one.link) for one in self._conflicts() if one.state == OPEN}
            held = {one.subject for one in self._journal.quarantined()}
            return [
                f"{record.link} differs: {fields}"
                for record in self._records.values()
                if record.link not in asked | held and (fields := self._differing(record))
            ]
        except (Unreached, SideUnavailable, FhirError) as error:
            return [f"a side does not answer: {error}"]

    def _differing(self, record: Record) -> dict[str, tuple[str | None, str | None]]:
        here, there = (side.look(record) for side in self._sides.values())
        return {field: (here[field], there[field]) for field in here if here[field] != there[field]}

    def _there(self) -> dict[str, set[Value]]:
        found: dict[str, set[Value]] = {}
        for record in self._records.values():
            for side in self._sides.values():
                for field, value in side.look(record).items():
                    found.setdefault(record.place(field), set()).add(value)
        return found

    def _read_place(self, place: str) -> tuple[Record, str]:
        link, _, field = place.partition(" ")
        return self._records[link], field

    # -- what the bridge says ---------------------------------------------------------------------

    @cached_property
    def _journal(self) -> SqlJournal:
        engine = engine_of(journal_url(str(self._place.journal)))
        self._stack.callback(engine.dispose)
        return SqlJournal(engine, self._place.ods, None)

    def _waiting(self) -> int:
        waiting = self._journal.standing().waiting
        return sum(number for kind, number in waiting.items() if kind.function in _MIRRORED)

    def _conflicts(self) -> list[ListedConflict]:
        return list(self._journal.conflicts(decided=True))

    def _made_twice(self) -> list[str]:
        keys = Counter(key for sheet in SHEETS for _, key in self._carried(sheet))
        return [f"I8: {key} was made {times} times." for key, times in keys.items() if times > 1]

    def _carried(self, sheet: Sheet) -> list[tuple[str, LinkKey]]:
        """The id of each resource of a kind that the bridge made, and its key."""
        mapping = catalogue(self._place.ods)[sheet.kind]
        with closing(HttpTransport(self._base)) as transport:
            found = FhirClient(transport).search(sheet.resource_type, {"_count": "500"})
        keys = (
            (str(one["id"]), mapping.key_of(one, self._place.ods)) for one in found if mapping.claims(one)
        )
        return [(resource_id, key) for resource_id, key in keys if key is not None]


def _values(conflicts: Sequence[ListedConflict]) -> dict[str, set[Value]]:
    """What conflicts list, by place."""
    found: dict[str, set[Value]] = {}
    for one in conflicts:
        for said in (one.conflict.base, one.conflict.legacy, one.conflict.cloud):
            for field, value in said.items():
                found.setdefault(f"{one.link} {field}", set()).add(value)
    return found
