"""What a page may say to the shell."""

import pytest

from shell.hosts.page_messages import (
    MESSAGE_BYTES,
    MESSAGES_AT_ONCE,
    PatientOpenMessage,
    RateLimit,
    WorkMessage,
    read_message,
)


def test_the_two_messages_are_read() -> None:
    work = read_message(b'{"messageType": "banyan.work", "payload": {"unsaved": true}}')
    assert isinstance(work, WorkMessage)
    assert work.payload.unsaved is True
    wanted = read_message(b'{"messageType": "banyan.patient-open", "payload": {"patient": "a-1.B"}}')
    assert isinstance(wanted, PatientOpenMessage)
    assert wanted.payload.patient == "a-1.B"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b'{"messageType": "banyan.work"}',
        b'{"messageType": "banyan.work", "payload": {"unsaved": "true"}}',
        b'{"messageType": "banyan.work", "payload": {"unsaved": true, "x": 1}}',
        b'{"messageType": "banyan.work", "payload": {"unsaved": true}, "x": 1}',
        b'{"messageType": "other", "payload": {"unsaved": true}}',
        b'{"messageType": "banyan.patient-open", "payload": {"patient": ""}}',
        b'{"messageType": "banyan.patient-open", "payload": {"patient": "a/../b"}}',
        b'{"messageType": "banyan.patient-open", "payload": {"patient": "a\\n"}}',
        b'{"messageType": "banyan.patient-open", "payload": {"patient": "' + b"a" * 65 + b'"}}',
        b'{"messageType": "banyan.work", "payload": {"unsaved": true}}' + b" " * MESSAGE_BYTES,
    ],
)
def test_anything_else_is_no_message(body: bytes) -> None:
    assert read_message(body) is None


def test_a_burst_passes_and_then_so_many_a_second() -> None:
    now = 0.0
    limit = RateLimit(lambda: now)
    assert sum(limit.allow() for _ in range(100)) == MESSAGES_AT_ONCE
    now = 1.0
    assert sum(limit.allow() for _ in range(100)) == 10
    now = 1000.0
    assert sum(limit.allow() for _ in range(100)) == MESSAGES_AT_ONCE
