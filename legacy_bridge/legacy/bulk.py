"""Says what a bulk must hold: a practice that is filled for the first time keeps nothing to fall back on."""

from sqlalchemy import Table

LATER_COLUMNS = {
    "Admin_Patient": ("ContactComments",),
    "Admin_UserInRole": ("RegistrationNumber",),
    "Appointment_Slot": (
        *("BookedDate", "BookedTime", "SlotStatus", "SlotType", "IsBookableOnline", "BookingMethod"),
        *("ExternalPatientGuid", "ExternalPatientOrganisation", "ModeOfContact", "IsBlocked", "ContextType"),
        *("ServiceSetting", "NationalSlotCategoryName", "NationalSlotCategoryDescription"),
    ),
    "CareRecord_Consultation": ("ConsultationType",),
    "CareRecord_Observation": ("Qualifiers", "Abnormal", "AbnormalReason", "Episode"),
    "CareRecord_ObservationReferral": ("TransportRequired",),
    "Coding_DrugCode": ("BNFChapterRef",),
    "Prescribing_DrugRecord": ("ExpiryDate",),
    "Prescribing_IssueRecord": (
        *("EmisCode", "PatientMessage", "ScriptPharmacyStamp", "Compliance", "AverageCompliance"),
        *("IsPrescribedAsContraceptive", "IsPrivatelyPrescribed", "PharmacyMessage", "PharmacyText"),
        *("ConsultationGuid", "ExpiryDate", "ReviewDate", "IssueMethodDescription"),
    ),
}
"""Columns that came with version 8.0 or later: a bulk of an earlier version lacks them."""


def demanded_columns(table: Table) -> tuple[str, ...]:
    """The columns that every version of a table's file has."""
    later = LATER_COLUMNS.get(table.name, ())
    return tuple(str(column.name) for column in table.columns if column.name not in later)
