"""The identifier systems and extension addresses by which both sides recognise things."""

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ODS_CODE = "https://fhir.nhs.uk/Id/ods-organization-code"
SDS_JOB_ROLE = "https://fhir.hl7.org.uk/CodeSystem/UKCore-SDSJobRoleName"
NHS_NUMBER_STATUS_EXTENSION = (
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"
)
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
RESTORE_EPOCH = "https://banyan.example/CodeSystem/restore-epoch"
"""Of the tag on every history of our store that is another one after a backup was restored."""


def patient_number(ods: str) -> str:
    """The system of a practice's own patient numbers, which its legacy program shows in its title."""
    return f"https://banyan.example/Id/{ods}/patient-number"


def legacy_key(ods: str, table: str) -> str:
    """The system of a legacy table's keys at one practice; values are GUIDs, lower case, without braces."""
    return f"https://banyan.example/Id/{ods}/legacy/{table}"
