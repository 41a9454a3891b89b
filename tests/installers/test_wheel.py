"""A built wheel holds everything that the programs read."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("shell", "legacy_bridge", "web_modules")
BUILD = "import setuptools.build_meta as backend, sys; backend.build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def wheel_files(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names inside a wheel built of a copy: building leaves folders behind."""
    copy = tmp_path_factory.mktemp("copy")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        shutil.copy(ROOT / name, copy)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", BUILD, str(copy)],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = copy.glob("banyan-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_of_a_package_is_in_the_wheel(package: str, wheel_files: set[str]) -> None:
    here = {str(file.relative_to(ROOT)) for file in (ROOT / package).rglob("*") if file.is_file()}
    here = {name for name in here if "__pycache__" not in name}
    assert sorted(here - wheel_files) == []


def test_the_fetched_assets_are_in_the_wheel(wheel_files: set[str]) -> None:
    for name in (
        "web_modules/assets/fhir/fhir.schema.json",
        "web_modules/assets/nhsuk/nhsuk-frontend.min.css",
        "shell/assets/fonts/open-sans-latin-400-normal.woff2",
    ):
        assert name in wheel_files


def test_nothing_but_the_three_packages_is_in_the_wheel(wheel_files: set[str]) -> None:
    tops = {name.partition("/")[0] for name in wheel_files}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
