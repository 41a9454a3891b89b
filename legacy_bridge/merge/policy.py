"""What happens when both sides changed the same thing: decided by a rule, or asked.

Fields that only make sense together form a unit: an address is never put together from two, a person's name
neither. What says who somebody is, or who is booked, is asked; contact and administrative things follow the
side that leads; what the bridge cannot write follows the legacy program.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from legacy_bridge.records import Kind


class Policy(Enum):
    """Who decides when both sides changed a unit to different values."""

    AUTHORITY = "authority"  # the side that leads, by the function's stage
    ASK = "ask"  # a person; both values are kept until then
    LEGACY = "legacy"  # the legacy program: the bridge does not write these


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Fields that travel and are decided together.

    Attributes:
        name: the unit's name, in lists of conflicts.
        fields: its fields.
        policy: who decides.
        ask_on: a difference in one of these is asked, if the side that may not change it has.
        is_barrier: any difference is asked, also where only one side has changed anything.
        is_in_form: it is saved with a form, which may put it back; a booking is made and ended by itself.
    """

    name: str
    fields: tuple[str, ...]
    policy: Policy
    ask_on: tuple[str, ...] = ()
    is_barrier: bool = False
    is_in_form: bool = True


def _alone(policy: Policy, *names: str) -> tuple[Unit, ...]:
    return tuple(Unit(name=name, fields=(name,), policy=policy) for name in names)


_ADDRESS = Unit(
    name="address",
    fields=(
        "address_flat",
        "address_street",
        "address_village",
        "address_town",
        "address_county",
        "address_postcode",
    ),
    policy=Policy.AUTHORITY,
)

_ENTRY = (
    *_alone(Policy.ASK, "code", "date", "qualifiers", "episode"),
    Unit(name="value", fields=("value", "range_low", "range_high"), policy=Policy.ASK),
    Unit(name="abnormal", fields=("abnormal", "abnormal_reason"), policy=Policy.ASK),
    *_alone(Policy.ASK, "consultation", "problem"),
    *_alone(Policy.LEGACY, "patient", "parent", "document", "entered", "clinician", "entered_by"),
)
"""Whose record it is, what it stands below, and who entered it when: those follow the legacy program."""
_BLOOD_PRESSURE = Unit(
    name="blood_pressure",
    fields=(
        *("systolic", "systolic_code", "systolic_range_low", "systolic_range_high"),
        *("systolic_abnormal", "systolic_abnormal_reason"),
        *("diastolic", "diastolic_code", "diastolic_range_low", "diastolic_range_high"),
        *("diastolic_abnormal", "diastolic_abnormal_reason"),
    ),
    policy=Policy.ASK,
)
"""One reading is never put together from two sides."""
_PRESCRIBED = (
    Unit(name="drug", fields=("code", "dosage", "quantity"), policy=Policy.ASK),
    *_alone(Policy.ASK, "date", "problem", "expires"),
    *_alone(Policy.LEGACY, "patient", "entered", "clinician", "entered_by"),
)
"""A drug, its dose and its quantity are never put together from two sides."""

UNITS: Mapping[Kind, tuple[Unit, ...]] = {
    Kind.ORGANIZATION: (*_alone(Policy.LEGACY, "ods", "type"), *_alone(Policy.AUTHORITY, "name")),
    Kind.LOCATION: (
        *_alone(Policy.AUTHORITY, "name", "phone", "fax", "email"),
        _ADDRESS,
        *_alone(Policy.LEGACY, "type", "organization"),
    ),
    Kind.PRACTITIONER: (
        Unit(name="name", fields=("title", "given", "family"), policy=Policy.AUTHORITY),
        *_alone(
            Policy.LEGACY,
            "registration",
            "job_code",
            "job",
            "contract_start",
            "contract_end",
            "organization",
        ),
    ),
    Kind.PATIENT: (
        Unit(name="name", fields=("title", "given", "middle", "family"), policy=Policy.ASK),
        *_alone(Policy.ASK, "nhs_number", "sex", "birth_date", "death_date"),
        _ADDRESS,
        *_alone(Policy.AUTHORITY, "home_phone", "mobile_phone", "email", "general_practitioner"),
        Unit(name="carer", fields=("carer", "carer_relation"), policy=Policy.AUTHORITY),
        *_alone(Policy.AUTHORITY, "contact_comments"),
        *_alone(Policy.LEGACY, "patient_number", "registered", "registration_type", "dummy"),
        Unit(name="merged", fields=("active", "merged_into"), policy=Policy.LEGACY, ask_on=("merged_into",)),
        *_alone(Policy.LEGACY, "residential_institute"),
        *_alone(Policy.LEGACY, "other_gp", "other_gp_id", "other_gp_organisation"),
    ),
    Kind.SESSION: (
        *_alone(Policy.AUTHORITY, "description"),
        *_alone(Policy.LEGACY, "type", "category", "private", "start", "end", "people", "site"),
    ),
    Kind.SLOT: (
        *_alone(Policy.LEGACY, "session", "start", "minutes", "type", "mode"),
        *_alone(Policy.LEGACY, "online", "context", "setting", "national_category", "dna_reason"),
        Unit(
            name="booking",
            fields=("availability", "patient", "term", "booked_at"),
            policy=Policy.AUTHORITY,
            ask_on=("patient",),
            is_in_form=False,
        ),
    ),
    Kind.CONSULTATION: (
        *_alone(Policy.ASK, "date", "style", "complete"),
        Unit(name="source", fields=("source", "source_term"), policy=Policy.ASK),
        *_alone(Policy.LEGACY, "patient", "entered", "clinician", "entered_by", "slot"),
    ),
    Kind.CONDITION: (
        *_ENTRY,
        Unit(name="status", fields=("status", "end"), policy=Policy.ASK),
        *_alone(Policy.ASK, "significance", "expected_days", "reviewed", "reviewed_by"),
        *_alone(Policy.ASK, "parent_problem", "parent_relationship"),
        *_alone(Policy.LEGACY, "is_problem"),
    ),
    Kind.ALLERGY: (*_ENTRY, *_alone(Policy.ASK, "doubt")),
    Kind.OBSERVATION: (*_ENTRY, *_alone(Policy.LEGACY, "members"), _BLOOD_PRESSURE),
    Kind.REPORT: (*_ENTRY, *_alone(Policy.LEGACY, "members")),
    Kind.IMMUNIZATION: _ENTRY,
    Kind.FAMILY_HISTORY: _ENTRY,
    Kind.PROCEDURE: _ENTRY,
    Kind.TEST_REQUEST: _ENTRY,
    Kind.REFERRAL: (
        *_ENTRY,
        *_alone(Policy.ASK, "urgency", "service", "mode", "ubrn", "transport"),
        *_alone(Policy.LEGACY, "target"),
    ),
    Kind.DOCUMENT: (*_ENTRY, *_alone(Policy.LEGACY, "title", "media_type", "content")),
    Kind.DIARY: (
        Unit(name="code", fields=("code", "term"), policy=Policy.ASK),
        Unit(name="status", fields=("complete", "inactive"), policy=Policy.ASK),
        *_alone(Policy.ASK, "date", "duration", "place", "consultation"),
        *_alone(Policy.LEGACY, "patient", "entered", "clinician", "entered_by"),
    ),
    Kind.MEDICATION: (
        *_PRESCRIBED,
        Unit(name="over", fields=("over", "cancelled"), policy=Policy.ASK),
        *_alone(Policy.ASK, "type", "issues", "issues_authorised"),
    ),
    Kind.ISSUE: (
        *_PRESCRIBED,
        *_alone(Policy.ASK, "course_days", "patient_message", "pharmacy_message", "pharmacy_text", "review"),
        *_alone(Policy.ASK, "contraceptive", "private", "consultation"),
        *_alone(Policy.LEGACY, "plan", "cost", "emis_code", "pharmacy_stamp", "method"),
        *_alone(Policy.LEGACY, "compliance", "average_compliance"),
    ),
}

IDENTITY = Unit(
    name="identity",
    fields=(
        *("nhs_number", "title", "given", "middle", "family", "sex", "birth_date"),
        *_ADDRESS.fields,
        *("home_phone", "mobile_phone", "email"),
    ),
    policy=Policy.ASK,
    is_barrier=True,
)
"""Who somebody is and how they are reached, where a side says of a patient that they are somebody else."""


def fields_of(kind: Kind, unit: str) -> tuple[str, ...]:
    """The fields of a unit, by its name; none of what is about a record as a whole."""
    units = (*UNITS[kind], IDENTITY) if kind is Kind.PATIENT else UNITS[kind]
    return next((one.fields for one in units if one.name == unit), ())


_WORDS = {
    Policy.AUTHORITY: "the side that leads",
    Policy.ASK: "a person is asked",
    Policy.LEGACY: "the legacy program",
}
_PAGE = """# Who wins when both sides changed the same thing

Made from `merge/policy.py`; a test compares it. The fields of one line travel and are decided together. The
value that loses is listed all the same (`banyan-bridge conflicts --decided`). Whatever the line says, a
person is asked where a form that was saved late put an old value back, where one side deleted what the other
changed, and where legacy came back from a backup and somebody may have edited the row since. And where a side
says all at once that a patient is somebody else (two of NHS number, given and family name, date of birth and
sex are others), nothing of names, NHS number, date of birth, sex, address and telephones travels until a
person has decided.

| record | fields | who wins |
|---|---|---|
"""


def who_wins() -> str:
    """The page that says it, field by field."""
    lines = [
        f"| {kind.value} | {', '.join(unit.fields)} | {_WORDS[unit.policy]}{_asked(unit)} |\n"
        for kind, units in UNITS.items()
        for unit in units
    ]
    return _PAGE + "".join(lines)


def _asked(unit: Unit) -> str:
    return f"; a person is asked when {', '.join(unit.ask_on)} differs" if unit.ask_on else ""
