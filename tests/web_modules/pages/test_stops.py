"""A stopped function's pages are only read, in a browser without the shell too."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.module_web import ModuleWeb, module_web
from tests.web_modules.pages.test_permits import save, town
from tests.web_modules.patients.people import sarah
from web_modules.decision.decision import Standing, starting_point
from web_modules.decision.flags import flagd_document
from web_modules.decision.words import Environment, Function, Stage
from web_modules.fhir_store.store import Standard
from web_modules.pages.stops import Stops


def write(file: Path, *, stage: Stage = Stage.TRIAL, is_stopped: bool) -> None:
    standings = starting_point() | {Function.PATIENTS: Standing(stage=stage, is_stopped=is_stopped)}
    replace_file(file, json.dumps(flagd_document(standings)))


def replace_file(file: Path, text: str) -> None:
    """Put a whole file there at once, as the programs that edit flags do."""
    whole = file.with_suffix(".new")
    whole.write_text(text, encoding="utf-8")
    os.replace(whole, file)


@pytest.fixture
def flags(tmp_path: Path) -> Path:
    file = tmp_path / "flags.json"
    write(file, is_stopped=False)
    return file


@pytest.fixture
def web(tmp_path: Path, standard: Standard, flags: Path) -> Iterator[ModuleWeb]:
    """The modules, with a flag file."""
    with module_web(tmp_path, standard, flags=flags) as made:
        yield made


@pytest.mark.hazard("H11")
def test_a_browser_alone_cannot_write_in_a_stopped_module_until_it_goes_on(
    web: ModuleWeb, flags: Path
) -> None:
    made = web.create(sarah())
    write(flags, is_stopped=True)
    assert save(web, made["id"], "", seconds=None) == 409
    assert town(web, made["id"]) == "Fernbrook"
    assert web.get(f"patients/{made['id']}").status == 200
    write(flags, is_stopped=False)
    assert save(web, made["id"], "", seconds=None) == 200
    assert town(web, made["id"]) == "Newton"


def test_the_page_says_in_the_shells_words_that_it_is_stopped(web: ModuleWeb, flags: Path) -> None:
    made = web.create(sarah())
    form = web.get(f"patients/{made['id']}/edit")
    write(flags, is_stopped=True)
    told = web.post(f"patients/{made['id']}/edit", form.fields | {"town": "Newton"})
    assert told.status == 409
    assert "Not saved: this page was stopped" in told.text
    assert (
        "Nothing was written. The new patients page was stopped. It can be read; what you typed is kept."
        " To change something, use the legacy screen."
    ) in told.text


@pytest.mark.hazard("H11")
@pytest.mark.parametrize("is_stopped", [True, False])
@pytest.mark.parametrize("spoilt", ["", "{", '{"flags": {}}', None], ids=repr)
def test_a_spoilt_file_changes_nothing_and_is_said_once(
    flags: Path,
    expected_logs: list[str],
    caplog: pytest.LogCaptureFixture,
    is_stopped: bool,
    spoilt: str | None,
) -> None:
    write(flags, is_stopped=is_stopped)
    stops = Stops(flags, practice="Y99002", environment=Environment.REFERENCE)
    assert (stops.words("patients") is not None) is is_stopped
    expected_logs.append("the flag file is not heeded, what it said last still holds")
    if spoilt is None:
        flags.unlink()
    else:
        replace_file(flags, spoilt)
    for _ in range(2):
        assert (stops.words("patients") is not None) is is_stopped
    assert len([one for one in caplog.messages if "is not heeded" in one]) == 1
    write(flags, is_stopped=not is_stopped)
    assert (stops.words("patients") is not None) is not is_stopped


def test_a_file_that_is_not_there_at_the_start_stops_nothing_and_is_taken_up_when_it_comes(
    flags: Path, expected_logs: list[str]
) -> None:
    flags.unlink()
    expected_logs.append("the flag file is not heeded, nothing is stopped")
    stops = Stops(flags, practice="Y99002", environment=Environment.REFERENCE)
    assert stops.words("patients") is None
    write(flags, is_stopped=True)
    assert stops.words("patients") is not None
    assert stops.words("appointments") is None


def test_without_a_file_nothing_is_stopped() -> None:
    assert Stops(None, practice="Y99002", environment=Environment.LIVE).words("patients") is None


def test_where_no_legacy_screen_may_change_anything_none_is_named(flags: Path) -> None:
    for stage in (Stage.RAMPDOWN, Stage.COMPLETE):
        write(flags, stage=stage, is_stopped=True)
        words = Stops(flags, practice="Y99002", environment=Environment.LIVE).words("patients")
        assert words == "The new patients page was stopped. It can be read; what you typed is kept."
