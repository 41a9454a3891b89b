"""What is asked of the servers: each kind of request, divided among so many clients."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from urllib.parse import quote

from tests.benchmarks.fhir_bodies import (
    FAMILY,
    as_bytes,
    batch,
    known_families,
    known_family,
    nhs_number,
    patient_id,
    registrations,
    resource,
)
from tests.benchmarks.fhir_client import Connection, Load, request
from web_modules.fhir.systems import NHS_NUMBER

SINGLES, BUNDLES = 2000, 24
"""How many different requests of a kind there are before they are sent again, all clients together."""
_FILLED_AT_ONCE = 40
_STRIDE = 7919
"""A prime: known patients are asked for all over the store, not one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loads:
    """Makes requests about a store that holds the patients 0 to `known` - 1 with their readings.

    Attributes:
        known: how many patients.
        new: numbers that no request has yet.
    """

    known: int
    new: Iterator[int] = field(default_factory=lambda: count(1_000_000))

    def create(self, clients: int) -> Load:
        """New patients, and four times as many readings of known ones."""
        bodies = (resource(number, self._somebody(number)) for number in islice(self.new, SINGLES))
        return _load([_post(body["resourceType"], as_bytes(body)) for body in bodies], clients)

    def update(self, clients: int) -> Load:
        """Known patients and readings, each with another content than before; no two clients meet."""
        families = [known_family(self._known(number), change=1 + number) for number in range(SINGLES)]
        bodies = [family[number % FAMILY] for number, family in enumerate(families)]
        return _load(
            [request("PUT", f"/{body['resourceType']}/{body['id']}", as_bytes(body)) for body in bodies],
            clients,
        )

    def read(self, clients: int) -> Load:
        """Known patients and readings by their ids."""
        return _load([request("GET", self._path(number)) for number in range(SINGLES)], clients)

    def search(self, clients: int) -> Load:
        """Known patients by NHS number: one is found."""
        values = (quote(f"{NHS_NUMBER}|{nhs_number(self._known(each))}", safe="") for each in range(SINGLES))
        return _load([request("GET", f"/Patient?identifier={value}") for value in values], clients, entries=1)

    def observations(self, clients: int) -> Load:
        """Four readings of a known patient, who may have got more from a create meanwhile."""
        size = FAMILY - 1
        people = (patient_id(self._known(number)) for number in range(SINGLES))
        paths = (f"/Observation?patient={one}&_count={size}" for one in people)
        return _load([request("GET", path) for path in paths], clients, entries=size)

    def batch(self, clients: int, *, size: int) -> Load:
        """As many creates, each for itself, in one request."""
        made = (batch(islice(self.new, size), self._somebody(number)) for number in range(BUNDLES))
        return _load([_post("", as_bytes(one)) for one in made], clients, entries=size, resources=size)

    def transaction(self, clients: int, *, size: int) -> Load:
        """New patients with readings that refer to them, as many resources, all or nothing."""
        made = (registrations(islice(self.new, size // FAMILY)) for _ in range(BUNDLES))
        return _load([_post("", as_bytes(one)) for one in made], clients, entries=size, resources=size)

    def _known(self, number: int) -> int:
        return number * _STRIDE % self.known

    def _somebody(self, number: int) -> str:
        return f"Patient/{patient_id(self._known(number))}"

    def _path(self, number: int) -> str:
        somebody, each = patient_id(self._known(number)), number % FAMILY
        return f"/Observation/{somebody}-{each - 1}" if each else f"/Patient/{somebody}"


MakeLoad = Callable[[Loads, int], Load]

OPERATIONS: dict[str, MakeLoad] = {
    "create": Loads.create,
    "update": Loads.update,
    "read": Loads.read,
    "search": Loads.search,
    "batch20": lambda loads, clients: loads.batch(clients, size=20),
    "transaction20": lambda loads, clients: loads.transaction(clients, size=20),
    "batch200": lambda loads, clients: loads.batch(clients, size=200),
    "transaction200": lambda loads, clients: loads.transaction(clients, size=200),
}
"""Each kind of request by the name that its metrics have."""


def fill(port: int, numbers: range) -> None:
    """Put known patients with their readings into a server.

    Raises:
        LoadFailed: it refused them.
    """
    connection = Connection(port)
    try:
        for first in range(numbers.start, numbers.stop, _FILLED_AT_ONCE):
            some = range(first, min(first + _FILLED_AT_ONCE, numbers.stop))
            connection.send(_post("", as_bytes(known_families(some))))
    finally:
        connection.close()


def _post(resource_type: str, body: bytes) -> bytes:
    return request("POST", f"/{resource_type}" if resource_type else "", body)


def _load(requests: Sequence[bytes], clients: int, *, entries: int | None = None, resources: int = 1) -> Load:
    shares = [requests[first::clients] for first in range(clients)]
    return Load(requests=shares, entries=entries, resources=resources)
