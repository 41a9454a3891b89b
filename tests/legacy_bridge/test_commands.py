"""The command line: help with examples, one-sentence errors, lists as text and as JSON."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from demo.programs import free_port
from legacy_bridge.__main__ import app
from legacy_bridge.errors import SettingsWrong
from legacy_bridge.journal.database import journal_url, open_journal
from legacy_bridge.settings import load_settings
from tests.legacy_bridge.support.mirror import Mirror, stages
from tests.legacy_bridge.support.small_practice import ODS, SmallPractice
from web_modules.decision.flags import FlagFile, flagd_document
from web_modules.decision.words import Function, Stage


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    return done.exit_code, done.output


@pytest.mark.parametrize("command", ["flags", "run", "once", "status", "conflicts", "quarantine", "parity"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    code, said = run(command, "--help")
    assert code == 0
    assert f"banyan-bridge {command}" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run"], "Missing: --practice"),
        (["status", "--practice", ODS, "--journal", "nowhere/journal.sqlite"], "There is no journal"),
        (["once", "--settings", "nowhere.toml"], "cannot be read"),
        (
            [
                "once",
                "--practice",
                ODS,
                "--legacy",
                "x",
                "--fhir",
                "http://127.0.0.1:9/fhir",
                "--flags",
                "none.json",
                "--journal",
                "j",
            ],
            "none.json cannot be opened",
        ),
    ],
)
def test_bad_input_is_one_sentence_and_a_status(arguments: list[str], said: str) -> None:
    code, output = run(*arguments)
    assert code == 1
    assert said in output
    assert "Traceback" not in output


def test_unknown_settings_are_refused_and_options_win_over_environment_and_file(tmp_path: Path) -> None:
    file = tmp_path / "bridge.toml"
    file.write_text(
        'practice = "A"\nlegacy = "l"\nfhir = "http://f"\nflags = "x"\njournal = "j"\n', encoding="utf-8"
    )
    option = "https://option"
    found = load_settings({"fhir": option}, file=file, variables={"BANYAN_BRIDGE_LEGACY": "variable"})
    assert (found.practice, found.legacy, found.fhir) == ("A", "variable", option)
    with pytest.raises(SettingsWrong, match="There is no setting `fihr`"):
        load_settings({"fihr": "x"}, file=file, variables={})


def test_status_says_what_concerns_a_whole_side(mirror: Mirror) -> None:
    mirror.journal.notice("history-kept", "Old versions may still be readable.", datetime.now(UTC))
    journal = ["--practice", ODS, "--journal", str(mirror.folder / "journal.sqlite")]
    assert "Old versions may still be readable." in run("status", *journal)[1]
    assert json.loads(run("status", *journal, "--json")[1])["notices"] == [
        "Old versions may still be readable."
    ]
    assert "only in the cloud" not in run("status", *journal)[1]
    mirror.journal.notice("history-kept", None, datetime.now(UTC))
    assert json.loads(run("status", *journal, "--json")[1])["notices"] == []


def test_lists_are_shown_as_text_and_as_json(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "mary", Surname="Lindt")
    mary = mirror.patient("mary")
    mirror.put(mary, name=[{**mary["name"][0], "family": "Lindh"}])
    mirror.practice.add_slot("odd", PlannedDurationInMinutes=-15)
    mirror.drain()
    journal = ["--practice", ODS, "--journal", str(mirror.folder / "journal.sqlite")]
    (conflict,) = json.loads(run("conflicts", *journal, "--json")[1])
    assert (conflict["unit"], conflict["legacy"]["family"], conflict["cloud"]["family"]) == (
        "name",
        "Lindt",
        "Lindh",
    )
    (held,) = json.loads(run("quarantine", *journal, "--json")[1])
    assert held["reason"] == "slot-without-length"
    assert "slot-without-length" in run("quarantine", *journal)[1]
    told = json.loads(run("status", *journal, "--json")[1])
    assert told["kinds"]["slot"]["quarantined"] == 1
    assert "patient" in run("status", *journal)[1]


def test_a_flag_file_is_written_once_with_every_function_that_is_not_named_at_legacy(tmp_path: Path) -> None:
    file = tmp_path / "flags.json"
    assert run("flags", str(file), "--stage", "patients=lead") == (0, "")
    flag_file = FlagFile(file, practice=ODS, environment="reference", is_watched=False)
    stages = {function: standing.stage for function, standing in flag_file.standings().items()}
    assert stages == {**dict.fromkeys(Function, Stage.LEGACY), Function.PATIENTS: Stage.LEAD}
    written = file.read_bytes()
    code, said = run("flags", str(file))
    assert (code, written) == (1, file.read_bytes())
    assert "already: edit it" in said


@pytest.mark.parametrize("stage", ["patients", "patients=gone", "surgery=lead", "=", "patients=lead=lead"])
def test_a_stage_that_does_not_exist_writes_no_flag_file(tmp_path: Path, stage: str) -> None:
    code, said = run("flags", str(tmp_path / "flags.json"), "--stage", stage)
    assert code == 1
    assert f"--stage {stage} is not understood" in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("ods", "said"),
    [(ODS, "does not answer: start it, or correct --fhir"), ("X00000", "names no organisation")],
)
@pytest.mark.parametrize("is_there_a_journal", [True, False])
def test_a_bridge_that_cannot_begin_leaves_everything_as_it_was(
    practice: SmallPractice, tmp_path: Path, ods: str, said: str, is_there_a_journal: bool
) -> None:
    (tmp_path / "flags.json").write_text(json.dumps(flagd_document(stages())), encoding="utf-8")
    journal = tmp_path / "journal.sqlite"
    if is_there_a_journal:
        open_journal(journal_url(str(journal))).dispose()

    def all_files() -> dict[Path, bytes]:  # but for SQLite's shared memory, where readers too leave marks
        return {path: path.read_bytes() for path in tmp_path.iterdir() if not path.name.endswith("-shm")}

    before = all_files()
    sides = ["--legacy", practice.url, "--fhir", f"http://127.0.0.1:{free_port()}/fhir"]
    mine = ["--practice", ods, "--flags", str(tmp_path / "flags.json"), "--journal", str(journal)]
    code, output = run("once", *sides, *mine)
    assert code == 1
    assert said in output
    assert all_files() == before
