"""What the bridge does not carry, column by column, and why: the other side of the mappings, as data."""

from collections.abc import Collection, Mapping

_KEY = "names the row; the resource says it as its identifier"
_OWN = "numbers the row for the legacy program's own deliveries"
_PRACTICE = "is the practice, which the whole server is for"
_LATER = "not mapped yet; it stays in legacy as it is"
_RESERVED = "reserved by the publisher, never filled"
_COUNTED = "is worked out by the legacy program"

NOT_CARRIED: Mapping[str, Mapping[str, str]] = {
    "Admin_Organisation": {
        "OrganisationGuid": _KEY,
        "CDB": "numbers the practice's database at its publisher",
        "ParentOrganisationGuid": _LATER,
        "CCGOrganisationGuid": _LATER,
        "OpenDate": _LATER,
        "CloseDate": _LATER,
        "MainLocationGuid": _LATER,
        "ProcessingId": _OWN,
    },
    "Admin_Location": {
        "ParentLocationGuid": _LATER,
        "OpenDate": _LATER,
        "CloseDate": _LATER,
        "MainContactName": _LATER,
        "ProcessingId": _OWN,
    },
    "Admin_UserInRole": {"ProcessingId": _OWN},
    "Admin_Patient": {
        "PatientGuid": _KEY,
        "OrganisationGuid": _PRACTICE,
        "UsualGpUserInRoleGuid": "read from the usual GP's own row: only one of this practice is carried",
        "DateOfRegistration": _LATER,
        "PatientTypeDescription": _LATER,
        "DummyType": _LATER,
        "ResidentialInstituteCode": _LATER,
        "NHSNumberStatus": "never filled by the publisher; the number's own check is said instead",
        "CarerName": _LATER,
        "CarerRelation": _LATER,
        "PersonGuid": "names the person across practices, at the publisher only",
        "ExternalUsualGPGuid": _LATER,
        "ExternalUsualGP": _LATER,
        "ExternalUsualGPOrganisation": _LATER,
        "ContactComments": _LATER,
        "ProcessingId": _OWN,
    },
    "Appointment_Session": {
        "AppointmentSessionGuid": _KEY,
        "LocationGuid": "read from the site's own row: only one of this practice is carried",
        "Private": _LATER,
        "OrganisationGuid": _PRACTICE,
        "ProcessingId": _OWN,
    },
    "Appointment_Slot": {
        "SlotGuid": _KEY,
        "SendInTime": _LATER,
        "LeftTime": _LATER,
        "PatientWaitInMin": _COUNTED,
        "AppointmentDelayInMin": _COUNTED,
        "ActualDurationInMinutes": _COUNTED,
        "OrganisationGuid": _PRACTICE,
        "DnaReasonCodeId": _LATER,
        "IsBookableOnline": _LATER,
        "BookingMethod": _LATER,
        "ExternalPatientOrganisation": "another practice's patient: the slot is taken, and names nobody",
        "ContextType": _LATER,
        "ServiceSetting": _LATER,
        "NationalSlotCategoryName": _LATER,
        "NationalSlotCategoryDescription": _LATER,
        "ProcessingId": _OWN,
    },
    "CareRecord_Consultation": {
        "ConsultationGuid": _KEY,
        "OrganisationGuid": _PRACTICE,
        "ProcessingId": _OWN,
    },
    "CareRecord_Observation": {
        "OrganisationGuid": _PRACTICE,
        "ParentObservationGuid": "read from the parent's own row; a panel or report names its results",
        "ObservationType": "says, with the code's category, which resource the entry becomes",
        "ProcessingId": _OWN,
    },
    "CareRecord_Problem": {
        "ObservationGuid": _KEY,
        "PatientGuid": "is the entry's",
        "OrganisationGuid": _PRACTICE,
        "Deleted": "a problem that is deleted no longer extends its entry",
        "ProcessingId": _OWN,
    },
    "CareRecord_ObservationReferral": {
        "ObservationGuid": _KEY,
        "PatientGuid": "is the entry's",
        "OrganisationGuid": _PRACTICE,
        "ReferralReceivedDate": _RESERVED,
        "ReferralReceivedTime": _RESERVED,
        "ReferralEndDate": _RESERVED,
        "ReferralSourceId": _RESERVED,
        "ReferralSourceOrganisationGuid": _RESERVED,
        "ReferralReasonCodeId": _RESERVED,
        "ReferringCareProfessionalStaffGroupCodeId": _RESERVED,
        "ReferralEpisodeRTTMeasurementTypeId": _RESERVED,
        "ReferralEpisodeClosureDate": _RESERVED,
        "ReferralEpisodeDischargeLetterIssuedDate": _RESERVED,
        "ReferralClosureReasonCodeId": _RESERVED,
        "ProcessingId": _OWN,
    },
    "CareRecord_Diary": {"DiaryGuid": _KEY, "OrganisationGuid": _PRACTICE, "ProcessingId": _OWN},
    "Prescribing_DrugRecord": {"DrugRecordGuid": _KEY, "OrganisationGuid": _PRACTICE, "ProcessingId": _OWN},
    "Prescribing_IssueRecord": {"IssueRecordGuid": _KEY, "OrganisationGuid": _PRACTICE, "ProcessingId": _OWN},
}

ALTERED: tuple[tuple[str, str], ...] = (
    ("EffectiveDatePrecision YMDT", "the column beside it holds a date alone: carried as that day"),
    ("1899-12-31", "is the legacy program's word for no date: no date is carried"),
    ("EnteredTime that did not exist", "the clocks had gone forward: carried as the moment an hour later"),
    ("NumericUnit without a Value", "a unit alone says nothing: it stays in legacy"),
    ("a problem of an allergy", "the allergy is carried; its status and significance stay in legacy"),
    ("a time of day on the cloud", "of a record's date: it stays on the cloud, legacy holds the day"),
    ("a document from the cloud", "the legacy program takes documents from its own scanner: it is listed"),
    ("what only FHIR can say", "reactions, notes, body sites: they stay on the cloud"),
)
"""What is carried otherwise than it stands, or on one side only."""


def does_not_survive(tables: Collection[str]) -> str:
    """The page of it, for people.

    Args:
        tables: the mapped tables, in order.
    """
    lines = [
        "# What does not survive",
        "",
        "Made from `mapping/losses.py`, which a test compares with what the mappings really read.",
        "",
        "| table | column | why |",
        "|---|---|---|",
        *(
            f"| {table} | {column} | {why} |"
            for table in tables
            for column, why in NOT_CARRIED.get(table, {}).items()
        ),
        "",
        "| what | how |",
        "|---|---|",
        *(f"| {what} | {how} |" for what, how in ALTERED),
        "",
    ]
    return "\n".join(lines)
