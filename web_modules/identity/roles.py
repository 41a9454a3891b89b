"""What each role may do and see: one table."""

from dataclasses import dataclass, replace

from web_modules.decision.words import Environment
from web_modules.fhir_store.access import (
    ADDING_TO_AUDIT,
    ANY_TYPE,
    EVERYTHING,
    FULL_GRANTS,
    READING,
    READING_AUDIT,
    RESTRICTED_LABELS,
    Grant,
    Interaction,
)
from web_modules.identity.people import Role

_ADMINISTRATIVE = (
    "Appointment AppointmentResponse Communication Coverage HealthcareService Location Organization Patient "
    "Practitioner PractitionerRole RelatedPerson Schedule Slot"
).split()
_TECHNICAL = (
    "Basic Device Endpoint HealthcareService Location Organization Practitioner PractitionerRole Schedule "
    "SearchParameter StructureDefinition Subscription"
).split()
"""What says nothing of any patient: enough to run the practice's systems."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a role brings.

    Attributes:
        grants: what may be done.
        clearance: confidentiality codes beyond N.
        needs_relationship: whether that clearance holds only for patients with whom there is a legitimate
            relationship.
    """

    grants: tuple[Grant, ...] = ()
    clearance: frozenset[str] = frozenset()
    needs_relationship: bool = True


_READING_ALL = Grant(resource_type=ANY_TYPE, interactions=READING)
_CLINICAL = Rights(grants=(*FULL_GRANTS, ADDING_TO_AUDIT), clearance=RESTRICTED_LABELS)
_OFFICE = Rights(
    grants=(
        _READING_ALL,
        *(Grant(resource_type=one, interactions=EVERYTHING) for one in _ADMINISTRATIVE),
        # what a Task asks of a clinician is not the office's to answer
        Grant(resource_type="Task", interactions=EVERYTHING, query=(("performer:missing", "true"),)),
    )
)
_NOTHING = Rights()

RIGHTS: dict[Role, Rights] = {
    Role.GP: _CLINICAL,
    Role.NURSE: _CLINICAL,
    Role.PHARMACIST: _CLINICAL,
    Role.RECEPTIONIST: _OFFICE,
    Role.PRACTICE_MANAGER: _OFFICE,
    Role.PRIVACY_OFFICER: Rights(
        grants=(READING_AUDIT,), clearance=RESTRICTED_LABELS, needs_relationship=False
    ),
    Role.IT: Rights(grants=tuple(Grant(resource_type=one, interactions=READING) for one in _TECHNICAL)),
    Role.TRAINER: replace(_CLINICAL, needs_relationship=False),
}
"""By role. A trainer has these in the training environment only, see `rights_of`."""


def may_decide_clinically(role: Role, environment: Environment) -> bool:
    """Whether a role may write the clinical record."""
    return any(
        grant.resource_type == ANY_TYPE and Interaction.UPDATE in grant.interactions
        for grant in rights_of(role, environment).grants
    )


def rights_of(role: Role, environment: Environment) -> Rights:
    """What a role may do in an environment."""
    if role is Role.TRAINER and environment is not Environment.TRAINING:
        return _NOTHING
    return RIGHTS[role]
