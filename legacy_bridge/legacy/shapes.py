"""The tables of an EMIS Web bulk extract, version 8.2: names, types, lengths and keys, as data.

A column is `name type`; types are guid, text(characters), date, time, datetime, bool, int, big and decimal.
Only keys are NOT NULL and no reference is enforced, because real data breaks both: free slots have no
patient, and a row may arrive before the row that it points to. GUIDs are unique within an organisation only,
so the organisation is part of the key wherever the table has one.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One table.

    Attributes:
        name: as the extract calls it.
        key: the key's columns; empty for the audit tables, which have none.
        columns: `name type`, separated by commas, in the extract's order.
        is_ours: the extract has no such table; the reference practice needs it all the same.
    """

    name: str
    key: tuple[str, ...]
    columns: str
    is_ours: bool = False


SHAPES = (
    Shape(
        name="Admin_Location",
        key=("LocationGuid",),
        columns="""
        LocationGuid guid, LocationName text(100), LocationTypeDescription text(50),
        ParentLocationGuid guid, OpenDate date, CloseDate date, MainContactName text(200),
        FaxNumber text(100), EmailAddress text(100), PhoneNumber text(100),
        HouseNameFlatNumber text(50), NumberAndStreet text(50), Village text(50), Town text(50),
        County text(50), Postcode text(7), Deleted bool, ProcessingId int
        """,
    ),
    Shape(
        name="Admin_Organisation",
        key=("OrganisationGuid",),
        columns="""
        OrganisationGuid guid, CDB int, OrganisationName text(200), ODSCode text(20),
        ParentOrganisationGuid guid, CCGOrganisationGuid guid, OrganisationType text(50), OpenDate date,
        CloseDate date, MainLocationGuid guid, ProcessingId int
        """,
    ),
    Shape(
        name="Admin_OrganisationLocation",
        key=("OrganisationGuid", "LocationGuid"),
        columns="""
        OrganisationGuid guid, LocationGuid guid, IsMainLocation bool, Deleted bool, ProcessingId int
        """,
    ),
    Shape(
        name="Admin_Patient",
        key=("OrganisationGuid", "PatientGuid"),
        columns="""
        PatientGuid guid, OrganisationGuid guid, UsualGpUserInRoleGuid guid, Sex text(1),
        DateOfBirth date, DateOfDeath date, Title text(50), GivenName text(40), MiddleNames text(256),
        Surname text(100), DateOfRegistration date, NhsNumber text(10), PatientNumber int,
        PatientTypeDescription text(30), DummyType bool, HouseNameFlatNumber text(50),
        NumberAndStreet text(50), Village text(50), Town text(50), County text(50), Postcode text(7),
        ResidentialInstituteCode text(2), NHSNumberStatus text(2), CarerName text(452),
        CarerRelation text(100), PersonGuid guid, DateofDeactivation date, Deleted bool,
        SpineSensitive bool, IsConfidential bool, EmailAddress text(100), HomePhone text(100),
        MobilePhone text(100), ExternalUsualGPGuid guid, ExternalUsualGP text(263),
        ExternalUsualGPOrganisation guid, ContactComments text(200), ProcessingId int
        """,
    ),
    Shape(
        name="Admin_PatientHistory",
        key=("OrganisationGuid", "PatientGuid", "HistoryDate", "HistoryTime", "ProcessingId"),
        columns="""
        PatientGuid guid, OrganisationGuid guid, HistoryDate date, HistoryTime time,
        StatusDescription text(100), ProcessingId int
        """,
    ),
    Shape(
        name="Admin_UserInRole",
        key=("OrganisationGuid", "UserInRoleGuid"),
        columns="""
        UserInRoleGuid guid, OrganisationGuid guid, Title text(50), GivenName text(108),
        Surname text(100), JobCategoryCode text(5), JobCategoryName text(100), ContractStartDate date,
        ContractEndDate date, RegistrationNumber text(50), ProcessingId int
        """,
    ),
    Shape(
        name="Agreements_SharingOrganisation",
        key=("OrganisationGuid",),
        columns="""
        OrganisationGuid guid, IsActivated bool, LastModifiedDate datetime, Disabled bool, Deleted bool
        """,
    ),
    Shape(
        name="Appointment_Session",
        key=("OrganisationGuid", "AppointmentSessionGuid"),
        columns="""
        AppointmentSessionGuid guid, Description text(100), LocationGuid guid,
        SessionTypeDescription text(50), SessionCategoryDisplayName text(100), StartDate date,
        StartTime time, EndDate date, EndTime time, Private bool, OrganisationGuid guid, Deleted bool,
        ProcessingId int
        """,
    ),
    Shape(
        name="Appointment_SessionUser",
        key=("SessionGuid", "UserInRoleGuid"),
        columns="""
        SessionGuid guid, UserInRoleGuid guid, Deleted bool, ProcessingId int
        """,
    ),
    Shape(
        name="Appointment_Slot",
        key=("OrganisationGuid", "SlotGuid"),
        columns="""
        SlotGuid guid, AppointmentDate date, AppointmentStartTime time, PlannedDurationInMinutes int,
        PatientGuid guid, SendInTime time, LeftTime time, DidNotAttend bool, PatientWaitInMin int,
        AppointmentDelayInMin int, ActualDurationInMinutes int, OrganisationGuid guid, SessionGuid guid,
        DnaReasonCodeId big, BookedDate date, BookedTime time, SlotStatus text(20), SlotType text(100),
        IsBookableOnline bool, BookingMethod text(25), ExternalPatientGuid guid,
        ExternalPatientOrganisation guid, ModeOfContact text(200), IsBlocked bool,
        ContextType text(200), ServiceSetting text(200), NationalSlotCategoryName text(200),
        NationalSlotCategoryDescription text(900), Deleted bool, ProcessingId int
        """,
    ),
    Shape(
        name="Audit_PatientAudit",
        key=(),
        columns="""
        ItemGuid guid, PatientGuid guid, OrganisationGuid guid, ModifiedDate date, ModifiedTime time,
        UserInRoleGuid guid, ItemType text(200), ModeType text(100), ProcessingId int
        """,
    ),
    Shape(
        name="Audit_RegistrationAudit",
        key=(),
        columns="""
        PatientGuid guid, OrganisationGuid guid, ModifiedDate date, ModifiedTime time,
        UserInRoleGuid guid, ModeType text(100), ProcessingId int
        """,
    ),
    Shape(
        name="CareRecord_Consultation",
        key=("OrganisationGuid", "ConsultationGuid"),
        columns="""
        ConsultationGuid guid, PatientGuid guid, OrganisationGuid guid, EffectiveDate date,
        EffectiveDatePrecision text(100), EnteredDate date, EnteredTime time,
        ClinicianUserInRoleGuid guid, EnteredByUserInRoleGuid guid, AppointmentSlotGuid guid,
        ConsultationSourceTerm text(200), ConsultationSourceCodeId big, Complete bool,
        ConsultationType text(200), Deleted bool, IsConfidential bool, ProcessingId int
        """,
    ),
    Shape(
        name="CareRecord_Diary",
        key=("OrganisationGuid", "DiaryGuid"),
        columns="""
        DiaryGuid guid, PatientGuid guid, OrganisationGuid guid, EffectiveDate date,
        EffectiveDatePrecision text(100), EnteredDate date, EnteredTime time,
        ClinicianUserInRoleGuid guid, EnteredByUserInRoleGuid guid, CodeId big, OriginalTerm text(200),
        DurationTerm text(50), LocationTypeDescription text(50), Deleted bool, IsConfidential bool,
        IsActive bool, IsComplete bool, ConsultationGuid guid, ProcessingId int
        """,
    ),
    Shape(
        name="CareRecord_Observation",
        key=("OrganisationGuid", "ObservationGuid"),
        columns="""
        ObservationGuid guid, PatientGuid guid, OrganisationGuid guid, EffectiveDate date,
        EffectiveDatePrecision text(100), EnteredDate date, EnteredTime time,
        ClinicianUserInRoleGuid guid, EnteredByUserInRoleGuid guid, ParentObservationGuid guid,
        CodeId big, ProblemGuid guid, ConsultationGuid guid, Value decimal, NumericUnit text(60),
        ObservationType text(20), NumericRangeLow decimal, NumericRangeHigh decimal, DocumentGuid guid,
        Qualifiers text(8000), Abnormal bool, AbnormalReason text(50), Episode text(10), Deleted bool,
        IsConfidential bool, ProcessingId int
        """,
    ),
    Shape(
        name="CareRecord_ObservationReferral",
        key=("OrganisationGuid", "ObservationGuid"),
        columns="""
        ObservationGuid guid, PatientGuid guid, OrganisationGuid guid,
        ReferralTargetOrganisationGuid guid, ReferralUrgency text(50), ReferralServiceType text(100),
        ReferralMode text(100), ReferralReceivedDate date, ReferralReceivedTime time,
        ReferralEndDate date, ReferralSourceId big, ReferralSourceOrganisationGuid guid,
        ReferralUBRN text(12), ReferralReasonCodeId big, ReferringCareProfessionalStaffGroupCodeId big,
        ReferralEpisodeRTTMeasurementTypeId big, ReferralEpisodeClosureDate date,
        ReferralEpisodeDischargeLetterIssuedDate date, ReferralClosureReasonCodeId big,
        TransportRequired bool, ProcessingId int
        """,
    ),
    Shape(
        name="CareRecord_Problem",
        key=("OrganisationGuid", "ObservationGuid"),
        columns="""
        ObservationGuid guid, PatientGuid guid, OrganisationGuid guid,
        ParentProblemObservationGuid guid, Deleted bool, EndDate date, EndDatePrecision text(100),
        ExpectedDuration int, LastReviewDate date, LastReviewDatePrecision text(100),
        LastReviewUserInRoleGuid guid, ParentProblemRelationship text(20),
        ProblemStatusDescription text(50), SignificanceDescription text(20), ProcessingId int
        """,
    ),
    Shape(
        name="Coding_ClinicalCode",
        key=("CodeId",),
        columns="""
        CodeId big, Term text(255), ReadTermId text(200), SnomedCTConceptId big,
        SnomedCTDescriptionId big, NationalCode text(50), NationalCodeCategory text(100),
        NationalDescription text(255), EmisCodeCategoryDescription text(64), ParentCodeID big,
        ProcessingId int
        """,
    ),
    Shape(
        name="Coding_DrugCode",
        key=("CodeId",),
        columns="""
        CodeId big, Term text(255), DmdProductCodeId big, BNFChapterRef text(20), ProcessingId int
        """,
    ),
    Shape(
        name="Prescribing_DrugRecord",
        key=("OrganisationGuid", "DrugRecordGuid"),
        columns="""
        DrugRecordGuid guid, PatientGuid guid, OrganisationGuid guid, EffectiveDate date,
        EffectiveDatePrecision text(100), EnteredDate date, EnteredTime time,
        ClinicianUserInRoleGuid guid, EnteredByUserInRoleGuid guid, CodeId big, Dosage text(400),
        Quantity decimal, QuantityUnit text(60), ProblemObservationGuid guid, PrescriptionType text(20),
        IsActive bool, CancellationDate date, NumberOfIssues int, NumberOfIssuesAuthorised int,
        IsConfidential bool, Deleted bool, ExpiryDate datetime, ProcessingId int
        """,
    ),
    Shape(
        name="Prescribing_IssueRecord",
        key=("OrganisationGuid", "IssueRecordGuid"),
        columns="""
        IssueRecordGuid guid, PatientGuid guid, OrganisationGuid guid, DrugRecordGuid guid,
        EffectiveDate date, EffectiveDatePrecision text(100), EnteredDate date, EnteredTime time,
        ClinicianUserInRoleGuid guid, EnteredByUserInRoleGuid guid, CodeId big, Dosage text(400),
        Quantity decimal, QuantityUnit text(60), ProblemObservationGuid guid, CourseDurationInDays int,
        EstimatedNhsCost decimal, IsConfidential bool, EmisCode text(50), PatientMessage text(8000),
        ScriptPharmacyStamp text(255), Compliance decimal, AverageCompliance decimal,
        IsPrescribedAsContraceptive bool, IsPrivatelyPrescribed bool, PharmacyMessage text(8000),
        PharmacyText text(8000), ConsultationGuid guid, ExpiryDate datetime, ReviewDate datetime,
        IssueMethodDescription text(100), Deleted bool, ProcessingId int
        """,
    ),
    Shape(
        name="Reference_Setting",
        key=("Name",),
        columns="Name text(50), Value text(200)",
        is_ours=True,
    ),
    Shape(
        name="Reference_Task",
        key=("OrganisationGuid", "TaskGuid"),
        columns="""
        TaskGuid guid, OrganisationGuid guid, PatientGuid guid, OwnerUserInRoleGuid guid,
        CreatedByUserInRoleGuid guid, CreatedDate date, CreatedTime time, DueDate date, Subject text(200),
        Body text(8000), Status text(20), Deleted bool
        """,
        is_ours=True,
    ),
    Shape(
        name="Reference_DocumentContent",
        key=("OrganisationGuid", "DocumentGuid"),
        columns="""
        DocumentGuid guid, OrganisationGuid guid, PatientGuid guid, MediaType text(100), Title text(200),
        Content blob, Deleted bool
        """,
        is_ours=True,
    ),
    Shape(
        name="Reference_ResultInbox",
        key=("OrganisationGuid", "ResultGuid"),
        columns="""
        ResultGuid guid, OrganisationGuid guid, PatientGuid guid, ObservationGuid guid,
        RecipientUserInRoleGuid guid, ReceivedDate date, ReceivedTime time, Status text(20),
        FiledByUserInRoleGuid guid, FiledDate date, FiledTime time, Deleted bool
        """,
        is_ours=True,
    ),
)
