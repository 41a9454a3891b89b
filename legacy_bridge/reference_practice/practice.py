"""What a generated practice is called, and when and how large it is."""

import uuid
from dataclasses import dataclass
from datetime import date, time

MORNING = time(10, 12)  # the moment of today's work that a generated day book shows

_NAMESPACE = uuid.UUID("5b1e7a4e-93f0-4f0e-9d0c-6b8f5f1f2a11")


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticePlan:
    """The practice to generate.

    Attributes:
        ods: its ODS code; the Y99 range is not issued to practices that treat people.
        name: its name.
        today: the day around which sessions lie.
        patients: how many people are registered.
        seed: the same seed gives the same practice.
        density: how full records are: 1 as in a practice of old, 0 a handful of entries each.
        name_prefix: put before every family name; TEST- in training.
        first_number: the first of the practice's own patient numbers.
    """

    ods: str
    name: str
    today: date
    patients: int = 200
    seed: int = 1
    density: float = 0.0
    name_prefix: str = ""
    first_number: int = 104001

    def guid(self, *parts: object) -> str:
        """A GUID that is the same for the same practice, seed and parts."""
        words = "/".join(str(part) for part in (self.ods, self.seed, *parts))
        return guid_text(uuid.uuid5(_NAMESPACE, words))


def guid_text(value: uuid.UUID) -> str:
    """A GUID as the legacy database writes it."""
    return "{" + str(value).upper() + "}"
