"""The layout's rules: imports, style, types and the words that the repository may not hold."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("shell", "legacy_bridge", "web_modules")
TOP_LEVEL = {"pyproject.toml", "README.md", *PACKAGES, "tests", "installers", "LICENSE"}


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name]


def _run(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_imports_keep_the_layers() -> None:
    code = (
        "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run(['--no-cache']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_ruff_finds_nothing() -> None:
    _run("ruff", "check", "--no-cache", *PACKAGES, "tests", "installers")


def test_ruff_would_format_nothing() -> None:
    _run("ruff", "format", "--check", "--no-cache", *PACKAGES, "tests", "installers")


def test_mypy_strict_finds_nothing() -> None:
    _run("mypy")


def test_top_level_holds_what_the_layout_names() -> None:
    found = {path.relative_to(ROOT).parts[0] for path in _tracked()}
    assert {name for name in found if not name.startswith(".")} == TOP_LEVEL


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_says_its_job_in_its_first_line(package: str) -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in _tracked()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] == package
        if path.exists()
        and path.stat().st_size
        and not path.read_text(encoding="utf-8").lstrip().startswith('"""')
    ]
    assert silent == []


def test_no_module_is_longer_than_500_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in _tracked()
        if path.suffix == ".py" and path.exists()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert long == {}


def test_no_path_of_a_machine_and_no_drawer_is_in_the_repository() -> None:
    of_a_machine = re.compile(rb"(?<![\w.])/(work|farm|root|home)/[a-z]")
    paths = [
        str(path.relative_to(ROOT))
        for path in _tracked()
        if path.is_file() and path.suffix not in (".png", ".woff2") and of_a_machine.search(path.read_bytes())
    ]
    drawers = [
        str(path.relative_to(ROOT))
        for path in _tracked()
        if re.search(r"(^|/)(utils?|helpers?|common|misc|manager)(/|\.py$)", str(path.relative_to(ROOT)))
    ]
    assert paths == []
    assert drawers == []
