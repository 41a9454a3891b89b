"""Legitimate relationships: with which patients a clinician has to do.

The usual GP has, whoever takes part in an appointment of these days has, and whoever says why has for a
while.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from web_modules.fhir.client import FhirClient
from web_modules.fhir.transport import Transport
from web_modules.identity.database.claims import RelationshipClaims
from web_modules.identity.people import Person
from web_modules.identity.staff import Staff

DAYS_BEFORE = 30
"""Letters and results of an appointment come in for about a month."""

DAYS_AFTER = 14
"""Who prepares a clinic reads ahead."""

CLAIM_SECONDS = 12 * 3600
"""A claim lasts for the working day in which it is made."""

LONGEST_REASON = 400
KEPT_SECONDS = 30.0
"""How long what was found in the records is taken for true."""

CLAIMS_KEPT_SECONDS = 1.0
"""How long a claim that was made at another web process may go unnoticed."""


class Relationships:
    """Says with whom a person has to do. Blocks; safe from every thread."""

    def __init__(
        self, transport: Transport, staff: Staff, claims: RelationshipClaims, today: Callable[[], date]
    ) -> None:
        """Look into a practice's records.

        Args:
            transport: the records.
            staff: who is whom in them.
            claims: what people said.
            today: the day that the practice takes for today.
        """
        self._fhir = FhirClient(transport)
        self._staff = staff
        self._claims = claims
        self._today = today
        self._recorded = _Kept(self._read, KEPT_SECONDS)
        self._claimed = _Kept(lambda person: self._claims.of(person.id), CLAIMS_KEPT_SECONDS)

    def of(self, person: Person) -> frozenset[str]:
        """Ids of the patients with whom a person has a legitimate relationship now.

        Raises:
            FhirError: the records cannot be asked.
        """
        return self._recorded.of(person) | self._claimed.of(person)

    def claim(self, person: Person, patient: str, reason: str) -> None:
        """Note why a person has to do with a patient, here and as an AuditEvent.

        Raises:
            FhirError: it cannot be recorded; then it does not count either.
        """
        self._fhir.create(_audit_event(person, patient, reason))
        self._claims.add(person.id, patient, reason=reason, seconds=CLAIM_SECONDS)
        self._claimed.forget(person)

    def _read(self, person: Person) -> frozenset[str]:
        practitioner = self._staff.practitioner_of(person)
        if practitioner is None:
            return frozenset()
        reference = f"Practitioner/{practitioner}"
        patients = self._fhir.search("Patient", {"general-practitioner": reference, "_count": "500"})
        first = self._today() - timedelta(days=DAYS_BEFORE)
        last = self._today() + timedelta(days=DAYS_AFTER)
        appointments = self._fhir.search(
            "Appointment",
            {
                "practitioner": reference,
                "date": [f"ge{first.isoformat()}", f"le{last.isoformat()}"],
                "_count": "500",
            },
        )
        seen = (
            participant.get("actor", {}).get("reference", "")
            for appointment in appointments
            if appointment.get("status") != "cancelled"
            for participant in appointment.get("participant", [])
        )
        booked = {reference.partition("/")[2] for reference in seen if reference.startswith("Patient/")}
        return frozenset(str(patient["id"]) for patient in patients) | booked


_DICOM = "http://dicom.nema.org/resources/ontology/DCM"


class _Kept:
    """Patients by person, read again after a while. Safe from every thread."""

    def __init__(self, read: Callable[[Person], frozenset[str]], seconds: float) -> None:
        self._read = read
        self._seconds = seconds
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, frozenset[str]]] = {}

    def of(self, person: Person) -> frozenset[str]:
        """Of one person."""
        with self._lock:
            kept = self._kept.get(person.id)
        if kept is not None and time.monotonic() < kept[0]:
            return kept[1]
        found = self._read(person)
        now = time.monotonic()
        with self._lock:
            self._kept = {name: one for name, one in self._kept.items() if now < one[0]}
            self._kept[person.id] = (now + self._seconds, found)
        return found

    def forget(self, person: Person) -> None:
        """Read it again the next time."""
        with self._lock:
            self._kept.pop(person.id, None)


def _audit_event(person: Person, patient: str, reason: str) -> dict[str, object]:
    code = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "BTG"}
    return {
        "resourceType": "AuditEvent",
        "type": {"system": _DICOM, "code": "110113", "display": "Security Alert"},
        "subtype": [{"system": _DICOM, "code": "110127", "display": "Emergency Override Started"}],
        "action": "E",
        "recorded": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "outcome": "0",
        "purposeOfEvent": [{"coding": [code], "text": reason}],
        "agent": [
            {
                "requestor": True,
                "altId": person.id,
                "name": person.name,
                "role": [{"text": person.role.value}],
            }
        ],
        "source": {"observer": {"display": "Banyan"}},
        "entity": [{"what": {"reference": f"Patient/{patient}"}}],
    }
