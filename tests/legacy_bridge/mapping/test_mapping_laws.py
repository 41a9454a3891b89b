"""Laws of the mapping, for any text: what is written is read back equal, what is not mapped stays."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.catalogue import catalogue
from legacy_bridge.mapping.resource import CloudContext
from legacy_bridge.mapping.values import moment_columns, moment_of
from legacy_bridge.records import (
    CloudContent,
    Kind,
    LinkKey,
    PartialDate,
    RowGroup,
    Value,
    value_from_json,
    value_to_json,
)
from legacy_bridge.sides.links import Link, References

ODS = "Y99002"
MAPPING = catalogue(ODS)[Kind.PATIENT]
KEY = LinkKey(kind=Kind.PATIENT, key="1858f0d1-0000-4000-8000-000000000001")
DOCTOR = LinkKey(kind=Kind.PRACTITIONER, key="1858f0d1-0000-4000-8000-000000000002")
REFERENCES = References(of_links={DOCTOR: {"Practitioner": "7"}}, of_resources={"Practitioner/7": DOCTOR})
CONTEXT = CloudContext(ods=ODS, references=REFERENCES)


def text(length: int) -> st.SearchStrategy[str | None]:
    letters = st.characters(blacklist_categories=("Cs", "Cc"))
    return st.none() | st.text(letters, max_size=length)


ROWS = st.fixed_dictionaries(
    {
        "PatientGuid": st.just("{1858F0D1-0000-4000-8000-000000000001}"),
        "Sex": st.sampled_from(["M", "F", "I", "U", "X", None]),
        "DateOfBirth": st.dates(date(1890, 1, 1), date(2030, 1, 1)),
        "DateOfDeath": st.none() | st.dates(date(1990, 1, 1), date(2030, 1, 1)),
        "Title": text(50),
        "GivenName": text(40),
        "MiddleNames": text(60),
        "Surname": text(100),
        "NhsNumber": st.sampled_from(["9997576527", "9990000000", None, "12"]),
        "PatientNumber": st.integers(1, 999999),
        "HouseNameFlatNumber": text(50),
        "NumberAndStreet": text(50),
        "Village": text(50),
        "Town": text(50),
        "County": text(50),
        "Postcode": st.sampled_from(["LS65NJ", "LS177DF", "ls6 5nj", "ZZ", None, " "]),
        "HomePhone": text(100),
        "MobilePhone": text(100),
        "EmailAddress": text(100),
        "Deleted": st.just(False),
        "SpineSensitive": st.just(False),
        "IsConfidential": st.just(False),
        "DateofDeactivation": st.none(),
        "UsualGpUserInRoleGuid": st.just("{1858F0D1-0000-4000-8000-000000000002}"),
    }
)


def group(row: dict[str, Any]) -> RowGroup:
    doctor = {"UserInRoleGuid": row["UsualGpUserInRoleGuid"]}
    return RowGroup(link=KEY, rows={"Admin_Patient": (row,), "Admin_UserInRole": (doctor,)}, digest="")


def in_cloud(resource: Any) -> CloudContent:
    stored = json.loads(json.dumps(resource))
    stored |= {"id": "1", "meta": {"versionId": "1"}}
    return CloudContent(link=KEY, resources={"Patient": stored})


def made(fields: dict[str, Value]) -> CloudContent:
    plan = MAPPING.to_cloud(Link(key=KEY), fields, set(fields), None, CONTEXT)
    return in_cloud(plan.steps[0].resource)


@given(row=ROWS)
def test_what_is_written_to_the_cloud_is_read_back_equal(row: dict[str, Any]) -> None:
    reading = MAPPING.from_legacy(group(row))
    assert reading is not None
    back = MAPPING.from_cloud(made(dict(reading.fields)), REFERENCES)
    assert back is not None
    assert dict(back.fields) == dict(reading.fields)


@given(row=ROWS)
def test_no_empty_value_reaches_the_cloud(row: dict[str, Any]) -> None:
    reading = MAPPING.from_legacy(group(row))
    assert reading is not None

    def check(value: Any) -> None:
        assert value not in ("", [], {}, None)
        if isinstance(value, str):
            assert value.strip()
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            check(inner)

    check(made(dict(reading.fields)).resources["Patient"])


@given(before=ROWS, after=ROWS)
def test_a_change_in_the_cloud_is_written_to_columns_that_read_back_equal(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    old, new = MAPPING.from_legacy(group(before)), MAPPING.from_legacy(group(after))
    assert old is not None
    assert new is not None
    writable = {one.name for one in MAPPING.fields if one.to_columns is not None}
    fields = {**old.fields, **{name: new.fields[name] for name in writable if name in new.fields}}
    for name in writable - set(new.fields):
        fields.pop(name, None)
    changed = {name for name in writable if old.fields.get(name) != fields.get(name)}
    change = MAPPING.to_legacy(fields, changed, group(before))
    back = MAPPING.from_legacy(group({**before, **change.columns}))
    assert back is not None
    assert dict(back.fields) == fields


@given(row=ROWS, other=ROWS)
def test_what_is_not_mapped_stays_and_only_changed_elements_are_touched(
    row: dict[str, Any], other: dict[str, Any]
) -> None:
    reading, wanted = MAPPING.from_legacy(group(row)), MAPPING.from_legacy(group(other))
    assert reading is not None
    assert wanted is not None
    stored = dict(made(dict(reading.fields)).resources["Patient"])
    work = {"system": "phone", "use": "work", "value": "01632 999999"}
    old = {"use": "old", "line": ["1 Old Lane"]}
    stored = {
        **stored,
        "telecom": [work, *stored.get("telecom", [])],
        "address": [old, *stored.get("address", [])],
        "maritalStatus": {"text": "Married"},
    }
    content = CloudContent(link=KEY, resources={"Patient": stored})
    names = {one.name for one in MAPPING.fields}
    changed = {name for name in names if reading.fields.get(name) != wanted.fields.get(name)}
    plan = MAPPING.to_cloud(Link(key=KEY), wanted.fields, changed, content, CONTEXT)
    if not plan.steps:
        assert changed == set()
        return
    after = plan.steps[0].resource
    assert after is not None
    assert work in after["telecom"]
    assert old in after["address"]
    assert after["maritalStatus"] == {"text": "Married"}
    back = MAPPING.from_cloud(in_cloud(after), REFERENCES)
    assert back is not None
    assert dict(back.fields) == dict(wanted.fields)


@pytest.mark.hazard("H10")
@pytest.mark.parametrize(("extra", "is_taken"), [(-1, True), (0, True), (1, False)])
def test_a_text_is_taken_up_to_the_column_s_length_and_refused_beyond(extra: int, *, is_taken: bool) -> None:
    row: dict[str, Any] = {"PatientGuid": "{1858F0D1-0000-4000-8000-000000000001}", "Surname": "A"}
    row |= {"UsualGpUserInRoleGuid": None}
    for name, column, length in (
        ("family", "Surname", 100),
        ("given", "GivenName", 40),
        ("address_town", "Town", 50),
        ("email", "EmailAddress", 100),
    ):
        value = "é" * (length + extra)
        if is_taken:
            assert MAPPING.to_legacy({name: value}, {name}, group(row)).columns == {column: value}
        else:
            with pytest.raises(RecordRefused, match=column):
                MAPPING.to_legacy({name: value}, {name}, group(row))


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x7f", "\ud800"])
def test_a_control_character_is_refused_and_not_dropped(character: str) -> None:
    row: dict[str, Any] = {"PatientGuid": "{1858F0D1-0000-4000-8000-000000000001}", "Surname": "A"}
    with pytest.raises(RecordRefused):
        MAPPING.to_legacy(
            {"family": f"A{character}B"}, {"family"}, group({**row, "UsualGpUserInRoleGuid": None})
        )


@given(moment=st.integers(946_684_800, 2_208_988_800).map(lambda second: datetime.fromtimestamp(second, UTC)))
def test_a_moment_survives_the_practice_s_local_time_but_for_the_hour_that_comes_twice(
    moment: datetime,
) -> None:
    back = moment_of(*moment_columns(moment))
    assert back in (moment, moment - timedelta(hours=1))


def test_the_hour_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RecordRefused, match="does not exist"):
        moment_of(date(2027, 3, 28), time(1, 30))


@pytest.mark.parametrize(
    "value",
    [
        "text",
        True,
        7,
        PartialDate(text="1980-02"),
        datetime(2026, 11, 17, 9, tzinfo=UTC),
        DOCTOR,
        (DOCTOR, KEY),
    ],
)
def test_a_value_survives_the_journal_with_its_type(value: Value) -> None:
    back = value_from_json(json.loads(json.dumps(value_to_json(value))))
    assert back == value
    assert type(back) is type(value)
