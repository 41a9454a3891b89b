"""The words in which the mirror says how it is, as FHIR resources on the server that it mirrors to.

One Basic a function holds its freshness and parity; a Task each conflict and each quarantined record.
Whoever reads them needs no further API, and sees the last one, aged, when the bridge is silent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from web_modules.fhir.history import instant
from web_modules.fhir.resource_json import Resource

FRESHNESS_IDENTIFIER = "https://banyan.example/Id/mirror-freshness"
TASK_IDENTIFIER = "https://banyan.example/Id/mirror-task"
RECORD_IDENTIFIER = "https://banyan.example/Id/mirror-record"
CODES = "https://banyan.example/CodeSystem/mirror"
_EXTENSION = "https://banyan.example/StructureDefinition/mirror-freshness"

AMBER_AFTER_SECONDS = 60  # hazard H03
RED_AFTER_SECONDS = 300  # hazard H03: no prescribing from here


class TaskKind(Enum):
    """Why a record waits for a person."""

    CONFLICT = "conflict"
    QUARANTINE = "quarantine"


class Age(Enum):
    """How far behind the truth a pane may be."""

    FRESH = "fresh"
    AMBER = "amber"
    RED = "red"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How one function's mirror stands.

    Attributes:
        function: the function's id, such as patients.
        watermark: everything committed on either side up to here has crossed or is listed; aware UTC.
        published_at: when the bridge said so; aware UTC.
        leads: the side that leads: legacy or cloud.
        is_mirrored: False in the stages in which the bridge carries nothing.
        waiting: records still to cross.
        conflicts: open conflicts.
        quarantined: records that cannot be carried.
        withheld: confidential records that are not shown on the cloud side.
        matched: records equal on both sides at the last count, or None when not counted yet.
        total: records counted, or None.
        stopped: why nothing is carried until a person has looked, in a sentence; empty while it is.
    """

    function: str
    watermark: datetime
    published_at: datetime
    leads: str
    is_mirrored: bool
    waiting: int = 0
    conflicts: int = 0
    quarantined: int = 0
    withheld: int = 0
    matched: int | None = None
    total: int | None = None
    stopped: str = ""

    def age_at(self, now: datetime) -> Age:
        """How old the data may be at a moment (aware)."""
        seconds = (now - self.watermark).total_seconds()
        if seconds >= RED_AFTER_SECONDS:
            return Age.RED
        return Age.AMBER if seconds >= AMBER_AFTER_SECONDS else Age.FRESH


def freshness_resource(freshness: Freshness) -> Resource:
    """Write a freshness as a Basic; its identifier makes an update conditional on the function."""
    parts: list[dict[str, Any]] = [
        {"url": "watermark", "valueInstant": _text(freshness.watermark)},
        {"url": "publishedAt", "valueInstant": _text(freshness.published_at)},
        {"url": "leads", "valueCode": freshness.leads},
        {"url": "isMirrored", "valueBoolean": freshness.is_mirrored},
    ]
    for name in ("waiting", "conflicts", "quarantined", "withheld", "matched", "total"):
        value = getattr(freshness, name)
        if value is not None:
            parts.append({"url": name, "valueUnsignedInt": value})
    if freshness.stopped:
        parts.append({"url": "stopped", "valueString": freshness.stopped})
    return {
        "resourceType": "Basic",
        "extension": [{"url": _EXTENSION, "extension": parts}],
        "identifier": [{"system": FRESHNESS_IDENTIFIER, "value": freshness.function}],
        "code": {"coding": [{"system": CODES, "code": "freshness"}]},
    }


def freshness_of(resource: Resource) -> Freshness | None:
    """Read a freshness from a Basic, or None when the Basic is something else."""
    function = next(
        (one["value"] for one in resource.get("identifier", []) if one.get("system") == FRESHNESS_IDENTIFIER),
        None,
    )
    whole = next((one for one in resource.get("extension", []) if one.get("url") == _EXTENSION), None)
    if function is None or whole is None:
        return None
    parts = {part["url"]: part for part in whole["extension"]}

    def number(name: str) -> int | None:
        value = parts.get(name, {}).get("valueUnsignedInt")
        return None if value is None else int(value)

    return Freshness(
        function=function,
        watermark=instant(parts["watermark"]["valueInstant"]),
        published_at=instant(parts["publishedAt"]["valueInstant"]),
        leads=parts["leads"]["valueCode"],
        is_mirrored=parts["isMirrored"]["valueBoolean"],
        waiting=number("waiting") or 0,
        conflicts=number("conflicts") or 0,
        quarantined=number("quarantined") or 0,
        withheld=number("withheld") or 0,
        matched=number("matched"),
        total=number("total"),
        stopped=parts.get("stopped", {}).get("valueString", ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorTask:
    """One record that waits for a person.

    Attributes:
        key: the bridge's own key of the conflict or quarantined record; the Task's identifier.
        kind: conflict or quarantine.
        is_open: False once decided or released.
        about: the record, as a FHIR reference, or None when it never reached the server.
        patient: the patient whom it concerns, as a FHIR reference, or None.
        words: what happened and what to do, for people.
        since: when it began; aware UTC.
        owner: who looks after it, or None while nobody does.
        group: the bridge's key of the conflict, which has a Task for each patient whom it concerns; or None.
        is_urgent: it has waited too long for a person.
        said: what each side says, in words: who says it, and what.
        record: the bridge's key of the record that it tells of, or None.
    """

    key: str
    kind: TaskKind
    is_open: bool
    about: str | None
    patient: str | None
    words: str
    since: datetime
    owner: str | None = None
    group: str | None = None
    is_urgent: bool = False
    said: tuple[tuple[str, str], ...] = ()
    record: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """What waits for a person: of the whole practice, or of one patient.

    Attributes:
        conflicts: how many wait for a decision.
        held_back: how many records are in quarantine.
        oldest: what happened to the one that waits longest, and what to do; empty while nothing waits.
    """

    conflicts: int = 0
    held_back: int = 0
    oldest: str = ""

    @property
    def sentence(self) -> str:
        """How many of one patient's changes wait, without a full stop; empty while none does."""
        whose = "of this patient "
        parts = []
        if self.held_back:
            held = "1 change {}is" if self.held_back == 1 else f"{self.held_back} changes {{}}are"
            parts.append(f"{held} held back")
        if self.conflicts:
            waits = "1 conflict {}waits" if self.conflicts == 1 else f"{self.conflicts} conflicts {{}}wait"
            parts.append(f"{waits} for a decision")
        return " and ".join([part.format(whose if at == 0 else "") for at, part in enumerate(parts)])


def unsettled(tasks: Iterable[MirrorTask]) -> Unsettled:
    """Count what waits; what has a Task for each of several patients is one."""
    groups = {task.group or task.key: task for task in tasks if task.is_open}
    kinds = [task.kind for task in groups.values()]
    oldest = min(groups.values(), key=lambda task: (task.since, task.key), default=None)
    return Unsettled(
        conflicts=kinds.count(TaskKind.CONFLICT),
        held_back=kinds.count(TaskKind.QUARANTINE),
        oldest="" if oldest is None else oldest.words,
    )


def unsettled_by_patient(tasks: Iterable[MirrorTask]) -> dict[str, Unsettled]:
    """Count what waits of each patient who is named, by the Patient's id."""
    found: dict[str, list[MirrorTask]] = {}
    for task in tasks:
        if task.patient is not None and task.is_open:
            found.setdefault(task.patient.rpartition("/")[2], []).append(task)
    return {patient: unsettled(theirs) for patient, theirs in found.items()}


def task_resource(task: MirrorTask) -> Resource:
    """Write a waiting record as a Task; its identifier makes an update conditional on the record."""
    resource: Resource = {
        "resourceType": "Task",
        "identifier": [{"system": TASK_IDENTIFIER, "value": task.key}],
        "status": "requested" if task.is_open else "completed",
        "intent": "order",
        "code": {"coding": [{"system": CODES, "code": task.kind.value}]},
        "priority": "urgent" if task.is_urgent else "routine",
        "businessStatus": {"text": _business_status(task)},
        "description": task.words,
        "authoredOn": _text(task.since),
    }
    if task.record is not None:
        resource["identifier"].append({"system": RECORD_IDENTIFIER, "value": task.record})
    if task.about is not None:
        resource["focus"] = {"reference": task.about}
    if task.patient is not None:
        resource["for"] = {"reference": task.patient}
    if task.owner is not None:
        resource["owner"] = {"display": task.owner}
    if task.group is not None:
        resource["groupIdentifier"] = {"system": TASK_IDENTIFIER, "value": task.group}
    if task.said:
        resource["input"] = [{"type": {"text": who}, "valueString": what} for who, what in task.said]
    return resource


def _business_status(task: MirrorTask) -> str:
    if not task.is_open:
        return "Over"
    waits = "Waits for a decision" if task.kind is TaskKind.CONFLICT else "Held back"
    return f"{waits}, for too long" if task.is_urgent else waits


def task_of(resource: Resource) -> MirrorTask | None:
    """Read a waiting record from a Task, or None when the Task is something else."""
    named = {one.get("system"): one.get("value") for one in resource.get("identifier", [])}
    key = named.get(TASK_IDENTIFIER)
    code = next(
        (one["code"] for one in resource.get("code", {}).get("coding", []) if one.get("system") == CODES),
        None,
    )
    if key is None or code is None:
        return None
    return MirrorTask(
        key=key,
        kind=TaskKind(code),
        is_open=resource["status"] != "completed",
        about=resource.get("focus", {}).get("reference"),
        patient=resource.get("for", {}).get("reference"),
        words=resource.get("description", ""),
        since=instant(resource["authoredOn"]),
        owner=resource.get("owner", {}).get("display"),
        group=resource.get("groupIdentifier", {}).get("value"),
        is_urgent=resource.get("priority") == "urgent",
        record=named.get(RECORD_IDENTIFIER),
        said=tuple(
            (one.get("type", {}).get("text", ""), one["valueString"])
            for one in resource.get("input", [])
            if "valueString" in one
        ),
    )


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
