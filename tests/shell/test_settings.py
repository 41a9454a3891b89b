"""Settings come from file, environment and options, the later one stands; what is unknown is refused."""

from pathlib import Path

import pytest

from shell.errors import SettingsError
from shell.settings import read_settings

CLOUD = "http://127.0.0.1:8000"


def test_option_stands_over_environment_and_environment_over_file(tmp_path: Path) -> None:
    file = tmp_path / "shell.toml"
    file.write_text(f'cloud = "{CLOUD}"\ntheme = "dark"\ntext_percent = 150\n')
    settings = read_settings(
        {"theme": "contrast", "cloud": None}, file=file, environment={"BANYAN_SHELL_TEXT_PERCENT": "125"}
    )
    assert (settings.cloud, settings.theme, settings.text_percent) == (CLOUD, "contrast", 125)


@pytest.mark.hazard("H21")
def test_live_and_training_keep_their_state_apart() -> None:
    folders = [
        read_settings(
            {"cloud": CLOUD, "training": is_training}, file=None, environment={"XDG_STATE_HOME": "/srv/state"}
        ).state_folder
        for is_training in (False, True)
    ]
    assert folders[0] != folders[1]
    assert all(folder.is_relative_to("/srv/state/banyan") for folder in folders)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('clowd = "x"', "unknown keys: clowd"),
        ("cloud = ", "cannot be read"),
        (f'cloud = "{CLOUD}"\ntheme = "pink"', "no theme"),
        (f'cloud = "{CLOUD}"\ntext_percent = 500', "100 to 200"),
        (f'cloud = "{CLOUD}"\ntext_percent = "big"', "text_percent"),
        (f'cloud = "{CLOUD}"\ntraining = "perhaps"', "training"),
        ("", "Which cloud"),
    ],
)
def test_wrong_setting_is_named_in_a_sentence(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "shell.toml"
    file.write_text(content)
    with pytest.raises(SettingsError, match=words):
        read_settings({}, file=file, environment={})


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="gone"):
        read_settings({}, file=tmp_path / "gone.toml", environment={})


def test_unknown_setting_in_the_environment_is_named() -> None:
    with pytest.raises(SettingsError, match="unknown settings: BANYAN_SHELL_FOO"):
        read_settings({"cloud": CLOUD}, file=None, environment={"BANYAN_SHELL_FOO": "1"})
