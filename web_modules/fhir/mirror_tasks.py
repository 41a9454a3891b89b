"""What waits for a person, as FHIR Tasks where the mirror mirrors to: conflicts and quarantine."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from web_modules.fhir.history import instant
from web_modules.fhir.mirror_status import CODES, instant_text
from web_modules.fhir.resource_json import Resource

TASK_IDENTIFIER = "https://banyan.example/Id/mirror-task"
RECORD_IDENTIFIER = "https://banyan.example/Id/mirror-record"
OPEN_STATUSES = ("requested", "accepted", "in-progress")
"""Those of a Task of the mirror that waits: for somebody, for whoever looks after it, to be carried out."""
CLINICIAN = {"coding": [{"system": "http://snomed.info/sct", "code": "223366009"}]}
"""SNOMED CT's Healthcare professional: who may answer a Task about the clinical record."""
_SEEN = {"coding": [{"system": CODES, "code": "seen"}]}
_FIELD = {"coding": [{"system": CODES, "code": "field"}]}


class TaskKind(Enum):
    """Why a record waits for a person."""

    CONFLICT = "conflict"
    QUARANTINE = "quarantine"


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
        seen: stands for the values that it tells of: an answer holds for them, and for no others. Empty where
            it tells of none, and nobody can decide.
        refused: why the last answer was not carried out; empty.
        title: what differs, in a few words.
        fields: the names of the values that may be entered in place of both sides'; none where none may.
        is_clinical: whether only somebody who may write the clinical record may decide.
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
    seen: str = ""
    refused: str = ""
    title: str = ""
    fields: tuple[str, ...] = ()
    is_clinical: bool = False


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
        "status": _status(task),
        "intent": "order",
        "code": {"coding": [{"system": CODES, "code": task.kind.value}]}
        | ({"text": task.title} if task.title else {}),
        "priority": "urgent" if task.is_urgent else "routine",
        "businessStatus": {"text": _business_status(task)},
        "description": task.words,
        "authoredOn": instant_text(task.since),
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
    inputs: list[dict[str, Any]] = [{"type": {"text": who}, "valueString": what} for who, what in task.said]
    if task.seen:
        inputs.append({"type": _SEEN, "valueString": task.seen})
    inputs += [{"type": _FIELD, "valueString": name} for name in task.fields]
    if inputs:
        resource["input"] = inputs
    if task.is_clinical:
        resource["performerType"] = [CLINICIAN]
    if task.refused:
        resource["statusReason"] = {"text": task.refused}
    return resource


def _status(task: MirrorTask) -> str:
    if not task.is_open:
        return "completed"
    return "requested" if task.owner is None else "accepted"


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
    inputs = resource.get("input", [])
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
            (one["type"]["text"], one["valueString"])
            for one in inputs
            if "valueString" in one and "text" in one.get("type", {})
        ),
        seen=next((one.get("valueString", "") for one in inputs if one.get("type") == _SEEN), ""),
        refused=resource.get("statusReason", {}).get("text", ""),
        is_clinical=CLINICIAN in resource.get("performerType", []),
        title=resource.get("code", {}).get("text", ""),
        fields=tuple(str(one.get("valueString", "")) for one in inputs if one.get("type") == _FIELD),
    )
