"""What people answer to a Task of the mirror: who takes it on, and what they decide.

Whoever may write the Task answers by updating it, with `If-Match`. `accepted` with an owner says who looks
after it. `in-progress` decides: of a conflict, one output says which side is kept, or outputs say the values
that both sides are to have; what is held back is looked at again. The bridge carries it out and publishes the
Task anew: completed, or open with the reason why not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from web_modules.fhir.mirror_status import CODES
from web_modules.fhir.mirror_tasks import MirrorTask, task_of
from web_modules.fhir.resource_json import Resource

ACCEPTED: Final = "accepted"
DECIDED: Final = "in-progress"
SIDES: Final = ("legacy", "cloud")
_KEEP, _VALUE = "keep", "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person answered.

    Attributes:
        task: the Task that was answered.
        version: which version of it the answer is, as `Task/id` and the version's id.
        by: who; None: nobody says so.
        is_decided: whether it is to be carried out now; else somebody only looks after it.
        keep: the side whose value is to stand, legacy or cloud; or None.
        values: the values that both sides are to have: a text, or `name=value` of each of several fields.
    """

    task: MirrorTask
    version: tuple[str, str]
    by: str | None
    is_decided: bool
    keep: str | None = None
    values: tuple[str, ...] = ()


def answered(resource: Resource, *, by: str, keep: str | None = None, values: Sequence[str] = ()) -> Resource:
    """A Task as somebody leaves it who decides; to be sent as an update of the version that they saw."""
    outputs: list[dict[str, Any]] = [] if keep is None else [{"type": _type(_KEEP), "valueCode": keep}]
    outputs += [{"type": _type(_VALUE), "valueString": value} for value in values]
    answer = {**resource, "status": DECIDED, "owner": {"display": by}}
    return {**answer, "output": outputs} if outputs else answer


def accepted(resource: Resource, *, by: str) -> Resource:
    """A Task as somebody leaves it who looks after it from now on."""
    return {**resource, "status": ACCEPTED, "owner": {"display": by}}


def answer_of(resource: Resource) -> Answer | None:
    """Read an answer from a Task; None: it is no Task of the mirror, or nobody has answered it."""
    task = task_of(resource)
    if task is None or resource["status"] not in (ACCEPTED, DECIDED):
        return None
    outputs = resource.get("output", [])
    sides = [one.get("valueCode") for one in outputs if _is(one, _KEEP)]
    known = [side for side in sides if side in SIDES]
    owner = resource.get("owner", {})
    return Answer(
        task=task,
        version=(f"Task/{resource.get('id')}", str(resource.get("meta", {}).get("versionId"))),
        by=owner.get("display") or owner.get("reference"),
        is_decided=resource["status"] == DECIDED,
        keep=known[0] if len(sides) == len(known) == 1 else None,
        values=tuple(str(one.get("valueString", "")) for one in outputs if _is(one, _VALUE)),
    )


def _type(code: str) -> dict[str, Any]:
    return {"coding": [{"system": CODES, "code": code}]}


def _is(output: dict[str, Any], code: str) -> bool:
    codings = output.get("type", {}).get("coding", [])
    return any(one.get("system") == CODES and one.get("code") == code for one in codings)
