"""Which mapping serves which kind of record: an explicit list."""

from collections.abc import Mapping

from legacy_bridge.mapping.clinical.allergy import ALLERGY
from legacy_bridge.mapping.clinical.condition import CONDITION
from legacy_bridge.mapping.clinical.consultation import CONSULTATION
from legacy_bridge.mapping.clinical.diary import DIARY
from legacy_bridge.mapping.clinical.document import DOCUMENT
from legacy_bridge.mapping.clinical.history import FAMILY_HISTORY, IMMUNIZATION, PROCEDURE
from legacy_bridge.mapping.clinical.medication import ISSUE, MEDICATION
from legacy_bridge.mapping.clinical.observation import OBSERVATION, REPORT
from legacy_bridge.mapping.clinical.request import REFERRAL, TEST_REQUEST
from legacy_bridge.mapping.location import LOCATION
from legacy_bridge.mapping.organization import ORGANIZATION
from legacy_bridge.mapping.patient import patient_mapping
from legacy_bridge.mapping.practitioner import PRACTITIONER
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.mapping.schedule import SESSION
from legacy_bridge.mapping.slot import SLOT
from legacy_bridge.records import Kind


def catalogue(ods: str) -> Mapping[Kind, ResourceMapping]:
    """The mappings of one practice, parents before children."""
    mappings = (
        ORGANIZATION,
        LOCATION,
        PRACTITIONER,
        patient_mapping(ods),
        SESSION,
        SLOT,
        CONSULTATION,
        CONDITION,
        ALLERGY,
        OBSERVATION,
        REPORT,
        IMMUNIZATION,
        FAMILY_HISTORY,
        PROCEDURE,
        TEST_REQUEST,
        REFERRAL,
        DOCUMENT,
        DIARY,
        MEDICATION,
        ISSUE,
    )
    return {one.kind: one for one in mappings}
