"""The words of the rollout: functions, stages, views, sides."""

from enum import Enum


class Function(Enum):
    """Something a practice does that can move by itself."""

    PATIENTS = "patients"
    APPOINTMENTS = "appointments"
    CONSULTATIONS = "consultations"
    PRESCRIBING = "prescribing"
    RESULTS = "results"
    DOCUMENTS = "documents"
    REFERRALS = "referrals"
    TASKS = "tasks"
    ORGANISATION = "organisation"


class Stage(Enum):
    """How far a function has moved at a practice, in order."""

    LEGACY = "legacy"
    MIRROR = "mirror"
    TRIAL = "trial"
    LEAD = "lead"
    RAMPDOWN = "rampdown"
    COMPLETE = "complete"

    @property
    def step(self) -> int:
        """1 for legacy to 6 for complete: the pips of the rail."""
        return list(Stage).index(self) + 1


class View(Enum):
    """What a person sees of a function."""

    LEGACY = "legacy"
    SIDE_BY_SIDE = "side by side"
    NEW = "new"


class Authority(Enum):
    """The side that leads: whose value stands when both changed an administrative field."""

    LEGACY = "legacy"
    CLOUD = "cloud"


class Environment(Enum):
    """Where a program runs; programs of different environments refuse each other."""

    LIVE = "live"
    REFERENCE = "reference"
    TRAINING = "training"
