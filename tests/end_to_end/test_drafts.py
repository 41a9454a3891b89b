"""A window that is killed while somebody types: the draft is on the disk, the legacy program goes on."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.check.facts import Facts
from demo.check.hands import Hands, wait_until
from demo.check.legacy_pane import LegacyPane
from demo.check.scene import TITLES
from demo.check.shell_window import ShellWindow
from demo.check.virtual_screen import VirtualScreen
from demo.place import Environment
from demo.practice import filling_of
from demo.session import legacy_processes, window_processes
from shell.drafts.draft import Draft
from shell.drafts.store import DraftStore
from tests.end_to_end.running import CLOSE_SECONDS, Run, end_run, open_window, screen_in
from tests.support.file_keyring import FileKeyring

pytestmark = pytest.mark.end_to_end


@pytest.fixture
def screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualScreen]:
    """A screen whose programs have a key store."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.support.file_keyring.FileKeyring")
    monkeypatch.setenv("BANYAN_TEST_KEYRING", str(tmp_path / "keys.json"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    with screen_in(tmp_path / "logs") as screen:
        yield screen


@pytest.fixture
def run(screen: VirtualScreen, tmp_path: Path) -> Iterator[Run]:
    """An open window."""
    run = open_window(screen, tmp_path / "state")
    yield run
    end_run(screen, run)


def kept(run: Run) -> list[Draft]:
    """What is on the disk, read as the next window reads it."""
    files = list(run.place.folder.rglob("drafts-*.sqlite"))
    if not files:
        return []
    (held,) = FileKeyring().held().values()  # type: ignore[no-untyped-call]
    store = DraftStore(files[0], bytes.fromhex(held))
    try:
        return store.read()
    finally:
        store.close()


def only_legacy_process(run: Run) -> int:
    """The legacy program's process, once none is left that only asks it to open a patient."""
    wait_until(lambda: len(legacy_processes(run.place)) <= 1, seconds=20, what="the end of the asking")
    (program,) = legacy_processes(run.place)
    return program


@pytest.mark.hazard("H23")
def test_draft_and_legacy_program_outlive_a_window_that_is_killed_in_mid_typing(
    screen: VirtualScreen, run: Run
) -> None:
    hands = Hands(screen.variables)
    filling = filling_of(run.place)
    assert filling is not None
    assert filling.day is not None
    legacy = LegacyPane(hands, filling.practice.name)
    (patient,) = Facts(run.place.database, filling.practice.ods).patients(1, filling.day)
    shell = ShellWindow(hands, screen, TITLES[Environment.REFERENCE], legacy)
    shell.show("patients", "legacy")
    shell.open_patient(patient.number)
    legacy.wait_for_patient(patient.number)
    shell.show("patients", "new")

    def has_begun() -> bool:
        hands.press("e")  # the page's key; in its field, a letter
        return bool(kept(run))

    wait_until(has_begun, seconds=60, what="a draft")
    program = only_legacy_process(run)
    hands.write("01632 960777")
    wait_until(lambda: "01632 960777" in kept(run)[0].content, seconds=4, what="the last keys on the disk")
    for pid in window_processes(run.place):
        os.kill(pid, signal.SIGKILL)
    run.process.wait(CLOSE_SECONDS)
    assert only_legacy_process(run) == program
    (draft,) = kept(run)
    assert "01632 960777" in draft.content
    assert (draft.function, draft.form) == ("patients", "contact")
