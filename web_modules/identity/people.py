"""The people of a practice, and those whom the development sign-in knows."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person does at the practice."""

    GP = "gp"
    NURSE = "nurse"
    PHARMACIST = "pharmacist"
    RECEPTIONIST = "receptionist"
    PRACTICE_MANAGER = "practice-manager"
    PRIVACY_OFFICER = "privacy-officer"
    IT = "it"
    TRAINER = "trainer"

    @property
    def words(self) -> str:
        """For a person to read."""
        return {"gp": "GP", "it": "IT"}.get(self.value, self.value.replace("-", " ").capitalize())


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who is signed in.

    Attributes:
        id: stays the same from day to day, such as `priya.nair`.
        name: as shown.
        role: at this practice.
        registration: system and number of the professional registration, parted by `|`, or empty.
    """

    id: str
    name: str
    role: Role
    registration: str = ""


DEVELOPMENT_PEOPLE: tuple[Person, ...] = (
    Person(
        id="priya.nair",
        name="Dr Priya Nair",
        role=Role.GP,
        registration="https://fhir.hl7.org.uk/Id/gmc-number|7076397",
    ),
    Person(id="dawn.hartley", name="Dawn Hartley", role=Role.RECEPTIONIST),
    Person(id="marion.webb", name="Marion Webb", role=Role.PRACTICE_MANAGER),
    Person(id="sam.iqbal", name="Sam Iqbal", role=Role.IT),
    Person(id="leigh.marsden", name="Leigh Marsden", role=Role.TRAINER),
    Person(id="ruth.adeyemi", name="Ruth Adeyemi", role=Role.PRIVACY_OFFICER),
)
"""Nobody real; the development sign-in asks for no password and is not offered in a live environment."""
