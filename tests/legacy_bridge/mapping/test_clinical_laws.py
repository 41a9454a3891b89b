"""Laws of the clinical mappings: what is written is read back, digit for digit; what is not mapped stays."""

import json
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legacy_bridge.mapping.catalogue import catalogue
from legacy_bridge.mapping.clinical.fields import quantity_element, quantity_of
from legacy_bridge.mapping.resource import CloudContext
from legacy_bridge.merge.policy import UNITS
from legacy_bridge.records import (
    CLINICAL,
    ENTRIES,
    CloudContent,
    Coded,
    Kind,
    LinkKey,
    Quantity,
    RowGroup,
    Value,
    value_from_json,
    value_to_json,
)
from legacy_bridge.sides.codes import CodeBook, CodeRow
from legacy_bridge.sides.links import Link, References
from legacy_bridge.sides.writes import RowChange
from web_modules.fhir.resource_json import parse, serialise

LAW = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine it is
ODS = "Y99002"
MAPPINGS = catalogue(ODS)
OWN = "1858f0d1-0000-4000-8000-000000000001"


def _link(kind: Kind, last: int) -> LinkKey:
    return LinkKey(kind=kind, key=f"1858f0d1-0000-4000-8000-{last:012}")


def _guid(link: LinkKey) -> str:
    return "{" + link.key.upper() + "}"


PATIENT, DOCTOR, OTHER = _link(Kind.PATIENT, 2), _link(Kind.PRACTITIONER, 3), _link(Kind.PRACTITIONER, 4)
VISIT, PROBLEM, RESULT = _link(Kind.CONSULTATION, 5), _link(Kind.CONDITION, 6), _link(Kind.OBSERVATION, 7)
PLAN = LinkKey(kind=Kind.MEDICATION, key="1858f0d1-0000-4000-8000-00000000000a")
SLOT, PRACTICE = _link(Kind.SLOT, 8), _link(Kind.ORGANIZATION, 9)
TYPES = {
    PATIENT: "Patient",
    DOCTOR: "Practitioner",
    OTHER: "Practitioner",
    VISIT: "Encounter",
    PROBLEM: "Condition",
    RESULT: "Observation",
    SLOT: "Slot",
    PRACTICE: "Organization",
    PLAN: "MedicationRequest",
}
CODES = {
    "237792131000006113": CodeRow(
        number="237792131000006113", term="Term", concept="1234567", description="99", read="H33.."
    ),
    "12": CodeRow(number="12", term="No concept", read="^ESCT12"),
    "13": CodeRow(number="13"),  # of no known category, so any kind may have it
}
PRESSURE = "246"
PARTS = {"2469": "systolic", "2460": "diastolic"}
PRESSURE_CODES = (
    CodeRow(number=PRESSURE, term="Pressure", concept="163020007"),
    CodeRow(number="2469", term="Upper", concept="163030003"),
    CodeRow(number="2460", term="Lower", concept="163031004"),
)
REFERENCES = References(
    of_links={link: {kind: link.key[-1]} for link, kind in TYPES.items()},
    of_resources={f"{kind}/{link.key[-1]}": link for link, kind in TYPES.items()},
    codes=CodeBook.of((*CODES.values(), *PRESSURE_CODES)),
)
CONTEXT = CloudContext(ods=ODS, references=REFERENCES)


def text(length: int) -> st.SearchStrategy[str | None]:
    letters = st.characters(blacklist_categories=("Cs", "Cc")) | st.sampled_from("\r\n\t")
    return st.none() | st.text(letters, max_size=length)


SOME_NUMBERS = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=Decimal("-1E18"), max_value=Decimal("1E18")
)
NUMBERS = st.none() | SOME_NUMBERS
DAYS = st.none() | st.just(date(1899, 12, 31)) | st.dates(date(1890, 1, 1), date(2030, 1, 1))
MIDNIGHTS = st.none() | st.dates(date(1990, 1, 1), date(2030, 1, 1)).map(
    lambda day: datetime.combine(day, time())
)
PRECISIONS = st.sampled_from(["U", "Y", "YM", "YMD", "YMDT", "", None])
STAFF = st.sampled_from([None, _guid(DOCTOR), _guid(OTHER)])
FLAGS = st.sampled_from([True, False, None])
_COMMON = {
    "PatientGuid": st.just(_guid(PATIENT)),
    "EffectiveDate": DAYS,
    "EffectiveDatePrecision": PRECISIONS,
    "EnteredDate": st.none() | st.dates(date(1990, 1, 1), date(2030, 1, 1)),
    "EnteredTime": st.none() | st.times().map(lambda one: one.replace(microsecond=0)),
    "ClinicianUserInRoleGuid": STAFF,
    "EnteredByUserInRoleGuid": STAFF,
    "Deleted": st.just(False),
    "IsConfidential": st.just(False),
}
_MEASURED = {
    "Value": NUMBERS,
    "NumericUnit": st.none() | st.sampled_from(["kg", "mmHg", "furlongs", "µg", "μg"]) | text(60),
    "NumericRangeLow": NUMBERS,
    "NumericRangeHigh": NUMBERS,
    "Abnormal": FLAGS,
    "AbnormalReason": st.sampled_from([None, "Above range", "Below range"]) | text(50),
}
PART_ROWS = st.fixed_dictionaries({**_MEASURED, "Value": SOME_NUMBERS})
ENTRY_ROWS = st.fixed_dictionaries(
    {
        **_COMMON,
        "CodeId": st.sampled_from([None, *map(int, CODES), 4711]),
        "ConsultationGuid": st.sampled_from([None, _guid(VISIT)]),
        "ProblemGuid": st.sampled_from([None, _guid(PROBLEM)]),
        **_MEASURED,
        "Episode": st.sampled_from([None, "None", "First", "New"]),
        "Qualifiers": text(200),
        "DocumentGuid": st.sampled_from([None, _guid(PROBLEM)]),
    }
)
DIARY_ROWS = st.fixed_dictionaries(
    {
        **_COMMON,
        "CodeId": st.sampled_from([None, *map(int, CODES)]),
        "ConsultationGuid": st.sampled_from([None, _guid(VISIT)]),
        "OriginalTerm": st.sampled_from(["Smear due", "d\u00fb \r\n due", "x" * 200]),
        "DurationTerm": text(50),
        "LocationTypeDescription": text(50),
        "IsActive": FLAGS,
        "IsComplete": FLAGS,
    }
)
CONTENT_ROWS = st.none() | st.fixed_dictionaries(
    {"Title": text(200), "MediaType": st.sampled_from([None, "text/plain"]), "Content": st.binary(max_size=9)}
)
PROBLEM_ROWS = st.none() | st.fixed_dictionaries(
    {
        "EndDate": DAYS,
        "EndDatePrecision": PRECISIONS,
        "ExpectedDuration": st.none() | st.integers(0, 400),
        "LastReviewDate": DAYS,
        "LastReviewDatePrecision": PRECISIONS,
        "LastReviewUserInRoleGuid": STAFF,
        "ParentProblemObservationGuid": st.sampled_from([None, _guid(PROBLEM)]),
        "ParentProblemRelationship": st.sampled_from([None, "Evolved", "Grouped"]),
        "ProblemStatusDescription": st.sampled_from(["Active Problem", "Past Problem"]),
        "SignificanceDescription": st.sampled_from(["Significant Problem", "Minor Problem", None]),
    }
)
REFERRAL_ROWS = st.fixed_dictionaries(
    {
        "ReferralUrgency": st.sampled_from(
            [None, "Routine", "Urgent", "Soon", "2 Week Wait", "Dated", "Odd"]
        ),
        "ReferralServiceType": text(100),
        "ReferralMode": text(100),
        "ReferralUBRN": st.sampled_from([None, "000012345678"]),
        "TransportRequired": FLAGS,
        "ReferralTargetOrganisationGuid": st.sampled_from([None, _guid(PRACTICE)]),
    }
)
_PRESCRIBED = {
    **_COMMON,
    "CodeId": st.sampled_from([None, *map(int, CODES)]),
    "Dosage": text(400),
    "Quantity": NUMBERS,
    "QuantityUnit": st.sampled_from(["tablet", "ml", "x 200 dose", None]),
    "ProblemObservationGuid": st.sampled_from([None, _guid(PROBLEM)]),
    "ExpiryDate": MIDNIGHTS,
}
DRUG_ROWS = st.fixed_dictionaries(
    {
        **_PRESCRIBED,
        "PrescriptionType": st.sampled_from([None, "Acute", "Repeat", "Automatic"]),
        "IsActive": FLAGS,
        "CancellationDate": st.none() | st.dates(date(1990, 1, 1), date(2030, 1, 1)),
        "NumberOfIssues": st.none() | st.integers(0, 255),
        "NumberOfIssuesAuthorised": st.none() | st.integers(0, 255),
    }
)
ISSUE_ROWS = st.fixed_dictionaries(
    {
        **_PRESCRIBED,
        "DrugRecordGuid": st.sampled_from([None, _guid(PLAN)]),
        "ConsultationGuid": st.sampled_from([None, _guid(VISIT)]),
        "CourseDurationInDays": st.none() | st.integers(-5, 400),
        "EstimatedNhsCost": NUMBERS,
        "EmisCode": text(50),
        "PatientMessage": text(200),
        "ScriptPharmacyStamp": text(255),
        "Compliance": NUMBERS,
        "AverageCompliance": NUMBERS,
        "IsPrescribedAsContraceptive": FLAGS,
        "IsPrivatelyPrescribed": FLAGS,
        "PharmacyMessage": text(200),
        "PharmacyText": text(200),
        "ReviewDate": MIDNIGHTS,
        "IssueMethodDescription": text(100),
    }
)
VISIT_ROWS = st.fixed_dictionaries(
    {
        **_COMMON,
        "AppointmentSlotGuid": st.sampled_from([None, _guid(SLOT)]),
        "ConsultationSourceTerm": text(200),
        "ConsultationSourceCodeId": st.sampled_from([None, *map(int, CODES)]),
        "Complete": FLAGS,
        "ConsultationType": st.sampled_from(["Home visit", "Telephone consultation"]) | text(200),
    }
)


@st.composite
def groups(draw: Any, kind: Kind) -> RowGroup:
    link = LinkKey(kind=kind, key=OWN)
    rows: dict[str, Any]
    if kind is Kind.CONSULTATION:
        return RowGroup(link=link, rows={"CareRecord_Consultation": (draw(VISIT_ROWS),)}, digest="")
    if kind is Kind.MEDICATION:
        return RowGroup(link=link, rows={"Prescribing_DrugRecord": (draw(DRUG_ROWS),)}, digest="")
    if kind is Kind.ISSUE:
        return RowGroup(link=link, rows={"Prescribing_IssueRecord": (draw(ISSUE_ROWS),)}, digest="")
    if kind is Kind.DIARY:
        diary = draw(DIARY_ROWS)
        code = CODES.get(str(diary["CodeId"]))
        of_code = () if code is None else ({"Term": code.term},)
        rows = {"CareRecord_Diary": (diary,), "Coding_ClinicalCode": of_code}
        return RowGroup(link=link, rows=rows, digest="")
    rows = {"CareRecord_Observation": ({**draw(ENTRY_ROWS), "_kind": kind.value},)}
    if kind is Kind.CONDITION:
        problem = draw(PROBLEM_ROWS)
        rows["CareRecord_Problem"] = () if problem is None else (problem,)
    if kind is Kind.DOCUMENT:
        content = draw(CONTENT_ROWS)
        rows["Reference_DocumentContent"] = () if content is None else (content,)
    if kind is Kind.REFERRAL:
        rows["CareRecord_ObservationReferral"] = (draw(REFERRAL_ROWS),)
    if kind in (Kind.OBSERVATION, Kind.REPORT):
        child = {"ObservationGuid": _guid(RESULT), "_kind": "observation"}
        rows["children"] = (child,) if draw(st.booleans()) else ()
    if kind is Kind.OBSERVATION and draw(st.booleans()):
        rows["CareRecord_Observation"][0]["CodeId"] = int(PRESSURE)
        rows["children"] += tuple(
            {"ObservationGuid": _guid(link), "CodeId": int(code), "_kind": name, **draw(PART_ROWS)}
            for (code, name), link in zip(PARTS.items(), (DOCTOR, OTHER), strict=True)
            if draw(st.booleans())
        )
    return RowGroup(link=link, rows=rows, digest="")


def made(kind: Kind, fields: Any) -> CloudContent:
    link = LinkKey(kind=kind, key=OWN)
    plan = MAPPINGS[kind].to_cloud(Link(key=link), fields, set(fields), None, CONTEXT)
    return stored(kind, plan.steps[0].resource)


def stored(kind: Kind, resource: Any) -> CloudContent:
    back = parse(serialise(resource)) | {"id": "1", "meta": {"versionId": "1"}}
    return CloudContent(link=LinkKey(kind=kind, key=OWN), resources={MAPPINGS[kind].resource_types[0]: back})


def as_json(fields: Any) -> dict[str, Any]:
    """Fields with their text: numbers that are equal and are not written alike differ."""
    return {
        name: value.number if isinstance(value, Coded) else value_to_json(value)
        for name, value in fields.items()
    }


KINDS = sorted(CLINICAL, key=lambda one: one.rank)


@pytest.mark.parametrize("kind", KINDS)
@LAW
@given(data=st.data())
def test_what_is_written_to_the_cloud_is_read_back_equal(kind: Kind, data: Any) -> None:
    reading = MAPPINGS[kind].from_legacy(data.draw(groups(kind)))
    assert reading is not None
    back = MAPPINGS[kind].from_cloud(made(kind, reading.fields), REFERENCES)
    assert back is not None
    assert as_json(back.fields) == as_json(reading.fields)


@pytest.mark.parametrize("kind", KINDS)
@LAW
@given(data=st.data())
def test_no_empty_value_reaches_the_cloud(kind: Kind, data: Any) -> None:
    reading = MAPPINGS[kind].from_legacy(data.draw(groups(kind)))
    assert reading is not None

    def check(value: Any) -> None:
        assert value not in ("", [], {}, None)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            check(inner)

    check(made(kind, reading.fields).resources)


@pytest.mark.parametrize("kind", KINDS)
@LAW
@given(data=st.data())
def test_a_change_in_the_cloud_is_written_to_columns_that_read_back_equal(kind: Kind, data: Any) -> None:
    mapping = MAPPINGS[kind]
    before = data.draw(groups(kind))
    old, new = mapping.from_legacy(before), mapping.from_legacy(data.draw(groups(kind)))
    assert old is not None
    assert new is not None
    writable = {one.name for one in mapping.fields if one.to_columns is not None} - {"is_problem", "doubt"}
    if kind is Kind.CONDITION and not before.rows["CareRecord_Problem"]:
        problem = {"status", "significance", "end", "expected_days", "reviewed", "reviewed_by"}
        writable -= problem | {"parent_problem", "parent_relationship"}
    if kind is Kind.CONDITION and "status" not in new.fields:
        writable -= {"status"}  # the legacy program's problem always has one
    fields = {name: one for name, one in old.fields.items() if name not in writable}
    fields |= {name: new.fields[name] for name in writable if name in new.fields}
    changed = {name for name in writable if old.fields.get(name) != fields.get(name)}
    back = mapping.from_legacy(written(before, mapping.to_legacy(fields, changed, before)))
    assert back is not None
    wanted = {
        name: old.fields[name] if name in old.fields and name not in changed else one
        for name, one in fields.items()
    }
    assert as_json(back.fields) == as_json(wanted)


def written(group: RowGroup, change: RowChange) -> RowGroup:
    rows = {name: [dict(one) for one in found] for name, found in group.rows.items()}
    main = next(iter(rows))
    for name, value in change.columns.items():
        table, _, column = name.rpartition(".")
        rows[table or main][0][column] = value
    children = {one["ObservationGuid"]: one for one in rows.pop("children", [])}
    for guid, columns in change.parts.items():
        children[guid] = {"ObservationGuid": guid, **children.get(guid, {}), **columns}
        children[guid]["_kind"] = PARTS[str(children[guid]["CodeId"])]
    rows["children"] = [one for one in children.values() if not one.get("Deleted")]
    return RowGroup(link=group.link, rows={name: tuple(one) for name, one in rows.items()}, digest="")


@pytest.mark.parametrize("kind", KINDS)
@LAW
@given(data=st.data())
def test_what_is_not_mapped_stays_and_a_change_is_read_back_equal(kind: Kind, data: Any) -> None:
    mapping = MAPPINGS[kind]
    reading, wanted = (mapping.from_legacy(data.draw(groups(kind))) for _ in range(2))
    assert reading is not None
    assert wanted is not None
    resource_type = mapping.resource_types[0]
    foreign = {"url": "http://example.org/other", "valueString": "stays"}
    content = made(kind, reading.fields)
    resource = dict(content.resources[resource_type])
    resource |= {"language": "en-GB", "extension": [foreign, *resource.get("extension", [])]}
    before = stored(kind, resource)
    names = {one.name for one in mapping.fields}
    changed = {name for name in names if reading.fields.get(name) != wanted.fields.get(name)}
    plan = mapping.to_cloud(Link(key=before.link), wanted.fields, changed, before, CONTEXT)
    after = plan.steps[0].resource if plan.steps else before.resources[resource_type]
    assert after is not None
    assert after["language"] == "en-GB"
    assert foreign in after["extension"]
    back = mapping.from_cloud(stored(kind, after), REFERENCES)
    assert back is not None
    expected = {
        name: wanted.fields[name] if name in changed else reading.fields[name]
        for name in names
        if name in (wanted.fields if name in changed else reading.fields)
    }
    assert as_json(back.fields) == as_json(expected)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_has_a_policy_and_every_policy_a_field(kind: Kind) -> None:
    named = [name for unit in UNITS[kind] for name in unit.fields]
    assert sorted(named) == sorted(one.name for one in MAPPINGS[kind].fields)


@pytest.mark.parametrize(
    "value",
    [Quantity(number="60.000", unit="%"), Quantity(number="1", comparator="<"), Coded(number="7", term="x")],
)
def test_a_value_survives_the_journal_with_its_type(value: Value) -> None:
    back = value_from_json(json.loads(json.dumps(value_to_json(value))))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("60.000", "60.000"),
        ("5.600000024E-1", "0.5600000024"),
        ("1.2E+3", "1200"),
        ("-0", "0"),
        ("-42.50", "-42.50"),
    ],
)
@pytest.mark.hazard("H09")
def test_a_number_keeps_every_digit(told: str, kept: str) -> None:
    assert Quantity.of(Decimal(told)).number == kept


def test_entry_kinds_share_one_table() -> None:
    assert {MAPPINGS[kind].table for kind in ENTRIES} == {"CareRecord_Observation"}


def test_an_entered_time_is_kept_to_the_second() -> None:
    row: dict[str, Any] = {
        "EnteredDate": date(2026, 11, 12),
        "EnteredTime": time(9, 2, 47),
        "_kind": "allergy",
    }
    group = RowGroup(
        link=LinkKey(kind=Kind.ALLERGY, key=OWN), rows={"CareRecord_Observation": (row,)}, digest=""
    )
    reading = MAPPINGS[Kind.ALLERGY].from_legacy(group)
    assert reading is not None
    content = made(Kind.ALLERGY, reading.fields)
    assert content.resources["AllergyIntolerance"]["recordedDate"] == "2026-11-12T09:02:47+00:00"


@pytest.mark.parametrize(
    ("unit", "code"),
    [
        ("mmHg", "mm[Hg]"),
        ("iu/L", "[iU]/L"),
        ("mL/min/1.73m2", "mL/min/{1.73_m2}"),
        ("pH", "[pH]"),
        ("furlongs", None),
        ("/10", None),
    ],
)
@pytest.mark.hazard("H09")
def test_a_unit_has_a_code_only_where_that_means_just_the_same(unit: str, code: str | None) -> None:
    written = quantity_element(Quantity(number="60.0", unit=unit), None)
    assert written is not None
    assert (written["unit"], written.get("code")) == (unit, code)
    assert quantity_of(written) == Quantity(number="60.0", unit=unit)
