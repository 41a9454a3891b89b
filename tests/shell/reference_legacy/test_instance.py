import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from pytestqt.qtbot import QtBot

from shell.reference_legacy.arguments import NOBODY, Request
from shell.reference_legacy.instance import Instance, instance_name
from shell.reference_legacy.title import Screen
from tests.shell.reference_legacy.legacy_practice import LegacyPractice


@pytest.fixture
def name(legacy: LegacyPractice) -> str:
    return instance_name(legacy.address, legacy.practice.guid)


@pytest.fixture
def first(name: str, qtbot: QtBot) -> Iterator[Instance]:
    instance = Instance(name)
    assert instance.claim()
    yield instance
    instance.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a later start ended."""

    status: int
    said: str


def _later_start(qtbot: QtBot, address: str, *words: str) -> Ended:
    """Start the real program once more while this process is the running one."""
    command = (sys.executable, "-m", "shell.reference_legacy", "--database", address, *words)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        qtbot.waitUntil(lambda: process.poll() is not None, timeout=30_000)
        assert process.stderr is not None
        return Ended(status=process.returncode, said=process.stderr.read())


@pytest.mark.parametrize(
    ("words", "request_given"),
    [
        (
            "--patient 104417 --screen appointments",
            Request(patient="104417", screen=Screen.APPOINTMENTS),
        ),
        ("--patient none", Request(patient=NOBODY)),
    ],
)
def test_a_later_start_hands_its_request_to_the_running_one(
    first: Instance, legacy: LegacyPractice, qtbot: QtBot, words: str, request_given: Request
) -> None:
    received: list[Request] = []
    first.listen(received.append)
    assert _later_start(qtbot, legacy.address, *words.split()) == Ended(status=0, said="")
    assert received == [request_given]


def test_a_refusal_ends_the_later_start_with_a_sentence(
    first: Instance, legacy: LegacyPractice, qtbot: QtBot
) -> None:
    sentence = "Patient number 99 is not known at this practice."
    first.listen(lambda _request: sentence)
    assert _later_start(qtbot, legacy.address, "--patient", "99") == Ended(status=3, said=f"{sentence}\n")


def test_a_line_that_is_no_request_is_refused(first: Instance, name: str, qtbot: QtBot) -> None:
    received: list[Request] = []
    first.listen(received.append)
    socket = QLocalSocket()
    socket.connectToServer(name)
    with qtbot.waitSignal(socket.readyRead):
        socket.write(b'{"patient": "1; DROP", "screen": null}\n')
    assert b"could not be read" in bytes(socket.readLine().data())
    assert received == []
    socket.close()


def test_a_meeting_place_left_by_a_dead_program_is_taken_over(
    name: str, legacy: LegacyPractice, qtbot: QtBot
) -> None:
    dead = QLocalServer()
    assert dead.listen(name)
    instance = Instance(name)
    assert instance.claim()
    instance.listen(lambda _request: None)
    assert _later_start(qtbot, legacy.address).status == 0
    instance.close()
    dead.close()


def test_each_database_and_practice_has_a_meeting_place_of_its_own() -> None:
    names = {
        instance_name("sqlite:////a/one.db", "{A}"),
        instance_name("sqlite:////a/../a/one.db", "{A}"),
        instance_name("sqlite:////a/two.db", "{A}"),
        instance_name("sqlite:////a/one.db", "{B}"),
    }
    assert len(names) == 3
