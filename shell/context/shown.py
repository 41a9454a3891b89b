"""What a pane was seen to show: the words in which hosts report and the context judges. No Qt."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Side(Enum):
    """Which of the two a pane belongs to."""

    LEGACY = "legacy"
    CLOUD = "cloud"


class ShownState(Enum):
    """What a read-back says about the patient on a pane."""

    UNKNOWN = "unknown"
    """It does not answer, or not in words that its description knows. To be treated like a wrong patient."""
    NOBODY = "nobody"
    """It says that no patient is open."""
    SOMEBODY = "somebody"
    """It names a patient: see `Shown.identifier`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a pane was seen to show: read back from the pane itself, not what it was asked to show."""

    state: ShownState
    read_at: datetime
    """When it was read, UTC."""
    identifier: str | None = None
    """The practice's patient number (legacy) or the FHIR id (cloud); only with `ShownState.SOMEBODY`."""
    function: str | None = None
    """The function id, where the pane says it."""
    unsaved: bool = False
    context_token: str | None = None
    """The token of the context in which a page was opened; always None for a legacy program."""
