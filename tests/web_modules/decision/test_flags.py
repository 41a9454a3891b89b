"""Where functions stand is read from a flagd file, and an edit that cannot be read changes nothing."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from web_modules.decision.decision import Standing, starting_point
from web_modules.decision.errors import FlagFileUnreadable
from web_modules.decision.flags import FlagFile, flagd_document
from web_modules.decision.words import Function, Stage


class Watched:
    """A flag file, how it is edited, and how long a test waits for an edit to be seen."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.changed = threading.Event()
        self.write(Stage.TRIAL)
        self.flags = FlagFile(path, practice="Y99002", environment="reference", on_change=self.changed.set)

    def write(self, stage: Stage, *, is_stopped: bool = False) -> None:
        standings = starting_point() | {Function.APPOINTMENTS: Standing(stage=stage, is_stopped=is_stopped)}
        self.write_text(json.dumps(flagd_document(standings)))

    def write_text(self, text: str) -> None:
        replacement = self.path.with_suffix(".new")
        replacement.write_text(text)
        replacement.replace(self.path)

    def appointments(self) -> Standing:
        return self.flags.standings()[Function.APPOINTMENTS]

    def wait_for_trouble(self) -> str:
        deadline = threading.Event()
        for _ in range(100):
            if self.flags.trouble is not None:
                return self.flags.trouble
            deadline.wait(0.05)
        raise AssertionError("the unreadable edit was not noticed within five seconds")


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path / "flags.json")
    yield made
    made.flags.close()


def test_edit_is_taken_up_and_told(watched: Watched) -> None:
    assert watched.appointments() == Standing(stage=Stage.TRIAL)
    watched.write(Stage.LEAD, is_stopped=True)
    assert watched.changed.wait(5)
    assert watched.appointments() == Standing(stage=Stage.LEAD, is_stopped=True)


@pytest.mark.parametrize(
    "edit",
    [
        '{"flags": {',
        '{"flags": {"stage.appointments": 3}}',
        '{"flags": {}}',
        json.dumps(
            {
                "flags": {
                    "stage.appointments": {
                        "state": "ENABLED",
                        "variants": {"soon": "soon"},
                        "defaultVariant": "soon",
                    }
                }
            }
        ),
    ],
    ids=["torn", "not a flag", "empty", "unknown stage"],
)
def test_edit_that_cannot_be_read_leaves_what_was_good_last(
    watched: Watched, edit: str, expected_logs: list[str]
) -> None:
    expected_logs += ["flag file edit refused", "Flag with key"]
    watched.write_text(edit)
    assert str(watched.path) in watched.wait_for_trouble()
    assert watched.appointments() == Standing(stage=Stage.TRIAL)
    watched.write(Stage.LEAD)
    assert watched.changed.wait(5)
    assert watched.appointments() == Standing(stage=Stage.LEAD)


@pytest.mark.parametrize("content", [None, "", "[]", '{"flags": 1}'])
def test_file_that_is_not_flagd_is_refused_with_its_name(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "flags.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(FlagFileUnreadable, match=r"flags\.json"):
        FlagFile(path, practice="Y99002", environment="reference")
