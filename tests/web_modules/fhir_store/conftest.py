"""A store of its own for each test, and an easy way to ask it."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url

from web_modules.fhir.client import FhirClient
from web_modules.fhir.transport import FhirRequest, FhirResponse
from web_modules.fhir_store.documents import decode, encode
from web_modules.fhir_store.service import FhirService, ServedPractice
from web_modules.fhir_store.store import Standard, Store

PRACTICE = "Y99002"
OTHER_PRACTICE = "Y99003"


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


@contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """An empty database: an SQLite file, or one on the server whose URL is in BANYAN_TEST_POSTGRESQL."""
    server = os.environ.get("BANYAN_TEST_POSTGRESQL")
    if server is None:
        yield f"sqlite:///{folder / 'store.sqlite'}"
        return
    name = f"banyan_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    engine.dispose()


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    """Where a test's database may be."""
    with fresh_database(tmp_path) as url:
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
def fresh_practice(folder: Path, standard: Standard) -> Iterator[Caller]:
    """A practice in a store of its own, for fixtures that several tests share."""
    with fresh_database(folder) as url:
        store = Store(url, standard)
        yield served(store, PRACTICE)
        store.close()


@pytest.fixture
def fhir(store: Store) -> Caller:
    """The practice under test."""
    return served(store, PRACTICE)


@pytest.fixture
def other_fhir(store: Store, fhir: Caller) -> Caller:
    """Another practice in the same database."""
    return served(store, OTHER_PRACTICE)
