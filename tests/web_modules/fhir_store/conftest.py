"""A store of its own for each test, on SQLite and where it matters on PostgreSQL, and a way to ask it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.databases import Databases
from web_modules.fhir.client import FhirClient
from web_modules.fhir.transport import FhirRequest, FhirResponse
from web_modules.fhir_store.database.engine import Database
from web_modules.fhir_store.documents import decode, encode
from web_modules.fhir_store.interactions.practice_records import ServedPractice
from web_modules.fhir_store.service import FhirService
from web_modules.fhir_store.store import Standard, Store

PRACTICE = "Y99002"
OTHER_PRACTICE = "Y99003"
_ON_BOTH = frozenset(
    {
        "audit",
        "bundles",
        "database",
        "fuzzing",
        "interactions",
        "search",
        "subscriptions",
        "test_hostile_requests.py",
        "test_isolation.py",
        "test_labels_inside.py",
        "test_limits.py",
        "test_limits_of_history.py",
        "test_service.py",
        "test_suppression.py",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response with its body read."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def words(self) -> str:
        """What the first issue of an OperationOutcome says."""
        return str(self.body["issue"][0]["details"]["text"])

    @property
    def expression(self) -> str:
        """Where the first issue is."""
        return str(self.body["issue"][0]["expression"][0])

    @property
    def resources(self) -> list[dict[str, Any]]:
        """The resources of a Bundle."""
        return [entry["resource"] for entry in self.body.get("entry", []) if "resource" in entry]


class Caller:
    """Sends requests to one practice's service and reads the answers."""

    def __init__(self, service: FhirService) -> None:
        self.service = service
        self.client = FhirClient(service)

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, str] | list[tuple[str, str]] | None = None,
        **headers: str,
    ) -> Answer:
        pairs = query.items() if isinstance(query, dict) else (query or ())
        request = FhirRequest(
            method=method,
            path=path,
            query=tuple(pairs),
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            body=body if isinstance(body, bytes) else b"" if body is None else encode(body),
        )
        answer: FhirResponse = self.service.send(request)
        return Answer(
            status=answer.status,
            headers=dict(answer.headers),
            body=decode(answer.body) if answer.body else None,
        )

    def ids(self, resource_type: str, **query: str) -> list[str]:
        """The ids that a search finds; names are written with `__` for `:` and `_d_` for `-`."""
        pairs = {name.replace("__", ":").replace("_d_", "-"): value for name, value in query.items()}
        found = self("GET", resource_type, query=pairs, prefer="handling=strict")
        assert found.status == 200, found.body
        return [resource["id"] for resource in found.resources]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What the database itself does is tested on both; the rest is the same code above it."""
    if "database_url" in metafunc.fixturenames:
        place = metafunc.definition.path.relative_to(Path(__file__).parent).parts[0]
        both = ["sqlite", "postgresql"] if place in _ON_BOTH else ["sqlite"]
        metafunc.parametrize("database_url", both, indirect=True)


@pytest.fixture(scope="session")
def databases(postgresql_url: str) -> Iterator[Databases]:
    """Databases on a PostgreSQL of the tests' own."""
    with closing(Databases(postgresql_url, lambda url: Database(url).close())) as made:
        yield made


@contextmanager
def _fresh_database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{folder / 'store.sqlite'}"
        return
    databases: Databases = request.getfixturevalue("databases")
    with databases.fresh() as url:
        yield url


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a test's database is."""
    with _fresh_database(request, tmp_path) as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the database is that a module's tests share."""
    with _fresh_database(request, tmp_path_factory.mktemp("shared")) as url:
        yield url


@pytest.fixture
def store(database_url: str, standard: Standard) -> Iterator[Store]:
    """An empty store."""
    made = Store(database_url, standard)
    yield made
    made.close()


def served(store: Store, practice: str) -> Caller:
    """One practice of a store."""
    store.open_practice(practice, "reference")
    return Caller(
        FhirService(
            store,
            ServedPractice(
                practice=practice, base_url=f"http://cloud.example/{practice}/fhir", description="a test"
            ),
        )
    )


@contextmanager
def fresh_practice(database_url: str, standard: Standard) -> Iterator[Caller]:
    """A practice in a store of its own, for fixtures that several tests share."""
    with closing(Store(database_url, standard)) as store:
        yield served(store, PRACTICE)


@pytest.fixture
def fhir(store: Store) -> Caller:
    """The practice under test."""
    return served(store, PRACTICE)


@pytest.fixture
def other_fhir(store: Store, fhir: Caller) -> Caller:
    """Another practice in the same database."""
    return served(store, OTHER_PRACTICE)
