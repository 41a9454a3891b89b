"""The hazard log is complete, and every control that it claims has a test."""

import ast
import tomllib
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
SEVERITIES = {"major", "catastrophic", "considerable", "significant"}
STATES = {"first", "held", "open"}


def _log() -> dict[str, dict[str, str]]:
    return tomllib.loads((TESTS / "hazards.toml").read_text(encoding="utf-8"))


def _hazards_tested() -> dict[str, list[str]]:
    """Hazard ids to the tests marked with them, read from the source so that nothing need run first."""
    tested: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.hazard":
                    for argument in mark.args:
                        tested.setdefault(ast.literal_eval(argument), []).append(node.name)
    return tested


def test_log_names_all_hazards_once_and_whole() -> None:
    log = _log()
    assert list(log) == [f"H{number:02}" for number in range(1, 26)]
    for hazard, entry in log.items():
        assert set(entry) == {"hazard", "severity", "control", "state"}, hazard
        assert entry["severity"] in SEVERITIES, hazard
        assert entry["state"] in STATES, hazard


@pytest.mark.parametrize("hazard", [hazard for hazard, entry in _log().items() if entry["state"] != "open"])
def test_claimed_control_has_a_test(hazard: str) -> None:
    assert _hazards_tested().get(hazard), f"{hazard} claims a control and no test is marked with it"


def test_no_test_is_marked_with_an_unknown_hazard() -> None:
    assert set(_hazards_tested()) <= set(_log())


def test_a_tested_hazard_is_not_called_open() -> None:
    log = _log()
    assert [hazard for hazard in _hazards_tested() if log[hazard]["state"] == "open"] == []
