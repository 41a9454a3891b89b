"""The list of the window's states and the pictures of the real one say the same."""

import json
import os
import subprocess
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from demo.check.gallery import states
from tests.end_to_end.running import RUN

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(900)]


def test_every_state_of_the_window_has_its_own_picture(tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    done = subprocess.run(
        ["sh", str(RUN), "--gallery", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
    )
    *steps, last = map(json.loads, done.stdout.splitlines())
    assert last["ok"], f"{[one for one in steps if not one['ok']]}\n{done.stderr}"
    listed = states()
    assert [step["step"] for step in steps] == [one.name for one in listed]
    pictures = {one.name: Image.open(folder / f"{one.name}.png").convert("RGB") for one in listed}
    assert {file.stem for file in folder.glob("*.png")} == set(pictures)
    for one in listed:
        assert one.is_of(pictures[one.name]), f"{one.name} is not {one.ground}"
    for (name, first), (other, second) in combinations(pictures.items(), 2):
        assert ImageChops.difference(first, second).getbbox() is not None, f"{name} looks like {other}"
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert all(f'src="{name}.png"' in page for name in pictures)
