"""What the desk shows, from the Tasks that the mirror publishes. Pure but for the reading itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from web_modules.fhir.client import FhirClient, version_of
from web_modules.fhir.errors import FhirForbidden, FhirGone, FhirNotFound
from web_modules.fhir.mirror_answers import DECIDED
from web_modules.fhir.mirror_tasks import OPEN_STATUSES, MirrorTask, TaskKind, task_of
from web_modules.fhir.resource_json import Resource
from web_modules.pages.patient import ShownPatient, shown_patient
from web_modules.pages.words import PRACTICE_ZONE, ago_words, clock_words, day_words

MOST_SHOWN = 200
"""Who has more to decide begins with the oldest."""
_SHORT = 32
_NAMES = {"legacy": "legacy screen", "cloud": "new side"}
_SIDES = {"The legacy program says": "legacy", "The cloud says": "cloud"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one side says.

    Attributes:
        keep: legacy or cloud.
        title: what the side is called on the screen.
        lines: each field with its name, or the value alone.
        differing: those that the other side does not say.
    """

    keep: str
    title: str
    lines: tuple[str, ...]
    differing: frozenset[str] = frozenset()

    @property
    def short(self) -> str:
        """The value where it is short and alone; else which side's it is."""
        is_short = len(self.lines) == 1 and len(self.lines[0]) <= _SHORT
        return self.lines[0] if is_short else f"what the {_NAMES[self.keep]} says"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that waits for a person.

    Attributes:
        id: of its Task.
        version: of its Task, as it was read.
        task: what it tells.
        patient: whom it concerns, as far as can be shown; or None.
        age: such as 31 min.
        since: the day and time.
        sides: what each side says; empty where the values are not shown here.
        before: what both agreed on before, or empty.
        is_under_way: somebody has decided, and the bridge carries it out.
    """

    id: str
    version: str
    task: MirrorTask
    patient: ShownPatient | None
    age: str
    since: str
    sides: tuple[Side, ...]
    before: tuple[str, ...]
    is_under_way: bool

    @property
    def title(self) -> str:
        """What differs, in a few words."""
        return self.task.title or ("Held back" if self.task.kind is TaskKind.QUARANTINE else "A difference")

    @property
    def can_be_decided(self) -> bool:
        """Whether the values are shown here, and so can be chosen."""
        return bool(self.task.seen)


def read_items(
    client: FhirClient, practice: str, today: date, now: datetime, *, of: str = ""
) -> Sequence[Item]:
    """What waits, the most urgent and the oldest first; of what concerns several patients one for each.

    Args:
        client: by which it is read.
        practice: the ODS code.
        today: the environment's day.
        now: from which ages are told; aware.
        of: the id of the one Patient whose they are; empty: of the whole practice.

    Raises:
        FhirError: the records cannot be asked.
    """
    asked = {"status": ",".join(OPEN_STATUSES), "_sort": "authored-on", "_count": str(MOST_SHOWN)}
    asked |= {"patient": of} if of else {}
    found = [one["resource"] for one in client.search_page("Task", asked).get("entry", [])]
    patients: dict[str, ShownPatient | None] = {}
    items = []
    for resource in found:
        task = task_of(resource)
        if task is not None:
            if task.patient is not None and task.patient not in patients:
                patients[task.patient] = _patient(client, task.patient, practice, today)
            items.append(_item(resource, task, patients.get(task.patient or ""), now))
    return sorted(items, key=lambda one: (not one.task.is_urgent, one.task.since, one.id))


def read_whose(client: FhirClient, of: str, practice: str, today: date) -> ShownPatient | None:
    """The one patient whose items are asked for, as far as they can be shown.

    Raises:
        FhirError: the records cannot be asked.
    """
    return _patient(client, f"Patient/{of}", practice, today) if of else None


def _item(resource: Resource, task: MirrorTask, patient: ShownPatient | None, now: datetime) -> Item:
    said = dict(task.said)
    local = task.since.astimezone(PRACTICE_ZONE)
    titles = {"legacy": "Legacy screen", "cloud": "New"}
    return Item(
        id=str(resource["id"]),
        version=version_of(resource),
        task=task,
        patient=patient,
        age=ago_words((now - task.since).total_seconds()),
        since=f"{day_words(local.date())} {clock_words(task.since)}",
        sides=tuple(
            Side(
                keep=keep,
                title=titles[keep],
                lines=_lines(said[who]),
                differing=frozenset(_lines(said[who])).difference(
                    *(_lines(said[other]) for other in _SIDES if other != who and other in said)
                ),
            )
            for who, keep in _SIDES.items()
            if who in said
        )
        or _whole_sides(task, titles),
        before=next((_lines(what) for who, what in task.said if who not in _SIDES), ()),
        is_under_way=resource["status"] == DECIDED,
    )


def _whole_sides(task: MirrorTask, titles: dict[str, str]) -> tuple[Side, ...]:
    """Of a record that one side has deleted: which side is to be followed."""
    if task.kind is not TaskKind.CONFLICT or not task.seen:
        return ()
    lines = ("As it is there, or not there",)
    return tuple(Side(keep=keep, title=title, lines=lines) for keep, title in titles.items())


def _lines(said: str) -> tuple[str, ...]:
    return tuple(said.split("; "))


def _patient(client: FhirClient, reference: str, practice: str, today: date) -> ShownPatient | None:
    try:
        found: dict[str, Any] = client.read("Patient", reference.rpartition("/")[2])
    except (FhirNotFound, FhirGone, FhirForbidden):
        return None
    return shown_patient(found, practice, today)
