"""What an application may say to the window, and what it hears."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from shell.hosts.smart.messages import APP_MESSAGE_BYTES, REFUSED_AT_MOST, Conversation
from shell.hosts.smart.scratchpad import DRAFTS_AT_MOST

HANDLE = "h" * 43


@dataclass
class Window:
    """Notes what it is asked to do."""

    did: list[str] = field(default_factory=list)
    why_not: str = ""

    def done(self) -> None:
        self.did.append("done")

    def open_activity(self, activity: str, parameters: Mapping[str, Any]) -> str:
        self.did.append(f"open {activity} {dict(parameters)}")
        return self.why_not

    def drafts_changed(self) -> None:
        self.did.append("drafts")

    def cut_off(self) -> None:
        self.did.append("cut off")


@dataclass
class Talk:
    """An application that talks to a window, on a clock of its own."""

    window: Window = field(default_factory=Window)
    groups: frozenset[str] = frozenset({"ui", "scratchpad"})
    now: float = 0.0

    def __post_init__(self) -> None:
        self.heard = Conversation("charts", HANDLE, self.groups, self.window, lambda: self.now)

    def say(self, kind: str, payload: object = None, **more: object) -> dict[str, Any] | None:
        """The payload of the answer; None: there was none."""
        self.now += 1
        said = {"messagingHandle": HANDLE, "messageId": "m1", "messageType": kind} | more
        if payload is not None:
            said["payload"] = payload
        answer = self.heard.hear(json.dumps(said).encode())
        if answer is None:
            return None
        told = json.loads(answer)
        assert told["responseToMessageId"] == "m1"
        assert told["messageId"]
        payload_told: dict[str, Any] = told["payload"]
        return payload_told


def test_a_handshake_is_answered() -> None:
    assert Talk().say("status.handshake", {}) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"messagingHandle": "another"},
        {"messagingHandle": "\ud800"},
        {"messagingHandle": 1},
        {"messageId": ""},
        {"messageId": "x" * 300},
        {"payload": []},
        {"messageType": "status.handshake" * 100},
    ],
)
def test_what_is_no_message_of_this_launch_is_refused_and_logged(
    wrong: dict[str, object], expected_logs: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    expected_logs.append("application message refused: app=charts")
    talk = Talk()
    assert talk.say("ui.done", **({"payload": {}} | wrong)) is None
    assert talk.window.did == []
    assert len(caplog.records) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 5000, b"x" * (APP_MESSAGE_BYTES + 1)])
def test_what_is_no_message_at_all_is_refused(body: bytes, expected_logs: list[str]) -> None:
    expected_logs.append("application message refused: app=charts")
    assert Talk().heard.hear(body) is None


def test_a_flood_is_cut_off_and_logged_once(
    expected_logs: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    expected_logs += ["application message refused: app=charts reason=too many", "application cut off"]
    talk = Talk()
    body = json.dumps(
        {"messagingHandle": HANDLE, "messageId": "1", "messageType": "status.handshake"}
    ).encode()
    answered = [talk.heard.hear(body) for _ in range(REFUSED_AT_MOST * 3)]
    assert sum(one is not None for one in answered) == 30
    assert talk.window.did == ["cut off"]
    assert len(caplog.records) == 2
    talk.now += 3600
    assert talk.heard.hear(body) is None, "it is not listened to any more"


def test_a_function_of_the_window_is_opened_or_it_is_said_why_not() -> None:
    talk = Talk()
    wanted = {"activityType": "appointments", "activityParameters": {"patient": "Patient/p1"}}
    assert talk.say("ui.launchActivity", wanted) == {"status": "success"}
    assert talk.window.did == ["open appointments {'patient': 'Patient/p1'}"]
    talk.window.why_not = "Not now."
    assert talk.say("ui.launchActivity", wanted) == {"status": "error", "statusDetail": {"text": "Not now."}}


@pytest.mark.parametrize(
    "payload",
    [{}, {"activityType": "../x"}, {"activityType": 1}, {"activityType": "a", "activityParameters": 1}],
)
def test_nonsense_opens_nothing(payload: dict[str, object]) -> None:
    talk = Talk()
    answer = talk.say("ui.launchActivity", payload)
    assert answer is not None
    assert answer["status"] == "error"
    assert talk.window.did == []


def test_done_closes() -> None:
    talk = Talk()
    assert talk.say("ui.done", {}) == {"status": "success"}
    assert talk.window.did == ["done"]


@pytest.mark.parametrize("kind", ["ui.done", "scratchpad.create"])
def test_only_what_is_registered_is_done(kind: str) -> None:
    talk = Talk(groups=frozenset())
    answer = talk.say(kind, {"resource": {"resourceType": "Task"}})
    assert answer is not None
    assert answer["status"] in {"error", "403 Forbidden"}
    assert talk.window.did == []
    assert len(talk.heard.scratchpad) == 0


@pytest.mark.parametrize("kind", ["fhir.http", "ui", "scratchpad.forget", "", "status.ready"])
def test_a_message_that_is_not_known_is_said_to_be(kind: str) -> None:
    answer = Talk().say(kind, {})
    assert answer is not None
    assert answer["status"] in {"501 Not Implemented", "error"}


def test_drafts_are_kept_changed_and_forgotten_and_said_not_to_be_on_the_record() -> None:
    talk = Talk()
    draft = {"resourceType": "ServiceRequest", "status": "draft"}
    made = talk.say("scratchpad.create", {"resource": draft})
    assert made is not None
    assert (made["status"], made["location"]) == ("201 Created", "ServiceRequest/1")
    assert "not on the record" in made["outcome"]["issue"][0]["details"]["text"]
    kept = draft | {"id": "1"}
    assert talk.say("scratchpad.read") == {"scratchpad": [kept]}
    changed = kept | {"status": "active"}
    answer = talk.say("scratchpad.update", {"resource": changed})
    assert answer is not None
    assert answer["status"] == "200 OK"
    assert talk.say("scratchpad.read", {"location": "ServiceRequest/1"}) == {"resource": changed}
    assert talk.say("scratchpad.delete", {"location": "ServiceRequest/1"}) == {"status": "200 OK"}
    assert talk.say("scratchpad.read", {}) == {"scratchpad": []}
    assert talk.window.did == ["drafts", "drafts"]


@pytest.mark.parametrize(
    ("verb", "payload", "status"),
    [
        ("create", {}, "400 Bad Request"),
        ("create", {"resource": {"resourceType": "x/../y"}}, "400 Bad Request"),
        ("update", {"resource": {"resourceType": "Task", "id": "7"}}, "404 Not Found"),
        ("delete", {"location": "Task/7"}, "404 Not Found"),
        ("read", {"location": ["Task/7"]}, "404 Not Found"),
    ],
)
def test_a_draft_that_cannot_be_had_is_said_to_be(verb: str, payload: dict[str, object], status: str) -> None:
    answer = Talk().say(f"scratchpad.{verb}", payload)
    assert answer is not None
    assert answer["status"] == status


def test_only_so_many_drafts_are_kept() -> None:
    talk = Talk()
    answers = [
        talk.say("scratchpad.create", {"resource": {"resourceType": "Task"}})
        for _ in range(DRAFTS_AT_MOST + 1)
    ]
    assert answers[-1] is not None
    assert answers[-1]["status"] == "507 Insufficient Storage"
    assert len(talk.heard.scratchpad) == DRAFTS_AT_MOST
