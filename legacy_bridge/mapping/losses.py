"""What the bridge does not carry, column by column, and why: the other side of the mappings, as data."""

from collections.abc import Collection, Mapping

_KEY = "names the row; the resource says it as its identifier"
_OWN = "numbers the row for the legacy program's own deliveries"
_PRACTICE = "is the practice, which the whole server is for"
_OF_THE_PRACTICE = "describes the practice, whose own list is the legacy program's"
_RESERVED = "reserved by the publisher, never filled"
_COUNTED = "is worked out by the legacy program"

NOT_CARRIED: Mapping[str, Mapping[str, str]] = {
    "Admin_Organisation": {
        "OrganisationGuid": _KEY,
        "CDB": "numbers the practice's database at its publisher",
        "ParentOrganisationGuid": _OF_THE_PRACTICE,
        "CCGOrganisationGuid": _OF_THE_PRACTICE,
        "OpenDate": _OF_THE_PRACTICE,
        "CloseDate": _OF_THE_PRACTICE,
        "MainLocationGuid": _OF_THE_PRACTICE,
        "ProcessingId": _OWN,
    },
    "Admin_Location": {
        "ParentLocationGuid": _OF_THE_PRACTICE,
        "OpenDate": _OF_THE_PRACTICE,
        "CloseDate": _OF_THE_PRACTICE,
        "MainContactName": _OF_THE_PRACTICE,
        "ProcessingId": _OWN,
    },
    "Admin_UserInRole": {"ProcessingId": _OWN},
    "Admin_Patient": {
        "PatientGuid": _KEY,
        "OrganisationGuid": _PRACTICE,
        "UsualGpUserInRoleGuid": "read from the usual GP's own row: only one of this practice is carried",
        "NHSNumberStatus": "never filled by the publisher; the number's own check is said instead",
        "PersonGuid": "names the person across practices, at the publisher only",
        "ProcessingId": _OWN,
    },
    "Appointment_Session": {
        "AppointmentSessionGuid": _KEY,
        "LocationGuid": "read from the site's own row: only one of this practice is carried",
        "OrganisationGuid": _PRACTICE,
        "ProcessingId": _OWN,
    },
    "Appointment_Slot": {
        "SlotGuid": _KEY,
        "SendInTime": "the legacy program measures waiting by it",
        "LeftTime": "the legacy program measures waiting by it",
        "PatientWaitInMin": _COUNTED,
        "AppointmentDelayInMin": _COUNTED,
        "ActualDurationInMinutes": _COUNTED,
        "OrganisationGuid": _PRACTICE,
        "BookingMethod": "says by which of its own screens the legacy program booked",
        "ExternalPatientOrganisation": "another practice's patient: the slot is taken, and names nobody",
        "NationalSlotCategoryDescription": "explains the category, whose name is carried",
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

NOT_MIRRORED: Mapping[str, str] = {
    "Admin_OrganisationLocation": "says which locations are the practice's: only those are carried",
    "Admin_PatientHistory": "what happened to a registration; how it stands now is carried with the patient",
    "Agreements_SharingOrganisation": "the practice's agreements with the publisher of the extract",
    "Appointment_SessionUser": "is carried as the people of a session",
    "Audit_PatientAudit": "who touched what in the legacy program; the bridge keeps an audit log of its own",
    "Audit_RegistrationAudit": "who registered whom in the legacy program; likewise",
    "Coding_ClinicalCode": "the list of codes: each record carries the names of its own",
    "Coding_DrugCode": "the list of drugs: likewise",
    "Reference_DocumentContent": "is carried with the document that names it, and is made with it",
    "Reference_ResultInbox": "who has yet to file a result: how the legacy program works; no extract has it",
    "Reference_Setting": "the settings of the reference practice, not of a legacy program",
    "Reference_Task": "what staff ask of one another; only the reference practice has it",
}
"""Tables that are no records of their own; those that begin with `Reference_` are no part of an extract."""

ALTERED: tuple[tuple[str, str], ...] = (
    ("EffectiveDatePrecision YMDT", "the column beside it holds a date alone: carried as that day"),
    ("1899-12-31", "is the legacy program's word for no date: no date is carried"),
    ("EnteredTime that did not exist", "the clocks had gone forward: carried as the moment an hour later"),
    ("NumericUnit without a Value", "a unit alone says nothing: it stays in legacy"),
    ("a problem of an allergy", "the allergy is carried; its status and significance stay in legacy"),
    ("a time of day on the cloud", "of a record's date: it stays on the cloud, legacy holds the day"),
    ("a document that is edited on the cloud", "its content, type and title are legacy's: listed whole"),
    (
        "a document from the cloud",
        "one finished content of up to 16 MB, in it or beside it; others are listed",
    ),
    ("what a document from the cloud is called", "its own identifier stays there; legacy has a GUID"),
    (
        "CancellationDate of a drug that is active",
        "of an earlier time: no date is carried",
    ),
    (
        "who stopped a drug, and why",
        "legacy has the day only: the cloud keeps both",
    ),
    ("an issue that is ended on the cloud", "legacy has no word for it: it is listed, as drafts are"),
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
        "| table | why it is no record of its own |",
        "|---|---|",
        *(f"| {table} | {why} |" for table, why in NOT_MIRRORED.items()),
        "",
        "| what | how |",
        "|---|---|",
        *(f"| {what} | {how} |" for what, how in ALTERED),
        "",
    ]
    return "\n".join(lines)
