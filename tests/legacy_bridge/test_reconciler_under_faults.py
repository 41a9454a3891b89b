"""A simulated afternoon: edits on both sides, kills at every side effect, and an oracle of cause and effect.

The oracle knows only this: every edit was made by somebody who saw a value. When things are quiet, every edit
is an ancestor of a current value, or is in the list of conflicts. The same seed gives the same afternoon.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from legacy_bridge.journal import conflicts
from legacy_bridge.journal.database import engine_of, journal_url
from tests.legacy_bridge.support.faults import Faults, Killed
from tests.legacy_bridge.support.mirror import Mirror, stages
from tests.legacy_bridge.support.small_practice import ODS, SmallPractice, guid
from tests.legacy_bridge.test_mirror_of_appointments import book_in_cloud, cancel_in_cloud
from web_modules.decision.words import Stage
from web_modules.fhir.errors import FhirConflict
from web_modules.fhir_store.service import FhirService

PEOPLE = ("mary", "omar")


@dataclass(slots=True)
class Afternoon:
    """People at work on both sides, and what each of their edits came from."""

    mirror: Mirror
    faults: Faults
    parents: dict[str, str | None] = field(default_factory=dict)
    story: list[str] = field(default_factory=list)
    number: int = 0

    def work(self) -> None:
        """One person does one thing on one side."""
        chance = self.faults.random
        self.number += 1
        name = chance.choice(("mary", "mary", "mary", "omar"))  # people meet where something is going on
        side = chance.choice(("legacy", "cloud"))
        what = chance.choice(("phone", "phone", "phone", "family", "booking"))
        if what == "booking":
            self._book(side, name, f"slot{chance.randrange(2)}")
        elif side == "legacy":
            column = "HomePhone" if what == "phone" else "Surname"
            value = f"{what[0]}L{self.number}"
            self._note(value, str(self.mirror.practice.patient(name)[column]), name)
            self.mirror.practice.edit("Admin_Patient", name, **{column: value})
        else:
            self._edit_cloud(name, what)

    def _edit_cloud(self, name: str, what: str) -> None:
        patient = self.mirror.patient(name)
        value = f"{what[0]}C{self.number}"
        if what == "phone":
            points = [one for one in patient["telecom"] if one.get("use") == "home"]
            before = points[0]["value"] if points else None
            others = [one for one in patient["telecom"] if one.get("use") != "home"]
            changed = {"telecom": [*others, {"system": "phone", "use": "home", "value": value}]}
        else:
            before = patient["name"][0]["family"]
            changed = {"name": [{**patient["name"][0], "family": value}]}
        try:
            self.mirror.put(patient, **changed)
        except FhirConflict:
            return
        self._note(value, before, name)

    def _book(self, side: str, name: str, slot: str) -> None:
        row = self.mirror.practice.slot(slot)
        if side == "legacy":
            if row["PatientGuid"] is None:
                self.mirror.practice.book(slot, name, minute=self.number % 60)
            else:
                self.mirror.practice.free(slot)
            return
        active = [one for one in self.mirror.appointments(slot) if one["status"] == "booked"]
        if not active and self.mirror.slot(slot)["status"] == "free":
            book_in_cloud(self.mirror, slot, name)
        elif active:
            cancel_in_cloud(self.mirror, slot, active[0])

    def _note(self, value: str, before: str | None, name: str) -> None:
        self.parents[value] = before
        self.story.append(f"{name}: {before} -> {value}")

    def mirror_once(self) -> None:
        """The bridge works until it is killed or has nothing to do, and is started again."""
        try:
            self.mirror.service.step()
        except Killed:
            self.story.append("killed")
            self.mirror.start()

    def lost(self) -> list[str]:
        """Edits that are in no current value's past and in no list."""
        kept: set[str] = set()
        for name in PEOPLE:
            row, patient = self.mirror.practice.patient(name), self.mirror.patient(name)
            kept |= {str(row["HomePhone"]), str(row["Surname"]), patient["name"][0]["family"]}
            kept |= {one["value"] for one in patient["telecom"]}
        engine = engine_of(journal_url(str(self.mirror.folder / "journal.sqlite")))
        with engine.connect() as connection:
            states = (conflicts.OPEN, conflicts.DECIDED, conflicts.SETTLED)
            for one in conflicts.listed(connection, ODS, *states):
                values = [*one.conflict.legacy.values(), *one.conflict.cloud.values()]
                kept |= {str(value) for value in values}
        engine.dispose()
        reached: set[str] = set()
        waiting = [value for value in kept if value in self.parents]
        while waiting:
            value = waiting.pop()
            if value not in reached and value in self.parents:
                reached.add(value)
                waiting.append(str(self.parents[value]))
        return sorted(set(self.parents) - reached)


def an_afternoon(
    seed: int, practice: SmallPractice, fhir: FhirService, folder: Path, length: int
) -> Afternoon:
    """Run one afternoon and let things come to rest."""
    faults = Faults(seed)
    faults.is_on = False
    mirror = Mirror(practice, fhir, folder, wrap=faults.wrap)
    mirror.drain()
    faults.is_on = True
    afternoon = Afternoon(mirror, faults)
    faults.meanwhile = afternoon.work
    for _ in range(length):
        afternoon.work()
        if faults.random.random() < 0.7:
            afternoon.mirror_once()
        if faults.random.random() < 0.1:
            mirror.standings = stages(patients=faults.random.choice([Stage.TRIAL, Stage.LEAD]))
    faults.is_on = False
    mirror.drain()
    return afternoon


def check(afternoon: Afternoon) -> None:
    """Nothing is lost, both sides agree or say why not, and the bridge is at rest."""
    mirror = afternoon.mirror
    told = "\n".join(afternoon.story[-40:])
    assert afternoon.lost() == [], told
    asked = {str(one.link) for one in mirror.journal.conflicts()}
    held = {one.subject for one in mirror.journal.quarantined()}
    assert set(mirror.differing()) - asked - held == set(), told
    again = mirror.drain()
    assert (again.written_to_cloud, again.written_to_legacy) == (0, 0), told
    for slot in ("slot0", "slot1", "slot2"):
        found = mirror.appointments(slot)
        numbers = [one["identifier"][0]["value"] for one in found if "identifier" in one]
        assert len(numbers) == len(set(numbers)), told
        assert sum(one["status"] == "booked" for one in found) <= 1, told
    mirror.stop()


@pytest.mark.parametrize("seed", range(12))
def test_no_edit_is_lost_whatever_is_killed(
    seed: int, practice: SmallPractice, fhir: FhirService, tmp_path: Path
) -> None:
    check(an_afternoon(seed, practice, fhir, tmp_path, 20))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1000, 1400))
def test_no_edit_is_lost_whatever_is_killed_many_times(
    seed: int, practice: SmallPractice, fhir: FhirService, tmp_path: Path
) -> None:
    check(an_afternoon(seed, practice, fhir, tmp_path, 60))


def test_a_kill_at_each_side_effect_of_a_change_is_made_good(
    practice: SmallPractice, fhir: FhirService, tmp_path: Path
) -> None:
    faults = Faults(0)
    faults.is_on = False
    mirror = Mirror(practice, fhir, tmp_path, wrap=faults.wrap)
    mirror.drain()
    kills = 0
    for moment in range(2, 40):
        practice.edit("Admin_Patient", "mary", HomePhone=f"L{moment}")
        mirror.put(
            mirror.patient("omar"), telecom=[{"system": "phone", "use": "home", "value": f"C{moment}"}]
        )
        if practice.slot("slot0")["PatientGuid"] is None:
            practice.book("slot0", "mary", minute=moment)
        else:
            practice.free("slot0")
        faults.is_on, faults.kill_at, faults.count = True, moment, 0
        try:
            mirror.service.step()
        except Killed:
            kills += 1
            mirror.start()
        faults.is_on = False
        # the same people go on working before the bridge is back: what it wrote is not taken for their edit
        practice.edit("Admin_Patient", "mary", HomePhone=f"L{moment}b")
        mirror.put(
            mirror.patient("omar"), telecom=[{"system": "phone", "use": "home", "value": f"C{moment}b"}]
        )
        mirror.drain()
        assert mirror.differing() == []
        assert practice.patient("mary")["HomePhone"] == f"L{moment}b"
        assert practice.patient("omar")["HomePhone"] == f"C{moment}b"
        assert mirror.journal.conflicts(decided=True) == [], f"a false conflict after a kill at {moment}"
        booked = [one for one in mirror.appointments("slot0") if one["status"] == "booked"]
        assert len(booked) == (practice.slot("slot0")["PatientGuid"] == guid("mary"))
    assert kills >= 12
    mirror.stop()
