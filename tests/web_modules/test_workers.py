"""`banyan-cloud serve --workers`: several processes, one database, one address."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.databases import Databases
from tests.support.waiting import until
from web_modules.fhir.audit_chain import Chain
from web_modules.fhir_store.audit.book import AuditBook
from web_modules.fhir_store.audit.key import load_key
from web_modules.fhir_store.database.engine import Database

COMMAND = (sys.executable, "-m", "web_modules", "serve", "--port", "0", "--development")
ROOT = Path(__file__).parents[2]
SECONDS = 60
WORKERS = 4
CLIENTS = 8
PRACTICE = "Y99002"
MOST_CONNECTIONS = 200

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc for who holds a connection")


class Line:
    """One connection that is kept, and so is held by one worker."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        self._connection.connect()

    @property
    def port(self) -> int:
        """Our end."""
        return int(self._connection.sock.getsockname()[1])

    def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        """Send a request and read its answer."""
        sent = None if body is None else body if isinstance(body, str) else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, sent, {"content-type": "application/fhir+json"} | named)
        answer = self._connection.getresponse()
        read = answer.read()
        told = {name.lower(): value for name, value in answer.getheaders()}
        is_json = "json" in told.get("content-type", "")
        return answer.status, told, json.loads(read) if is_json else read

    def create(self) -> str:
        """Store a patient; its id."""
        status, _, body = self.ask("POST", "/fhir/Patient", {"resourceType": "Patient"})
        assert status == 201
        return str(body["id"])

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


class Served:
    """A cloud of several processes."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "--workers", str(WORKERS), "--database", url],
                cwd=ROOT,
                env={**os.environ, "BANYAN_CLOUD_AUDIT_KEY": str(folder / "key")},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", said)
        assert found, said + self.log.read_text()
        self.port = int(found.group(1))
        self.key = folder / "key"

    def workers(self) -> set[int]:
        """The process ids of those that listen, without the one that keeps them."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return {int(one) for one in children if self._listens(int(one))}

    def _listens(self, pid: int) -> bool:
        return bool(_sockets_of(pid) & {inode for _, _, inode in _connections(self.port)})

    def worker_of(self, line: Line) -> int | None:
        """The process that holds a connection."""
        held = {inode for port, other, inode in _connections(self.port) if other == line.port}
        return next((pid for pid in self.workers() if held & _sockets_of(pid)), None)

    def lines_to_two(self, left: ExitStack) -> tuple[Line, Line]:
        """Connections to two different workers."""
        lines: dict[int, Line] = {}
        for _ in range(MOST_CONNECTIONS):
            line = left.enter_context(closing(Line(self.port)))
            line.ask("GET", "/health")
            holder = self.worker_of(line)
            if holder is not None:
                lines[holder] = line
            if len(lines) == 2:
                first, second = lines.values()
                return first, second
        raise AssertionError("one worker took every connection")

    def stop(self, number: signal.Signals) -> None:
        """End it."""
        self.process.send_signal(number)
        self.process.communicate(timeout=SECONDS)


def _connections(port: int) -> set[tuple[int, int, str]]:
    """Our port, the other's port and the inode of every TCP socket at a port."""
    found = set()
    for row in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, *rest = row.split()
        if int(local.partition(":")[2], 16) == port:
            found.add((port, int(remote.partition(":")[2], 16), rest[6]))
    return found


def _sockets_of(pid: int) -> set[str]:
    found = set()
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            name = os.readlink(entry)
            if name.startswith("socket:"):
                found.add(name[8:-1])
    except OSError:  # it has ended
        pass
    return found


@pytest.fixture(scope="module")
def databases(postgresql_url: str) -> Iterator[Databases]:
    with closing(Databases(postgresql_url, lambda url: Database(url).close())) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    with ExitStack() as left:
        url = f"sqlite:///{tmp_path / 'cloud.sqlite'}"
        if request.param == "postgresql":
            databases: Databases = request.getfixturevalue("databases")
            url = left.enter_context(databases.fresh())
        made = Served(url, tmp_path)
        yield made
        if made.process.poll() is None:
            made.stop(signal.SIGKILL)


def written(served: Served) -> tuple[list[str], list[str]]:
    """The ids of all patients by position, and what is wrong with the audit."""
    database = Database(served.url)
    with closing(database), database.viewing() as session:
        rows = session.rows(
            "SELECT id, updated FROM version WHERE practice = ? ORDER BY updated", (PRACTICE,)
        )
        position = session.rows("SELECT position FROM practice WHERE practice = ?", (PRACTICE,))[0][0]
        assert not rows or rows[-1][1] == position
        book = AuditBook(session, PRACTICE, Chain(load_key(served.key), PRACTICE))
        return [row[0] for row in rows], book.faults()


def test_many_clients_write_one_history_and_one_audit(served: Served) -> None:
    acknowledged: list[list[str]] = [[] for _ in range(CLIENTS)]

    def write(mine: list[str]) -> None:
        for _ in range(5):  # another connection now and then, so that every worker writes
            with closing(Line(served.port)) as line:
                mine += [line.create() for _ in range(8)]

    writers = [threading.Thread(target=write, args=(mine,)) for mine in acknowledged]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(SECONDS)
    served.stop(signal.SIGTERM)
    assert served.process.returncode == 0
    ids, faults = written(served)
    assert faults == []
    assert sorted(ids) == sorted(one for mine in acknowledged for one in mine)
    assert len(ids) == CLIENTS * 40
    for mine in acknowledged:
        assert [one for one in ids if one in set(mine)] == mine


def test_a_wait_at_one_worker_ends_with_a_write_at_another(served: Served) -> None:
    with ExitStack() as left:
        here, there = served.lines_to_two(left)
        _, told, _ = here.ask("GET", "/fhir/_history")
        answers: list[Any] = []

        def wait() -> None:
            answers.append(here.ask("GET", "/fhir/_history", if_none_match=told["etag"], prefer="wait=30"))

        waiting = threading.Thread(target=wait)
        waiting.start()
        made = there.create()
        waiting.join(SECONDS)
        status, _, body = answers[0]
        assert status == 200
        assert body["entry"][0]["resource"]["id"] == made


def test_a_stop_answers_who_waits_at_any_worker(served: Served) -> None:
    with ExitStack() as left:
        lines = served.lines_to_two(left)
        answers: list[int] = []

        def wait(line: Line) -> None:
            _, told, _ = line.ask("GET", "/fhir/_history")
            ready.release()
            answers.append(line.ask("GET", "/fhir/_history", if_none_match=told["etag"], prefer="wait=30")[0])

        ready = threading.Semaphore(0)
        waiting = [threading.Thread(target=wait, args=(line,)) for line in lines]
        for one in waiting:
            one.start()
        for _ in waiting:
            ready.acquire(timeout=SECONDS)
        served.stop(signal.SIGTERM)
        for one in waiting:
            one.join(SECONDS)
    assert "ERROR" not in served.log.read_text()


def test_who_signed_in_at_one_worker_is_known_to_another(served: Served) -> None:
    with ExitStack() as left:
        here, there = served.lines_to_two(left)
        form = {
            "content_type": "application/x-www-form-urlencoded",
            "origin": f"http://127.0.0.1:{served.port}",
        }
        status, told, _ = here.ask("POST", "/sign-in", "person=priya.nair", **form)
        assert status == 303
        cookie = told["set-cookie"].partition(";")[0]
        for line in (here, there):
            assert line.ask("GET", f"/{PRACTICE}/fhir/Patient", cookie=cookie)[0] == 200
        there.ask("POST", "/sign-out", "", cookie=cookie, **form)

        def is_out() -> bool:
            return here.ask("GET", f"/{PRACTICE}/fhir/Patient", cookie=cookie)[0] == 401

        until(is_out, "signed out everywhere", seconds=SECONDS)


@pytest.mark.hazard("H23")
def test_a_worker_that_is_killed_loses_nothing_and_is_replaced(served: Served) -> None:
    acknowledged: list[str] = []
    enough, stop = threading.Event(), threading.Event()

    def write() -> None:
        while not stop.is_set():
            try:
                with closing(Line(served.port)) as line:
                    while not stop.is_set():
                        acknowledged.append(line.create())
                        if len(acknowledged) > 30:
                            enough.set()
            except (OSError, http.client.HTTPException):
                pass  # its worker was killed

    before = served.workers()
    assert len(before) == WORKERS
    writers = [threading.Thread(target=write) for _ in range(CLIENTS)]
    for writer in writers:
        writer.start()
    assert enough.wait(SECONDS)
    killed = min(before)
    os.kill(killed, signal.SIGKILL)
    until(lambda: len(served.workers() - {killed}) == WORKERS, "another worker", seconds=SECONDS)
    count = len(acknowledged)
    until(lambda: len(acknowledged) > count + 10, "more is written", seconds=SECONDS)
    stop.set()
    for writer in writers:
        writer.join(SECONDS)
    served.stop(signal.SIGTERM)
    ids, faults = written(served)
    assert faults == []
    assert set(acknowledged) <= set(ids)
    assert "a worker ended (exit -9)" in served.log.read_text()


def test_no_worker_outlives_the_one_that_keeps_them(served: Served) -> None:
    workers = served.workers()
    served.stop(signal.SIGKILL)
    until(lambda: not any(_sockets_of(worker) for worker in workers), "all have ended", seconds=SECONDS)


def test_what_cannot_start_is_said_once(tmp_path: Path) -> None:
    told = subprocess.run(
        [*COMMAND, "--workers", "3", "--database", "postgresql+psycopg://u@127.0.0.1:1/x"],
        env={**os.environ, "BANYAN_CLOUD_AUDIT_KEY": str(tmp_path / "audit.key")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert told.returncode == 1
    assert told.stderr.count("cannot be opened") == 1
    assert "Traceback" not in told.stderr
