"""Where functions stand is read from a flagd file, and an edit that cannot be read changes nothing."""

import json
import subprocess
import sys
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
    watched: Watched, edit: str, expected_logs: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    expected_logs += ["flag file edit refused", "Flag with key"]
    watched.write_text(edit)
    trouble = watched.wait_for_trouble()
    assert str(watched.path) in trouble
    assert watched.changed.wait(5), "it is told, so that the window can say it"
    assert any(trouble in said for said in caplog.messages)
    assert watched.appointments() == Standing(stage=Stage.TRIAL)
    watched.changed.clear()
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


def test_first_reading_does_not_wait_for_the_provider(tmp_path: Path) -> None:
    path = tmp_path / "flags.json"
    path.write_text(json.dumps(flagd_document(starting_point())))
    program = (
        "import sys; from pathlib import Path; from web_modules.decision.flags import FlagFile\n"
        f"flags = FlagFile(Path({str(path)!r}), practice='Y99002', environment='live', is_watched=False)\n"
        "print(len(flags.standings()), 'grpc' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert said.stdout.split() == [str(len(Function)), "False"]


def test_edit_between_the_first_reading_and_watching_is_taken_up_and_told(tmp_path: Path) -> None:
    path = tmp_path / "flags.json"
    path.write_text(json.dumps(flagd_document(starting_point())))
    told: list[str] = []
    flags = FlagFile(
        path,
        practice="Y99002",
        environment="reference",
        on_change=lambda: told.append("changed"),
        is_watched=False,
    )
    stopped = starting_point() | {Function.PATIENTS: Standing(stage=Stage.LEAD, is_stopped=True)}
    path.write_text(json.dumps(flagd_document(stopped)))
    flags.watch()
    assert flags.standings() == stopped
    assert told == ["changed"]
    flags.close()


def test_file_that_breaks_between_the_first_reading_and_watching_changes_nothing(
    tmp_path: Path, expected_logs: list[str]
) -> None:
    expected_logs += ["flag file edit refused", "Flag with key"]
    path = tmp_path / "flags.json"
    path.write_text(json.dumps(flagd_document(starting_point())))
    flags = FlagFile(path, practice="Y99002", environment="reference", is_watched=False)
    path.write_text('{"flags": {')
    flags.watch()
    assert flags.standings() == starting_point()
    assert flags.trouble is not None
    flags.close()


@pytest.mark.parametrize("practice", ["Y99002", "Y99003"])
def test_first_reading_says_what_the_provider_says_of_rules_and_of_what_is_missing(
    tmp_path: Path, practice: str
) -> None:
    """A rule for one practice, a flag that is turned off, a kill switch that is not there."""
    document = flagd_document(starting_point() | {Function.RESULTS: Standing(stage=Stage.TRIAL)})
    rule = {"if": [{"==": [{"var": "practice"}, "Y99002"]}, "lead", "trial"]}
    document["flags"]["stage.patients"]["targeting"] = rule
    document["flags"]["stopped.patients"] |= {"state": "DISABLED", "defaultVariant": "on"}
    del document["flags"]["stopped.results"]
    path = tmp_path / "flags.json"
    path.write_text(json.dumps(document))
    first = FlagFile(path, practice=practice, environment="reference", is_watched=False)
    watched = FlagFile(path, practice=practice, environment="reference")
    assert first.standings() == watched.standings()
    stage = Stage.LEAD if practice == "Y99002" else Stage.TRIAL
    assert first.standings()[Function.PATIENTS] == Standing(stage=stage)
    watched.close()
