"""The command line, as a person or a service manager uses it."""

import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from web_modules.fhir.client import FhirClient
from web_modules.fhir.errors import FhirError
from web_modules.fhir.transport import HttpTransport

COMMAND = (sys.executable, "-m", "web_modules")
ROOT = Path(__file__).parents[2]
SECONDS = 30


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "COLUMNS": "200",
        **variables,
    }
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


class Served:
    """A cloud in a process of its own."""

    def __init__(self, database: Path) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "serve", "--port", "0", "--database", f"sqlite:///{database}", "--development"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", said)
        assert found, said + self.stop(signal.SIGKILL)
        self.port = int(found.group(1))
        self.client = FhirClient(HttpTransport(f"http://127.0.0.1:{self.port}/fhir"))

    def stop(self, number: signal.Signals) -> str:
        """End it, and answer what it said on its way."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=SECONDS)[1]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A cloud that was just started."""
    started = Served(tmp_path / "cloud.sqlite")
    yield started
    if started.process.poll() is None:
        started.stop(signal.SIGKILL)


@pytest.mark.parametrize("command", [[], ["serve"], ["status"]])
def test_help_explains_each_command(command: list[str]) -> None:
    told = run(*command, "--help")
    assert told.returncode == 0
    if command:
        assert f"banyan-cloud {command[0]}" in told.stdout


def test_a_server_that_does_not_answer_is_said_in_one_sentence(tmp_path: Path) -> None:
    told = run(
        *("serve", "--port", "0", "--database", "postgresql+psycopg://u@127.0.0.1:1/x"),
        BANYAN_CLOUD_AUDIT_KEY=str(tmp_path / "key"),
    )
    assert told.returncode != 0
    assert "cannot be opened" in told.stderr
    assert len(told.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--database", "sqlite:////nowhere/x.sqlite"], "does not exist"),
        (["--database", "zork"], "not understood"),
        (["--database", "sqlite:///{folder}"], "is a folder"),
        (["--database", "postgresql+psycopg://u@127.0.0.1:1/x"], "say its file in audit_key"),
        (
            ["--database", "sqlite:///{folder}/x.sqlite", "--development", "--host", "192.0.2.1"],
            "127.0.0.1 only",
        ),
        (["--database", "sqlite:///{folder}/x.sqlite", "--host", "203.0.113.1"], "Cannot listen"),
        (
            ["--database", "sqlite:///{folder}/x.sqlite", "--environment", "staging"],
            "live, reference, training",
        ),
        ([], "database is missing"),
    ],
)
def test_what_cannot_start_says_why_in_one_sentence_and_leaves_nothing(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    told = run("serve", "--port", "0", *(one.replace("{folder}", str(tmp_path)) for one in arguments))
    assert told.returncode != 0
    assert words in told.stderr
    assert len(told.stderr.strip().splitlines()) == 1
    assert "Traceback" not in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_occupied_port_is_said_and_nothing_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = run("serve", "--port", port, "--database", f"sqlite:///{tmp_path / 'x.sqlite'}")
    assert told.returncode == 1
    assert told.stderr.strip() == (
        f"Port {port} on 127.0.0.1 is taken by another program: choose another --port."
    )
    assert list(tmp_path.iterdir()) == []


def test_status_tells_people_and_programs(served: Served) -> None:
    words = run("status", "--port", str(served.port))
    assert words.returncode == 0
    assert "ok; practice Y99002, reference" in words.stdout
    told = json.loads(run("status", "--url", f"http://127.0.0.1:{served.port}/", "--json").stdout)
    assert (told["status"], told["practice"], told["changed"]) == ("ok", "Y99002", None)


def test_status_of_a_cloud_that_is_not_there_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    told = run("status", "--port", str(port), "--json")
    assert told.returncode == 1
    assert json.loads(told.stdout)["status"] == "no answer"


def test_a_stop_is_graceful_and_leaves_one_whole_file(served: Served, tmp_path: Path) -> None:
    served.client.create({"resourceType": "Patient"})
    served.stop(signal.SIGTERM)
    assert served.process.returncode == 0
    assert sorted(one.name for one in tmp_path.iterdir()) == ["cloud.sqlite", "cloud.sqlite.audit-key"]


def test_a_stop_answers_who_waits_for_a_change_and_says_nothing_of_errors(served: Served) -> None:
    etag = requests.get(f"http://127.0.0.1:{served.port}/fhir/_history", timeout=SECONDS).headers["etag"]
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=SECONDS)) as held:
        held.request("GET", "/fhir/_history", headers={"If-None-Match": etag, "Prefer": "wait=30"})
        for _ in range(2):  # once these are answered, the first one has been read
            requests.get(f"http://127.0.0.1:{served.port}/health", timeout=SECONDS)
        said = served.stop(signal.SIGTERM)
        assert held.getresponse().status == 304
    assert "ERROR" not in said
    assert "Traceback" not in said
    assert served.process.returncode == 0


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    database = tmp_path / "cloud.sqlite"
    acknowledged: set[str] = set()
    for _ in range(3):
        served = Served(database)
        enough = threading.Event()

        def write(client: FhirClient = served.client, enough: threading.Event = enough) -> None:
            try:
                while True:
                    acknowledged.add(client.create({"resourceType": "Patient"})["id"])
                    if len(acknowledged) % 25 == 0:
                        enough.set()
            except FhirError:
                enough.set()

        writers = [threading.Thread(target=write) for _ in range(3)]
        for writer in writers:
            writer.start()
        assert enough.wait(SECONDS)
        served.stop(signal.SIGKILL)
        for writer in writers:
            writer.join(SECONDS)
    with sqlite3.connect(database) as connection:
        kept = {row[0] for row in connection.execute("SELECT id FROM version")}
        whole = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    assert acknowledged
    assert acknowledged <= kept
    assert whole == ("ok",)
