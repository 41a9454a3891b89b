"""The shell's settings: read once from a TOML file, the environment and options; the later one stands."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from shell.errors import SettingsError

THEMES = ("system", "light", "dark", "contrast")
_PREFIX = "BANYAN_SHELL_"
_DESCRIPTION = Path(__file__).parent / "hosts" / "descriptions" / "halden_gp.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellSettings:
    """What a window needs to know.

    Attributes:
        cloud: The cloud's address.
        training: Open the training environment; a cloud of another one is refused.
        flags: The flag file; without it every function is on its legacy screen.
        legacy_program: The description of the legacy program.
        legacy_database: What the description's {database} stands for.
        sign_in: Who signs in at a development cloud, without being asked.
        theme: system, light, dark or contrast.
        text_percent: The size of all text, 100 to 200.
        lock_minutes: The window locks when the computer was not used for so long; 0: never by itself.
        state_folder: Where choices, drafts and the log are kept, and which legacy program runs.
        draft_days: How long a draft is kept that nobody takes up, in days.
        ends_all: Say that closing the window ends the other programs too.
    """

    cloud: str = ""
    training: bool = False
    flags: Path | None = None
    legacy_program: Path = _DESCRIPTION
    legacy_database: str = ""
    sign_in: str = ""
    theme: str = "system"
    text_percent: int = 100
    lock_minutes: int = 15
    state_folder: Path = Path()
    draft_days: int = 14
    ends_all: bool = False


def read_settings(
    options: Mapping[str, Any], *, file: Path | None, environment: Mapping[str, str]
) -> ShellSettings:
    """Read the settings.

    Args:
        options: those given on the command line; None means not given.
        file: a TOML file, or None.
        environment: the process's variables, `BANYAN_SHELL_CLOUD` and so on.

    Raises:
        SettingsError: a key is unknown, or a value cannot be used.
    """
    known = {field.name: field for field in fields(ShellSettings)}
    given: dict[str, Any] = _of_file(file, set(known)) if file is not None else {}
    given |= _of_environment(environment, set(known))
    given |= {name: value for name, value in options.items() if value is not None}
    settings = ShellSettings(**{name: _typed(name, value) for name, value in given.items()})
    if not settings.cloud:
        raise SettingsError("Which cloud? Give its address with --cloud, such as http://127.0.0.1:8000.")
    if settings.theme not in THEMES:
        raise SettingsError(f"There is no theme {settings.theme!r}; there are {', '.join(THEMES)}.")
    if not 100 <= settings.text_percent <= 200:
        raise SettingsError("The text size goes from 100 to 200 percent.")
    if settings.draft_days < 1:
        raise SettingsError("A draft is kept for a day at least: draft_days is 1 or more.")
    if settings.lock_minutes < 0:
        raise SettingsError("The window locks after some minutes, or never by itself with 0.")
    if "state_folder" not in given:
        settings = replace(settings, state_folder=_state_folder(environment, is_training=settings.training))
    return settings


def _of_file(file: Path, known: set[str]) -> dict[str, Any]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The settings file {file} cannot be read: {error}.") from error
    unknown = sorted(set(content) - known)
    if unknown:
        raise SettingsError(f"The settings file {file} has unknown keys: {', '.join(unknown)}.")
    return content


def _of_environment(environment: Mapping[str, str], known: set[str]) -> dict[str, str]:
    given = {name: text for name, text in environment.items() if name.startswith(_PREFIX)}
    of_setting = {name.removeprefix(_PREFIX).lower(): name for name in given}
    unknown = sorted(name for setting, name in of_setting.items() if setting not in known)
    if unknown:
        raise SettingsError(f"The environment has unknown settings: {', '.join(unknown)}.")
    return {setting: given[name] for setting, name in of_setting.items()}


def _typed(name: str, value: Any) -> Any:
    kinds: dict[str, Any] = {
        "training": _yes,
        "ends_all": _yes,
        "text_percent": int,
        "lock_minutes": int,
        "draft_days": int,
        "flags": Path,
        "legacy_program": Path,
        "state_folder": Path,
    }
    try:
        return kinds.get(name, str)(value)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"The setting {name} cannot be {value!r}.") from error


def _yes(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    return known[str(value).lower()] if str(value).lower() in known else _refuse(value)


def _refuse(value: Any) -> bool:
    raise ValueError(value)


def _state_folder(environment: Mapping[str, str], *, is_training: bool) -> Path:
    base = environment.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(base) / "banyan" / ("training" if is_training else "reference") / "shell"
