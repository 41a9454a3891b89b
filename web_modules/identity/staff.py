"""The people of a practice as its records know them."""

import hashlib

from web_modules.fhir.client import FhirClient
from web_modules.fhir.resource_json import Resource
from web_modules.fhir.transport import Transport
from web_modules.identity.people import Person

PERSON_SYSTEM = "https://banyan.example/Id/person"


class Staff:
    """Finds the resources that are a person. Blocks; raises what `FhirClient` raises."""

    def __init__(self, transport: Transport) -> None:
        self._fhir = FhirClient(transport)

    def practitioner_of(self, person: Person) -> str | None:
        """The id of the one Practitioner with a person's professional registration, or None."""
        if not person.registration:
            return None
        system, _, number = person.registration.partition("|")
        if not system or not number or set(number) & set(",$|\\"):
            return None
        found = self._fhir.search("Practitioner", {"identifier": person.registration})
        return str(found[0]["id"]) if len(found) == 1 else None

    def fhir_user(self, person: Person) -> str:
        """The reference of a person: their Practitioner, or a Person, made when it is missing."""
        practitioner = self.practitioner_of(person)
        if practitioner is not None:
            return f"Practitioner/{practitioner}"
        own = f"{PERSON_SYSTEM}|{person.id}"
        resource: Resource = {
            "resourceType": "Person",
            "id": hashlib.sha256(own.encode()).hexdigest()[:40],
            "identifier": [{"system": PERSON_SYSTEM, "value": person.id}],
            "name": [{"text": person.name}],
            "active": True,
        }
        if not self._fhir.search("Person", {"_id": resource["id"]}):
            self._fhir.update(resource)
        return f"Person/{resource['id']}"
