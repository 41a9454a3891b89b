"""The set-up says in one sentence what stands in its way, and leaves nothing half-made behind."""

import hashlib
import os
import shutil
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALLED = "printf 'install ok installed'"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone without assets and without a virtual environment; the stubs of commands lie in `stubs`."""
    copy = tmp_path / "clone"
    shutil.copytree(ROOT / "installers", copy / "installers", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    definitions = Path("web_modules/fhir_store/definitions.py")
    (copy / definitions).parent.mkdir(parents=True)
    shutil.copy(ROOT / definitions, copy / definitions)
    (tmp_path / "stubs").mkdir()
    return copy


def stub(clone: Path, name: str, script: str) -> None:
    """Put a command before the system's own."""
    file = clone.parent / "stubs" / name
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


def set_up(clone: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(clone / "installers" / "setup.sh"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{clone.parent / 'stubs'}:{os.environ['PATH']}", **variables},
    )


def test_missing_packages_without_the_right_to_install_them_are_named(clone: Path) -> None:
    stub(clone, "dpkg-query", f"case $4 in unixodbc | xclip | postgresql) ;; *) {INSTALLED} ;; esac")
    stub(clone, "id", "echo 1000")
    stub(clone, "sudo", "exit 1")
    done = set_up(clone, "--tests")
    assert done.returncode == 1
    assert done.stderr == (
        "banyan: these system packages are missing and you have no right to install them; "
        "ask for: apt-get install unixodbc xclip postgresql\n"
    )
    assert not (clone / ".venv").exists()


def test_packages_that_only_tests_need_are_not_asked_for_to_run(clone: Path) -> None:
    stub(clone, "dpkg-query", f"case $4 in xclip | postgresql) ;; *) {INSTALLED} ;; esac")
    stub(clone, "df", "echo heading; echo device 1 1 1000 1% /")
    said = set_up(clone).stderr
    assert "xclip" not in said
    assert "postgresql" not in said


def test_a_full_disk_is_said_before_anything_is_made(clone: Path) -> None:
    stub(clone, "dpkg-query", INSTALLED)
    stub(clone, "df", "echo heading; echo device 9000000 8000000 1000000 88% /")
    done = set_up(clone)
    assert done.returncode == 1
    assert "has 1000 MB free and 2400 MB are needed" in done.stderr
    assert not (clone / ".venv").exists()


def test_without_a_network_nothing_half_made_is_left(clone: Path) -> None:
    stub(clone, "dpkg-query", INSTALLED)
    stub(clone, "df", "echo heading; echo device 1 1 99000000 1% /")
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    done = set_up(clone, **nowhere, PIP_FIND_LINKS="", PIP_EXTRA_INDEX_URL="")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "banyan: The Python packages could not be installed: the network or the package index cannot be "
        "reached; run it again when it can."
    )
    assert not (clone / ".venv").exists()


def test_an_unknown_argument_is_refused(clone: Path) -> None:
    done = set_up(clone, "--everything")
    assert done.returncode == 2
    assert "knows only --tests, --peers and --help, not '--everything'" in done.stderr


def test_code_that_changed_since_the_set_up_is_compiled_for_the_next_start(clone: Path) -> None:
    for folder in ("shell/assets/fonts", "legacy_bridge", "web_modules/assets/fhir", ".venv/bin"):
        (clone / folder).mkdir(parents=True)
    (clone / "web_modules/assets/fhir/fhir.schema.json").write_text("{}", encoding="utf-8")
    python = clone / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    names = ["pyproject.toml", "installers/setup.sh", "installers/assets.toml", "installers/fetch_assets.py"]
    parts = [(clone / name).read_bytes() for name in [*names, "web_modules/fhir_store/definitions.py"]]
    fingerprint = hashlib.sha256(b"".join([*parts, f"{clone}\n".encode()])).hexdigest()
    (clone / ".venv/banyan-setup").write_text(f"{fingerprint}\n", encoding="utf-8")
    changed = clone / "shell/window.py"
    changed.write_text("TITLE = 'Banyan'\n", encoding="utf-8")
    done = set_up(clone, PYTHONDONTWRITEBYTECODE="1")
    assert (done.returncode, done.stderr) == (0, "")
    assert Path(cache_from_source(changed)).exists()
