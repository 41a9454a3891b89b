"""What stands in the way of a run is one sentence, and nothing half-made is left."""

from pathlib import Path

import pytest

from demo.place import Environment, place_of
from demo.practice import ensure_filled
from tests.end_to_end.running import run_script, screen_in, without_screen

pytestmark = pytest.mark.end_to_end


def one_sentence(stderr: str) -> str:
    """What was said after the set-up's and the progress's own lines."""
    return stderr.strip().splitlines()[-1]


def test_without_a_screen_nothing_is_started(tmp_path: Path) -> None:
    done = run_script(variables=without_screen(tmp_path))
    assert done.returncode == 1
    assert one_sentence(done.stderr).startswith("banyan: There is no screen: DISPLAY is not set.")
    assert not list(tmp_path.iterdir())


def test_an_extract_that_is_not_there_is_named(tmp_path: Path) -> None:
    with screen_in(tmp_path / "logs") as screen:
        variables = {**screen.variables, "XDG_STATE_HOME": str(tmp_path / "state")}
        done = run_script("--extract", str(tmp_path / "nowhere"), variables=variables)
    assert done.returncode == 1
    assert one_sentence(done.stderr).startswith(f"banyan: There is no folder {tmp_path / 'nowhere'}")
    assert not (tmp_path / "state" / "banyan" / "reference").exists()


def test_an_extract_that_is_not_whole_leaves_nothing(tmp_path: Path) -> None:
    extract = tmp_path / "extract"
    extract.mkdir()
    name = "100019_Admin_Patient_20261113201503_476EA44A-625D-4243-93FB-154628AF6534.csv"
    (extract / name).write_text('"PatientGuid","OrganisationGuid"\n')
    with screen_in(tmp_path / "logs") as screen:
        variables = {**screen.variables, "XDG_STATE_HOME": str(tmp_path / "state")}
        done = run_script("--extract", str(extract), variables=variables)
    assert done.returncode == 1
    assert "has no file of Admin_Location, " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "state" / "banyan" / "reference").exists()


def test_a_reset_for_an_extract_that_is_not_there_throws_nothing_away(tmp_path: Path) -> None:
    with screen_in(tmp_path / "logs") as screen:
        variables = {**screen.variables, "XDG_STATE_HOME": str(tmp_path / "state")}
        place = place_of(Environment.REFERENCE, variables)
        ensure_filled(place, extract=None, today=None)
        before = {file.name: file.read_bytes() for file in place.folder.iterdir()}
        done = run_script("--reset", "--extract", str(tmp_path / "nowhere"), variables=variables)
    assert done.returncode == 1
    assert one_sentence(done.stderr).startswith(f"banyan: There is no folder {tmp_path / 'nowhere'}")
    assert {file.name: file.read_bytes() for file in place.folder.iterdir()} == before
