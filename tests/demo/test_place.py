"""Live and training lie apart, below the folder that the XDG specification names."""

from pathlib import Path

import pytest

from demo.place import Environment, place_of, state_folder


def test_state_lies_below_xdg_state_home(tmp_path: Path) -> None:
    assert state_folder({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "banyan"


@pytest.mark.parametrize("variables", [{}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "relative"}])
def test_without_a_usable_variable_state_lies_below_the_home_folder(variables: dict[str, str]) -> None:
    assert state_folder(variables) == Path.home() / ".local" / "state" / "banyan"


def test_training_shares_no_path_with_the_reference_environment(tmp_path: Path) -> None:
    variables = {"XDG_STATE_HOME": str(tmp_path)}
    one, other = (place_of(environment, variables) for environment in Environment)
    names = ["database", "journal", "flags", "logs", "filled", "running", "keeper_lock", "window_lock"]
    assert not {getattr(one, name) for name in names} & {getattr(other, name) for name in names}
    assert not one.folder.is_relative_to(other.folder)
