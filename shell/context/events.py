"""What happens to the context, as FHIRcast STU3 names it (fhircast.org/event-library)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from shell.patient import Patient


class EventName(Enum):
    """The events of the hub."""

    PATIENT_OPEN = "Patient-open"
    PATIENT_CLOSE = "Patient-close"
    SYNC_ERROR = "SyncError"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextEvent:
    """One event.

    Attributes:
        name: what happened.
        token: the context's token.
        patient: the patient whom it is about, or None.
        at: when; aware UTC.
        words: for a SyncError, what is wrong.
    """

    name: EventName
    token: str
    patient: Patient | None
    at: datetime
    words: str = ""

    def payload(self, topic: str) -> dict[str, Any]:
        """The event as a subscriber would get it."""
        context: list[dict[str, Any]] = []
        if self.patient is not None:
            resource = {"resourceType": "Patient", "id": self.patient.fhir_id}
            context.append({"key": "patient", "resource": resource})
        if self.name is EventName.SYNC_ERROR:
            outcome = {
                "resourceType": "OperationOutcome",
                "issue": [{"severity": "warning", "code": "processing", "diagnostics": self.words}],
            }
            context.append({"key": "operationoutcome", "resource": outcome})
        return {
            "timestamp": self.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "id": self.token,
            "event": {"hub.topic": topic, "hub.event": self.name.value, "context": context},
        }
