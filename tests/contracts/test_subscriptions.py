"""Subscriptions of real servers on both databases: kill -9 loses nothing, two servers tell nothing twice."""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from urllib.parse import urlsplit

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from demo.programs import Program, end, free_port, start
from tests.support.postgresql import postgresql_cluster, postgresql_programs
from tests.support.subscriber import subscriber
from tests.support.waiting import until
from web_modules.fhir_store.database.engine import Database

TOKEN = "hush-hush-0123456789"
CRITERIA = "Patient?family=smith"
PATIENT = {"resourceType": "Patient", "name": [{"family": "Smith"}]}
_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clouds:
    """Servers on one database."""

    database: str
    begin: Callable[[], tuple[Popen[bytes], str]]

    def let_half_a_minute_pass(self) -> None:
        """End the lease by which a killed server still holds what it was delivering."""
        with closing(Database(self.database)) as database:
            database.write(
                lambda session: session.change(
                    "UPDATE subscription SET held_until = 1 WHERE practice = ?", ("Y99002",)
                )
            )


@pytest.fixture(params=["sqlite", "postgresql"])
def clouds(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clouds]:
    """Starts servers on the same database, each with its open FHIR base."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            database = f"sqlite:///{tmp_path / 'cloud.sqlite'}"
        else:
            programs = postgresql_programs()
            if programs is None:
                pytest.skip("needs PostgreSQL's programs")
            database = stack.enter_context(postgresql_cluster(programs, is_durable=False))

        def begin() -> tuple[Popen[bytes], str]:
            port = free_port()
            command = [sys.executable, "-m", "web_modules", "serve", "--port", str(port), "--development"]
            command += ["--database", database]
            key = {"BANYAN_CLOUD_AUDIT_KEY": str(tmp_path / "audit-key")}
            variables = {"BANYAN_CLOUD_SERVICE_TOKEN": TOKEN, **key}
            log = tmp_path / f"{port}.log"
            cloud = start(Program(name="cloud", command=command, variables=variables, log=log))
            stack.callback(end, cloud)
            base = f"http://127.0.0.1:{port}/fhir"
            until(lambda: _is_serving(port), "the cloud serves", seconds=_SECONDS)
            return cloud, base

        yield Clouds(database=database, begin=begin)


@pytest.mark.end_to_end
def test_a_server_killed_between_commit_and_delivery_loses_nothing(clouds: Clouds) -> None:
    cloud, base = clouds.begin()
    with subscriber() as hook:
        _subscribed(base, {"type": "rest-hook", "endpoint": hook.address, "payload": "application/fhir+json"})
        before = [_created(base) for _time in range(5)]
        until(lambda: len(hook.told) == 5, "the first ones", seconds=_SECONDS)
        hook.going.clear()
        held = [_created(base) for _time in range(20)]
        until(lambda: len(hook.told) == 6, "the server waits for the subscriber", seconds=_SECONDS)
        cloud.kill()
        cloud.wait()
        hook.going.set()
        clouds.let_half_a_minute_pass()
        _cloud, base = clouds.begin()
        after = [_created(base)]
        wanted = [*before, *held, *after]

        def came() -> list[str]:
            return list(dict.fromkeys(one.resource["id"] for one in list(hook.told)))

        until(lambda: len(came()) >= len(wanted), "everything acknowledged", seconds=_SECONDS)
        assert came() == wanted


@pytest.mark.end_to_end
def test_two_servers_tell_of_each_change_once_and_each_pings_for_both(clouds: Clouds) -> None:
    (_first, here), (_second, there) = clouds.begin(), clouds.begin()
    with subscriber() as hook:
        _subscribed(here, {"type": "rest-hook", "endpoint": hook.address, "payload": "application/fhir+json"})
        name = _subscribed(here, {"type": "websocket"})
        with connect(f"{there.replace('http', 'ws')}/websocket") as bound:
            bound.send(f"bind {name}")
            assert bound.recv(_SECONDS) == f"bound {name}"
            made = [_created(base) for base in (here, there) * 10]
            assert {bound.recv(_SECONDS) for _one in made} == {f"ping {name}"}
        until(lambda: len(hook.told) >= len(made), "all of them", seconds=_SECONDS)
        assert [one.resource["id"] for one in hook.told] == made


@pytest.mark.end_to_end
@pytest.mark.parametrize("clouds", ["sqlite"], indirect=True)
def test_a_page_of_another_site_opens_no_socket(clouds: Clouds) -> None:
    _cloud, base = clouds.begin()
    address = f"{base.replace('http', 'ws')}/websocket"
    with pytest.raises(InvalidStatus) as refused, connect(address, origin=Origin("https://evil.example")):
        pass
    assert refused.value.response.status_code == 403
    with connect(address, origin=Origin(base.removesuffix("/fhir"))):
        pass


@pytest.mark.end_to_end
@pytest.mark.parametrize("clouds", ["sqlite"], indirect=True)
def test_a_token_in_an_address_stands_in_no_log(clouds: Clouds, tmp_path: Path) -> None:
    cloud, base = clouds.begin()
    address = base.replace("http", "ws").replace("/fhir", "/Y99002/fhir/websocket")
    with connect(f"{address}?access_token={TOKEN}"):
        pass
    with pytest.raises(InvalidStatus), connect(f"{address}?access_token=wrong-{TOKEN}"):
        pass
    parts = urlsplit(address)
    elsewhere = f"ws://elsewhere.example{parts.path}?access_token={TOKEN}"
    opened = socket.create_connection(("127.0.0.1", parts.port or 0))
    with opened, pytest.raises(InvalidStatus), connect(elsewhere, sock=opened):
        pass
    end(cloud)
    (log,) = tmp_path.glob("*.log")
    assert "websocket" in log.read_text("utf-8")
    assert TOKEN not in log.read_text("utf-8")


def _subscribed(base: str, channel: dict[str, str]) -> str:
    asked = {"resourceType": "Subscription", "status": "requested", "reason": "a test", "criteria": CRITERIA}
    made = requests.post(f"{base}/Subscription", json=asked | {"channel": channel}, timeout=_SECONDS).json()
    address = f"{base}/Subscription/{made['id']}"
    until(lambda: requests.get(address, timeout=_SECONDS).json()["status"] == "active", "it is active")
    return str(made["id"])


def _created(base: str) -> str:
    answer = requests.post(f"{base}/Patient", json=PATIENT, timeout=_SECONDS)
    assert answer.status_code == 201
    return str(answer.json()["id"])


def _is_serving(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/health", timeout=_SECONDS).ok
    except requests.ConnectionError:
        return False
