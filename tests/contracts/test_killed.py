"""Whatever is killed in the middle of writing: nothing acknowledged is lost, and nothing is half there.

Each write carries a mark of its own; what is stored of it tells whether it was lost, or done by halves.
"""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.forked_cloud import ForkedCloud
from tests.support.postgresql import Cluster, own_cluster, postgresql_programs
from tests.support.served_cloud import START_SECONDS, ServedCloud
from tests.support.store_at_rest import faults_at_rest
from tests.support.waiting import until
from web_modules.fhir_store.audit.key import load_key
from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.store import Standard, Store, load_standard

PRACTICE = "Y99002"
CLIENTS = 4
MOST_WRITES = 60
"""Acknowledged in a burst before the end comes; at random, from none on."""
RECORDS = 12
"""That each client goes on changing."""


@dataclass(slots=True)
class Book:
    """What clients sent, and what they were told.

    Attributes:
        acknowledged: the mark of each version that was answered for; None for a deletion.
        sent: how many versions each mark is to have, when it has any.
    """

    acknowledged: dict[tuple[str, int], str | None] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    enough: threading.Event = field(default_factory=threading.Event)
    wanted: int = 0

    def note(self, answered: dict[tuple[str, int], str | None]) -> None:
        """Add what one answer acknowledges."""
        with self.lock:
            assert not answered.keys() & self.acknowledged.keys()  # no version is given twice
            self.acknowledged |= answered
            if len(self.acknowledged) >= self.wanted:
                self.enough.set()


@dataclass(slots=True)
class Client:
    """Writes without a pause."""

    number: int
    base: str
    book: Book
    chance: random.Random
    is_over: threading.Event
    count: int = 0

    def run(self) -> None:
        """Write until it is over, or the server is gone."""
        with requests.Session() as session:
            session.trust_env = False
            try:
                while not self.is_over.is_set():
                    self._write(session)
            except requests.RequestException:
                return

    def _write(self, session: requests.Session) -> None:
        kind = self.chance.random()
        if kind < 0.35:
            mark = self._mark(1)
            answer = session.post(f"{self.base}/Patient", json=_patient(mark), timeout=30)
            self._told(answer, mark)
        elif kind < 0.65:
            key, mark = self._key(), self._mark(1)
            answer = session.put(f"{self.base}/Patient/{key}", json=_patient(mark, key), timeout=30)
            self._told(answer, mark)
        elif kind < 0.72:
            key = self._key()
            answer = session.delete(f"{self.base}/Patient/{key}", timeout=30)
            if answer.status_code == 204 and "etag" in answer.headers:
                self._deleted(key, _version(answer.headers["etag"]))
        else:
            self._transaction(session)

    def _transaction(self, session: requests.Session) -> None:
        keys = self.chance.sample(range(RECORDS), self.chance.randint(1, 5))
        mark = self._mark(2 * len(keys))
        entries = []
        for key in keys:
            name = f"c{self.number}-{key}"
            entries.append({"request": {"method": "POST", "url": "Patient"}, "resource": _patient(mark)})
            put = {"method": "PUT", "url": f"Patient/{name}"}
            entries.append({"request": put, "resource": _patient(mark, name)})
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = session.post(self.base, json=bundle, timeout=30)
        if answer.status_code != 200:
            assert answer.status_code == 503, answer.text  # the database is gone
            return
        told = [entry["response"]["location"].split("/") for entry in answer.json()["entry"]]
        self.book.note({(parts[1], int(parts[3])): mark for parts in told})

    def _told(self, answer: requests.Response, mark: str) -> None:
        if answer.status_code not in {200, 201}:
            assert answer.status_code == 503, answer.text
            return
        stored = answer.json()
        self.book.note({(stored["id"], int(stored["meta"]["versionId"])): mark})

    def _deleted(self, key: str, version: int) -> None:
        with self.book.lock:
            known = (key, version) in self.book.acknowledged
        if not known:  # else it was gone before
            self.book.note({(key, version): None})

    def _key(self) -> str:
        return f"c{self.number}-{self.chance.randrange(RECORDS)}"

    def _mark(self, versions: int) -> str:
        self.count += 1
        mark = f"{self.number}-{id(self.book):x}-{self.count}-{self.chance.randrange(10**9)}"
        with self.book.lock:
            self.book.sent[mark] = versions
        return mark


def _patient(mark: str, key: str = "") -> dict[str, Any]:
    made = {"resourceType": "Patient", "identifier": [{"system": "urn:mark", "value": mark}]}
    made["name"] = [{"family": f"Family {mark[-3:]}", "given": ["Ann"]}]
    return made | ({"id": key} if key else {})


def _version(etag: str) -> int:
    return int(etag.removeprefix("W/").strip('"'))


@pytest.fixture
def chance() -> random.Random:
    """Its seed is printed, so that a failure can be had again."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


@pytest.fixture
def bursts(request: pytest.FixtureRequest) -> int:
    """How often the cloud is killed; a burst takes a third of a second, most of it a start."""
    return 200 if request.config.getoption("--soak") else 50


@pytest.fixture
def falls(request: pytest.FixtureRequest) -> int:
    """How often the database is killed, which needs seconds to come back."""
    return 50 if request.config.getoption("--soak") else 3


@pytest.fixture(scope="module")
def standard() -> Standard:
    """What a store works with."""
    return load_standard()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL that waits for the disk, as it does in a practice."""
    programs = postgresql_programs()
    if programs is None:
        pytest.skip("needs PostgreSQL's programs (package postgresql)")
    with own_cluster(programs, is_durable=True) as made:
        yield made


@pytest.mark.end_to_end
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_cloud_that_is_killed_loses_nothing_it_acknowledged(
    kind: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    chance: random.Random,
    bursts: int,
    standard: Standard,
) -> None:
    if kind == "sqlite":
        database = f"sqlite:///{tmp_path / 'cloud.sqlite'}"
    else:
        database = request.getfixturevalue("cluster").url
    cloud, book = ForkedCloud(database=database, folder=tmp_path), Book()
    for _ in range(bursts):
        cloud.start()
        with _writing(cloud, book, chance):
            cloud.kill()
    _check(cloud, book, standard)


@pytest.mark.end_to_end
def test_a_database_that_is_killed_loses_nothing_and_is_found_again(
    cluster: Cluster, tmp_path: Path, chance: random.Random, falls: int, standard: Standard
) -> None:
    cloud, book = ForkedCloud(database=cluster.url, folder=tmp_path), Book()
    cloud.start()
    for _ in range(falls):
        with _writing(cloud, book, chance):
            cluster.kill()
            cluster.start()
            until(cloud.is_serving, "the cloud finds its database again", seconds=START_SECONDS)
            so_far = len(book.acknowledged)
            until(partial(_has_more, book, so_far), "the writers go on", seconds=START_SECONDS)
    cloud.kill()
    _check(cloud, book, standard)


def _has_more(book: Book, so_far: int) -> bool:
    return len(book.acknowledged) > so_far


@contextmanager
def _writing(cloud: ServedCloud, book: Book, chance: random.Random) -> Iterator[None]:
    """Clients write; the block begins at some moment in the middle of it."""
    book.enough.clear()
    book.wanted = len(book.acknowledged) + chance.randrange(MOST_WRITES)
    is_over = threading.Event()
    base = f"{cloud.origin}/fhir"
    with ThreadPoolExecutor(CLIENTS) as pool:
        running = []
        for number in range(CLIENTS):
            own = random.Random(chance.randrange(2**32))
            running.append(pool.submit(Client(number, base, book, own, is_over).run))
        try:
            if book.wanted > len(book.acknowledged):
                assert book.enough.wait(START_SECONDS)
            yield
        finally:
            is_over.set()
        for one in running:
            one.result(START_SECONDS)


def _check(cloud: ServedCloud, book: Book, standard: Standard) -> None:
    """Compare what was told with what is there."""
    with closing(Store(cloud.database, standard, partial(load_key, cloud.audit_key))) as store:
        store.open_practice(PRACTICE, "reference")
        with store.database.viewing() as session:
            rows = session.rows("SELECT id, version, content FROM version WHERE practice = ?", (PRACTICE,))
        there = {(row[0], row[1]): _mark_of(row[2]) for row in rows}
        told = [mark for mark in there.values() if mark is not None]
        print(f"{len(book.acknowledged)} versions acknowledged, {len(there)} stored")
        lost = [one for one, mark in book.acknowledged.items() if there.get(one, "") != mark]
        assert lost == []
        by_halves_or_twice = [mark for mark, count in Counter(told).items() if count != book.sent[mark]]
        assert by_halves_or_twice == []
        assert faults_at_rest(store, PRACTICE, f"{cloud.origin}/fhir") == []
    assert len(book.acknowledged) > CLIENTS
    assert "Traceback" not in cloud.log.read_text("utf-8")


def _mark_of(content: bytes | None) -> str | None:
    return None if content is None else str(decode(bytes(content))["identifier"][0]["value"])
