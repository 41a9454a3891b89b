"""Where one environment keeps what it has: databases, flags, journal, logs, locks."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Environment(Enum):
    """The environments that the demonstration can open; none of them is live."""

    REFERENCE = "reference"
    TRAINING = "training"


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """The practice of an environment.

    Attributes:
        ods: its ODS code.
        name: its name.
    """

    ods: str
    name: str


GENERATED = {
    Environment.REFERENCE: Practice(ods="Y99002", name="Fernbrook Surgery"),
    Environment.TRAINING: Practice(ods="Y99003", name="Willow Bank"),
}
"""The practices that the generator makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The files of one environment, all below one folder.

    Attributes:
        environment: which one.
        folder: everything is below it.
    """

    environment: Environment
    folder: Path

    @property
    def database(self) -> Path:
        """The legacy program's database."""
        return self.folder / "practice.sqlite"

    @property
    def database_url(self) -> str:
        """The same, for the programs."""
        return f"sqlite:///{self.database}"

    @property
    def cloud_url(self) -> str:
        """The cloud's database."""
        return f"sqlite:///{self.folder / 'cloud.sqlite'}"

    @property
    def journal(self) -> Path:
        """The bridge's memory."""
        return self.folder / "journal.sqlite"

    @property
    def flags(self) -> Path:
        """How far each function has moved."""
        return self.folder / "flags.json"

    @property
    def logs(self) -> Path:
        """What the programs wrote."""
        return self.folder / "logs"

    @property
    def filled(self) -> Path:
        """What the practice was filled with (JSON); its folder is put here whole."""
        return self.folder / "filled.json"

    @property
    def running(self) -> Path:
        """Where the programs answer that run now (JSON); only true while the keeper's lock is held."""
        return self.folder / "running.json"

    @property
    def keeper_lock(self) -> Path:
        """Held by whoever keeps cloud and bridge alive."""
        return self.folder.with_name(f"{self.folder.name}.keeper.lock")

    @property
    def window_lock(self) -> Path:
        """Held by the window, and by who started it."""
        return self.folder.with_name(f"{self.folder.name}.window.lock")


def state_folder(variables: Mapping[str, str]) -> Path:
    """The folder of all environments, by the XDG Base Directory Specification."""
    base = variables.get("XDG_STATE_HOME", "")
    # The specification: a relative path is to be ignored.
    root = Path(base) if base.startswith("/") else Path.home() / ".local" / "state"
    return root / "banyan"


def place_of(environment: Environment, variables: Mapping[str, str]) -> Place:
    """Where an environment lives."""
    return Place(environment=environment, folder=state_folder(variables) / environment.value)
