"""Code maps, each with its way back; the original legacy term is kept beside every mapped code."""

from collections.abc import Mapping

ORIGINAL_TERM = "https://banyan.example/StructureDefinition/legacy-term"
"""Extension (string): the legacy program's own word for what the element says in FHIR's."""

SEX_TO_GENDER: Mapping[str, str] = {"M": "male", "F": "female", "I": "other", "U": "unknown"}
GENDER_TO_SEX: Mapping[str, str] = {gender: sex for sex, gender in SEX_TO_GENDER.items()}
OTHER_SEX_GENDER = "unknown"  # a letter that the extract does not define

AVAILABLE = "Slot Available"
BOOKED = "Booked"
CANCELLED_BY_PATIENT = "Cancelled by Patient"
DID_NOT_ATTEND = "DNA"

TERM_TO_STATUS: Mapping[str, str] = {
    BOOKED: "booked",
    "Arrived": "arrived",
    "Sent In": "checked-in",
    "Left": "fulfilled",
    DID_NOT_ATTEND: "noshow",
    CANCELLED_BY_PATIENT: "cancelled",
}
STATUS_TO_TERM: Mapping[str, str] = {
    **{status: term for term, status in TERM_TO_STATUS.items()},
    "proposed": BOOKED,
    "pending": BOOKED,
    "waitlist": BOOKED,
}
OTHER_TERM_STATUS = "booked"  # a term that the extract does not define: somebody is in the slot
INACTIVE_STATUSES = frozenset({"cancelled", "entered-in-error"})

GMC_NUMBER = "https://fhir.hl7.org.uk/Id/gmc-number"
DOCTOR_JOB_CODES = frozenset({"R0260", "R0050", "R0100", "R0270"})
"""SDS job roles whose registration number is the General Medical Council's: GPs, consultants, registrars."""

NHS_NUMBER_STATUS_SYSTEM = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland"
NHS_NUMBER_STATUS: Mapping[str, str] = {
    "01": "Number present and verified",
    "02": "Number present but not traced",
}
NHS_NUMBER_NOT_TRACED = "02"  # the extract does not say that a number was traced, so neither do we
DELIVERY_CHANNEL = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeliveryChannel"
DELIVERY_CHANNEL_SYSTEM = "https://fhir.hl7.org.uk/CodeSystem/UKCore-DeliveryChannel"
MODE_TO_CHANNEL: Mapping[str, str] = {"In person": "In-person", "Telephone": "Telephone", "Video": "Video"}


def gender_of(sex: str) -> str:
    """The FHIR administrative gender of a legacy sex letter."""
    return SEX_TO_GENDER.get(sex, OTHER_SEX_GENDER)


def status_of(term: str) -> str:
    """The FHIR appointment status of a legacy slot status."""
    return TERM_TO_STATUS.get(term, OTHER_TERM_STATUS)
