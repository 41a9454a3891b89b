import os
import subprocess
import sys

import pytest

from tests.shell.reference_legacy.legacy_practice import LegacyPractice


def _start(address: str, *words: str, **environment: str) -> tuple[int, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "QT_QPA_PLATFORM"}}
    done = subprocess.run(
        [sys.executable, "-m", "shell.reference_legacy", "--database", address, *words],
        check=False,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is always a screen elsewhere")
def test_without_a_screen_it_ends_with_one_sentence(legacy: LegacyPractice) -> None:
    said = "There is no screen: start the program on a desktop, or set DISPLAY.\n"
    assert _start(legacy.address) == (1, said)


def test_without_a_database_it_ends_with_one_sentence() -> None:
    status, said = _start("sqlite:////nowhere/practice.db")
    assert (status, said) == (1, "There is no practice database /nowhere/practice.db: create it first.\n")


def test_with_an_unknown_patient_it_does_not_start(legacy: LegacyPractice) -> None:
    status, said = _start(legacy.address, "--patient", "99", QT_QPA_PLATFORM="offscreen")
    assert (status, said) == (3, "Patient number 99 is not known at this practice.\n")
