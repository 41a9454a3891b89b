"""Drafts that an application keeps in the window while it is open; none is on the record. No Qt."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

DRAFTS_AT_MOST: Final = 50
_TYPE: Final = re.compile(r"\A[A-Z][A-Za-z]{1,63}\Z")
_NOT_ON_RECORD: Final = (
    "This is kept while the application is open, and not on the record. Write it by FHIR to have it there."
)
_NO_DRAFT: Final = ("404 Not Found", "There is no such draft.")


class Scratchpad:
    """SMART Web Messaging's scratchpad; emptied when the application ends."""

    def __init__(self) -> None:
        self._drafts: dict[str, dict[str, Any]] = {}
        self._number = 0
        self._does: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "create": self._create,
            "read": self._read,
            "update": self._update,
            "delete": self._delete,
        }

    def __len__(self) -> int:
        """How many drafts there are."""
        return len(self._drafts)

    def clear(self) -> None:
        """Throw all drafts away."""
        self._drafts.clear()

    def answer(self, verb: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The payload that answers a `scratchpad.*` message."""
        does = self._does.get(verb)
        return does(payload) if does is not None else outcome("501 Not Implemented", "There is no such verb.")

    def _create(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        resource = _resource(payload)
        if resource is None:
            return outcome("400 Bad Request", "A resource with its resourceType is needed.")
        if len(self._drafts) >= DRAFTS_AT_MOST:
            return outcome("507 Insufficient Storage", f"No more than {DRAFTS_AT_MOST} drafts are kept.")
        self._number += 1
        location = f"{resource['resourceType']}/{self._number}"
        self._drafts[location] = resource | {"id": str(self._number)}
        return outcome("201 Created", _NOT_ON_RECORD, severity="information") | {"location": location}

    def _read(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        if "location" not in payload:
            return {"scratchpad": list(self._drafts.values())}
        found = self._drafts.get(str(payload["location"]))
        return outcome(*_NO_DRAFT) if found is None else {"resource": found}

    def _update(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        resource = _resource(payload)
        location = "" if resource is None else f"{resource['resourceType']}/{resource.get('id')}"
        if resource is None or location not in self._drafts:
            return outcome(*_NO_DRAFT)
        self._drafts[location] = resource
        return outcome("200 OK", _NOT_ON_RECORD, severity="information")

    def _delete(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        if self._drafts.pop(str(payload.get("location")), None) is None:
            return outcome(*_NO_DRAFT)
        return {"status": "200 OK"}


def _resource(payload: Mapping[str, Any]) -> dict[str, Any] | None:
    resource = payload.get("resource")
    if not isinstance(resource, dict) or not _TYPE.match(str(resource.get("resourceType"))):
        return None
    return resource


def outcome(status: str, words: str, severity: str = "error") -> dict[str, Any]:
    """A payload that says what became of a message; `status` is HTTP's."""
    issue = {"severity": severity, "code": "informational", "details": {"text": words}}
    if severity == "error":
        issue["code"] = "processing"
    return {"status": status, "outcome": {"resourceType": "OperationOutcome", "issue": [issue]}}
