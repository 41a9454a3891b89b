"""What is sent again, what never is, and how long that may take."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.web_modules.fhir.scripted_server import CUT, HANG, PATIENT, ScriptedServer
from web_modules.fhir.client import FhirClient, TransactionEntry
from web_modules.fhir.errors import FhirBusy, FhirConflict, FhirError, FhirUnavailable
from web_modules.fhir.retrying import LONGEST_SECONDS, Retrying
from web_modules.fhir.transport import FhirRequest, FhirResponse, HttpTransport

NEW = {"resourceType": "Patient"}
LOCKED = {"resourceType": "OperationOutcome", "issue": [{"code": "lock-error"}]}
EDITED = {"resourceType": "OperationOutcome", "issue": [{"code": "conflict"}]}
STEP = TransactionEntry(method="POST", url="Patient", resource=NEW)
PATCH = [{"op": "remove", "path": "/active"}]

Asking = Callable[[FhirClient], Any]


class FakeTime:
    """Seconds that pass when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class Waiting:
    """A client that sends again, without waiting in truth."""

    def __init__(self, url: str) -> None:
        self.time = FakeTime()
        self.http = HttpTransport(url, timeout_seconds=0.3)
        self.transport = Retrying(self.http, within_seconds=20, pause=self.time.pause, clock=self.time.clock)
        self.client = FhirClient(self.transport)


@pytest.fixture
def waiting(server: ScriptedServer) -> Iterator[Waiting]:
    made = Waiting(server.url)
    yield made
    made.http.close()


REPEATABLE: list[Asking] = [
    lambda client: client.read("Patient", "1"),
    lambda client: client.update(PATIENT),
    lambda client: client.delete("Patient", "1"),
    lambda client: client.create(NEW, if_none_exist="identifier=a|b"),
]
ONCE: list[Asking] = [
    lambda client: client.create(NEW),
    lambda client: client.transaction([STEP]),
    lambda client: client.update(PATIENT, if_match="2"),
    lambda client: client.delete("Patient", "1", if_match="2"),
    lambda client: client.patch("Patient", "1", PATCH),
]


@pytest.mark.parametrize("ask", REPEATABLE)
@pytest.mark.parametrize("status", [CUT, HANG, 503])
def test_what_does_the_same_twice_is_sent_again_when_nobody_knows_what_became_of_it(
    server: ScriptedServer, waiting: Waiting, ask: Asking, status: int
) -> None:
    server.answers += [(status, {}, b""), (200, {}, PATIENT)]
    ask(waiting.client)
    assert len(server.asked) == 2
    assert server.asked[0][0] == server.asked[1][0]
    assert server.asked[0][3] == server.asked[1][3]


@pytest.mark.parametrize("ask", ONCE)
@pytest.mark.parametrize("status", [CUT, HANG, 503])
def test_what_could_be_done_twice_is_never_sent_twice(
    server: ScriptedServer, waiting: Waiting, ask: Asking, status: int
) -> None:
    server.answers += [(status, {"Retry-After": "1"}, b""), (200, {}, PATIENT)]
    with pytest.raises((FhirUnavailable, FhirBusy)) as caught:
        ask(waiting.client)
    assert len(server.asked) == 1
    assert not isinstance(caught.value, FhirUnavailable) or caught.value.may_have_arrived


@pytest.mark.parametrize("ask", [*REPEATABLE, *ONCE])
def test_what_was_refused_for_now_is_sent_again_whatever_it_is(
    server: ScriptedServer, waiting: Waiting, ask: Asking
) -> None:
    done = {**PATIENT, "entry": [{"resource": PATIENT}]}
    server.answers += [(429, {"Retry-After": "3"}, b""), (200, {}, done)]
    ask(waiting.client)
    assert len(server.asked) == 2
    assert 3 <= waiting.time.pauses[0] < 4


def test_transaction_that_met_a_lock_is_sent_again(server: ScriptedServer, waiting: Waiting) -> None:
    server.answers += [(409, {}, LOCKED), (200, {}, {**PATIENT, "entry": [{"resource": PATIENT}]})]
    assert waiting.client.transaction([STEP]) == [PATIENT]


@pytest.mark.parametrize(
    ("if_match", "headers", "body"),
    [(None, {}, EDITED), ("2", {"Retry-After": "1"}, EDITED), ("2", {}, LOCKED)],
)
def test_conflict_is_not_sent_again(
    server: ScriptedServer, waiting: Waiting, if_match: str | None, headers: dict[str, str], body: Any
) -> None:
    server.answers.append((409, headers, body))
    with pytest.raises((FhirConflict, FhirBusy)):
        waiting.client.update(PATIENT, if_match=if_match)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 412, 422, 500, 501])
def test_what_will_be_refused_again_is_not_sent_again(
    server: ScriptedServer, waiting: Waiting, status: int
) -> None:
    server.answers.append((status, {"Retry-After": "1"}, b""))
    with pytest.raises(FhirError):
        waiting.client.read("Patient", "1")
    assert len(server.asked) == 1


@pytest.mark.parametrize("ask", [*REPEATABLE, *ONCE])
def test_what_did_not_arrive_is_tried_until_the_time_is_over(ask: Asking) -> None:
    gone = ScriptedServer()
    gone.close()
    waiting = Waiting(gone.url)
    with pytest.raises(FhirUnavailable) as caught:
        ask(waiting.client)
    assert not caught.value.may_have_arrived
    assert len(waiting.time.pauses) > 5
    assert waiting.time.now <= 1020
    waiting.http.close()


def test_moment_of_retry_after_is_waited_for(server: ScriptedServer, waiting: Waiting) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=10), usegmt=True)
    server.answers += [(503, {"Retry-After": moment}, b""), (200, {}, PATIENT)]
    waiting.client.read("Patient", "1")
    assert 8 < waiting.time.pauses[0] < 12


@pytest.mark.parametrize("header", ["21", "99999999999999999999", "9" * 500])
def test_server_that_asks_for_more_time_than_there_is_is_not_waited_for(
    server: ScriptedServer, waiting: Waiting, header: str
) -> None:
    server.answers.append((503, {"Retry-After": header}, b""))
    with pytest.raises(FhirBusy) as caught:
        waiting.client.read("Patient", "1")
    assert caught.value.retry_after_seconds == float(header)
    assert waiting.time.pauses == []


def test_pauses_grow_by_chance_and_have_an_end() -> None:
    busy = FhirResponse(status=503, headers={}, body=b"")

    class Busy:
        def send(self, request: FhirRequest) -> FhirResponse:
            assert request.path == "Patient/1"
            return busy

    time = FakeTime()
    waiting = Retrying(Busy(), within_seconds=60, pause=time.pause, clock=time.clock)
    assert waiting.send(FhirRequest(method="GET", path="Patient/1")) is busy
    assert time.pauses[0] <= 0.1
    assert all(0.5 * LONGEST_SECONDS <= seconds <= LONGEST_SECONDS for seconds in time.pauses[7:])
    assert len(set(time.pauses)) == len(time.pauses)
    assert time.now <= 1060
