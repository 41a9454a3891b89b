"""The bridge's settings: from a TOML file, the environment and the command line, in that order of weight."""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from legacy_bridge.errors import SettingsWrong
from web_modules.decision.words import Environment

PREFIX = "BANYAN_BRIDGE_"
TOKEN_VARIABLE = f"{PREFIX}TOKEN"


class LogFormat(Enum):
    """How the log is written."""

    TEXT = "text"
    JSON = "json"


class CaptureWay(Enum):
    """How the changes of the legacy database are seen."""

    AUTO = "auto"
    OUTBOX = "outbox"
    CHANGE_TRACKING = "change-tracking"
    SNAPSHOT = "snapshot"


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeSettings:
    """What one bridge needs to know.

    Attributes:
        practice: ODS code of the practice that is mirrored.
        legacy: SQLAlchemy URL of its legacy database; or `extract:FOLDER`, for a rehearsal on an extract.
        fhir: the practice's FHIR base on the cloud.
        flags: the flagd file that says how far each function has moved.
        journal: file or SQLAlchemy URL of the bridge's own memory.
        journal_key: file of the key that opens the journal and signs its audit log; beside a journal
            file when None, else needed.
        environment: live, reference or training: a cloud that says another is refused.
        capture: how changes of the legacy database are seen: auto (the best that it has), outbox,
            change-tracking or snapshot (needs no trigger, and tells later).
        batch: records a transaction.
        legacy_poll_seconds: how often to ask whether the legacy database was written; a look costs
            microseconds.
        cloud_poll_seconds: how often to ask a cloud that does not hold a request until it has news.
        first_load_rows_a_second: how many records the first load may carry a second at most, so that the
            server of a practice at work is not burdened; 0: as fast as it goes.
        publish_seconds: how often freshness is published at rest; panes are amber after 60 s without.
        escalate_hours: how long a conflict or a record in quarantine may wait before it is urgent.
        form_minutes: how long a form of the legacy program may stay open before it is saved.
        metrics_port: TCP port for Prometheus, at `/metrics`; none when None. It takes no password.
        metrics_host: address to serve it on.
        log_format: text or json.
        token: what the bridge sends as bearer; from the environment only.
        client_id: the bridge's name at the cloud, where it gets tokens by its own key instead.
        client_key: file with that private JSON Web Key (SMART Backend Services).
    """

    practice: str
    legacy: str
    fhir: str
    flags: Path
    journal: str
    journal_key: Path | None = None
    environment: Environment = Environment.REFERENCE
    capture: CaptureWay = CaptureWay.AUTO
    batch: int = 300
    legacy_poll_seconds: float = 0.025
    cloud_poll_seconds: float = 0.1
    first_load_rows_a_second: float = 0.0
    publish_seconds: float = 25.0
    escalate_hours: float = 24.0
    form_minutes: float = 60.0
    metrics_port: int | None = None
    metrics_host: str = "127.0.0.1"
    log_format: LogFormat = LogFormat.TEXT
    token: str | None = None
    client_id: str | None = None
    client_key: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if (self.client_id is None) != (self.client_key is None):
            raise SettingsWrong(
                "The settings client_id and client_key belong together: give both or neither."
            )
        if self.client_key is not None and self.token is not None:
            raise SettingsWrong(f"The bridge has {TOKEN_VARIABLE} and a client_key: give one of them.")


_NAMES = tuple(field.name for field in fields(BridgeSettings) if field.name != "token")
_FILES = ("flags", "journal_key", "client_key")
_WORDS: Mapping[str, type[Enum]] = {
    "environment": Environment,
    "capture": CaptureWay,
    "log_format": LogFormat,
}
_NO_END = 1e9
_NUMBERS: Mapping[str, tuple[Callable[[Any], float], float, float]] = {
    "batch": (int, 1, 10_000),
    "metrics_port": (int, 0, 65_535),
    "legacy_poll_seconds": (float, 0.001, 60),
    "publish_seconds": (float, 0.1, 55),  # a pane is amber after 60
    **dict.fromkeys(
        ("cloud_poll_seconds", "first_load_rows_a_second", "escalate_hours", "form_minutes"),
        (float, 0, _NO_END),
    ),
}
"""What kind of number a setting is, the least and the most that it may be."""
_EXAMPLE = "https://cloud.example/Y99002/fhir"
_NEEDED = ("practice", "legacy", "fhir", "flags", "journal")


def load_settings(
    options: Mapping[str, Any],
    *,
    file: Path | None = None,
    variables: Mapping[str, str] | None = None,
    needed: tuple[str, ...] = _NEEDED,
) -> BridgeSettings:
    """Put the settings together.

    Args:
        options: given on the command line; None means not given.
        file: a TOML file, or None.
        variables: the environment; the process's own when None.
        needed: what may not be missing; the rest of the necessary ones may be empty.

    Raises:
        SettingsWrong: a setting is unknown, malformed or missing.
    """
    environ = os.environ if variables is None else variables
    found: dict[str, Any] = {name: "" for name in _NEEDED if name not in needed}
    for name, value in _from_file(file).items():
        found[_known(name, f"in {file}")] = value
    for variable, value in environ.items():
        if variable.startswith(PREFIX) and variable != TOKEN_VARIABLE:
            found[_known(variable.removeprefix(PREFIX).lower(), "in the environment")] = value
    for name, value in options.items():
        if value is not None:
            found[_known(name, "on the command line")] = value
    missing = [name for name in needed if not found.get(name)]
    if missing:
        raise SettingsWrong(
            f"Missing: {', '.join(f'--{name}' for name in missing)}. See banyan-bridge run --help."
        )
    converted = {name: _converted(name, value) for name, value in found.items()}
    return BridgeSettings(**converted, token=environ.get(TOKEN_VARIABLE) or None)


def _known(name: str, where: str) -> str:
    if name not in _NAMES:
        raise SettingsWrong(f"There is no setting `{name}` ({where}); known are {', '.join(sorted(_NAMES))}.")
    return name


def _from_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsWrong(
            f"The settings file {file} cannot be read: check its name and its rights."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsWrong(f"The settings file {file} is not TOML ({error}): correct it.") from error


def _converted(name: str, value: Any) -> Any:
    try:
        if name in _FILES:
            return Path(value)
        if name in _WORDS:
            return _WORDS[name](value)
        if name in _NUMBERS:
            return _number(value, *_NUMBERS[name])
    except (TypeError, ValueError) as error:
        raise SettingsWrong(f"The setting {name} must be {_wanted(name)}.") from error
    if name == "fhir" and value and not _is_web_address(str(value)):
        raise SettingsWrong(
            f"The setting fhir must be the address of a FHIR base, such as {_EXAMPLE}; it is {value!r}."
        )
    return str(value)


def _wanted(name: str) -> str:
    """What a setting may be, in words."""
    if name in _FILES:
        return "a file name"
    if name in _WORDS:
        *others, last = (str(one.value) for one in _WORDS[name])
        return f"{', '.join(others)} or {last}"
    kind, least, most = _NUMBERS[name]
    of = "records" if name.endswith("_a_second") else name.rpartition("_")[2]
    number = "a whole number" if kind is int else f"a number of {of}"
    return f"{number} from {least:g} {'on' if most == _NO_END else f'to {most:g}'}"


def _number(value: Any, kind: Callable[[Any], float], least: float, most: float) -> float:
    found = kind(value)
    if not least <= found <= most:  # nor what is no number at all
        raise ValueError(f"{found} is not from {least} to {most}")
    return found


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        return False
