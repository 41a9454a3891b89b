"""In PostgreSQL, where many write at once, what was compared stays as it is until it is written."""

from typing import Any

import pytest
from sqlalchemy import Connection, text, update
from sqlalchemy.exc import DBAPIError

from legacy_bridge.legacy import changes
from legacy_bridge.legacy.capture.lookups import make_lookups, missing
from legacy_bridge.legacy.database import opened_database
from legacy_bridge.legacy.lease import LegacyLease
from legacy_bridge.legacy.rows import LegacyRows
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.records import Kind
from legacy_bridge.sides.links import Link
from legacy_bridge.sides.writes import Outcome, OutcomeKind, RowChange
from tests.legacy_bridge.support.legacy_databases import LegacyKind
from tests.legacy_bridge.support.small_practice import ODS, SmallPractice, guid, key

MARY, OMAR = key(Kind.PATIENT, "mary"), key(Kind.PATIENT, "omar")
PATIENTS = METADATA.tables["Admin_Patient"]


@pytest.fixture(params=[LegacyKind.POSTGRESQL, LegacyKind.POSTGRESQL_ODBC], ids=["native", "odbc"])
def legacy_kind(request: pytest.FixtureRequest) -> LegacyKind:
    found: LegacyKind = request.param
    return found


def _must_wait(practice: SmallPractice, statement: str) -> None:
    """A statement of somebody else has to wait now."""
    with practice.engine.connect() as other:
        other.execute(text("SET LOCAL lock_timeout = '20ms'"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            other.execute(text(statement))


def test_a_row_that_a_form_has_locked_holds_up_itself_only(practice: SmallPractice) -> None:
    rows = LegacyRows(practice.engine, ODS)
    groups = rows.read([Link(key=MARY), Link(key=OMAR)])
    edits = [RowChange(link=one, digest=groups[one].digest, columns={"HomePhone": "1"}) for one in groups]
    with practice.engine.connect() as form:
        form.execute(update(PATIENTS).where(PATIENTS.c.PatientGuid == guid("mary")).values(Town="York"))
        outcomes = rows.write(edits)
        form.commit()
    assert (outcomes[MARY].kind, outcomes[OMAR].kind) == (OutcomeKind.CHANGED, OutcomeKind.WRITTEN)
    assert (practice.patient("mary")["HomePhone"], practice.patient("mary")["Town"]) == (
        "01632 960383",
        "York",
    )


def test_an_extension_that_a_form_has_locked_counts_as_the_record(practice: SmallPractice) -> None:
    practice.add("CareRecord_Observation", "asthma", OrganisationGuid=guid("org"), Deleted=False)
    practice.add("CareRecord_Problem", "asthma", OrganisationGuid=guid("org"), Deleted=False)
    asthma = key(Kind.CONDITION, "asthma")
    rows = LegacyRows(practice.engine, ODS)
    digest = rows.read([Link(key=asthma)])[asthma].digest
    problems = METADATA.tables["CareRecord_Problem"]
    with practice.engine.connect() as form:
        form.execute(update(problems).values(SignificanceDescription="Minor"))
        change = RowChange(
            link=asthma, digest=digest, columns={"CareRecord_Problem.SignificanceDescription": "Significant"}
        )
        assert rows.write([change])[asthma].kind is OutcomeKind.CHANGED
        form.commit()
    assert practice.row("CareRecord_Problem", "asthma")["SignificanceDescription"] == "Minor"


def test_a_part_that_a_form_has_locked_counts_as_the_record(practice: SmallPractice) -> None:
    for number, concept in ((246, 163020007), (2469, 163030003)):
        practice.insert("Coding_ClinicalCode", CodeId=number, SnomedCTConceptId=concept)
    of = {"OrganisationGuid": guid("org"), "Deleted": False}
    practice.add("CareRecord_Observation", "bp", CodeId=246, **of)
    upper = {"CodeId": 2469, "Value": 142, "ParentObservationGuid": guid("bp")}
    practice.add("CareRecord_Observation", "upper", **upper, **of)
    pressure = key(Kind.OBSERVATION, "bp")
    rows = LegacyRows(practice.engine, ODS)
    digest = rows.read([Link(key=pressure)])[pressure].digest
    entries = METADATA.tables["CareRecord_Observation"]
    parts = {guid("upper"): {"Value": 124}}
    change = RowChange(link=pressure, digest=digest, columns={}, parts=parts)
    with practice.engine.connect() as form:
        form.execute(
            update(entries).where(entries.c.ObservationGuid == guid("upper")).values(NumericUnit="kPa")
        )
        assert rows.write([change])[pressure].kind is OutcomeKind.CHANGED
        form.rollback()
    assert rows.write([change])[pressure].kind is OutcomeKind.WRITTEN
    assert practice.row("CareRecord_Observation", "upper")["Value"] == 124


def test_nobody_changes_a_row_between_the_comparison_and_the_write(
    practice: SmallPractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = LegacyRows(practice.engine, ODS)
    digest = rows.read([Link(key=MARY)])[MARY].digest
    apply = changes.apply
    edit = f'UPDATE "Admin_Patient" SET "Town" = \'Ely\' WHERE "PatientGuid" = \'{guid("mary")}\''  # noqa: S608
    waited: list[str] = []

    def meanwhile(connection: Connection, *arguments: Any) -> Outcome:
        _must_wait(practice, edit)
        waited.append(edit)
        return apply(connection, *arguments)

    monkeypatch.setattr(changes, "apply", meanwhile)
    rows.write([RowChange(link=MARY, digest=digest, columns={"HomePhone": "1"})])
    assert waited


def test_an_extension_that_was_added_meanwhile_is_a_change_and_no_refusal(
    practice: SmallPractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.add("CareRecord_Observation", "asthma", OrganisationGuid=guid("org"), ObservationType="Problem")
    found = LegacyRows(practice.engine, ODS)
    referral = key(Kind.REFERRAL, "asthma")
    practice.edit("CareRecord_Observation", "asthma", ObservationType="Referral")
    digest = found.read([Link(key=referral)])[referral].digest
    apply = changes.apply

    def meanwhile(connection: Connection, *arguments: Any) -> Outcome:
        practice.add("CareRecord_ObservationReferral", "asthma", OrganisationGuid=guid("org"))
        with monkeypatch.context() as patched:
            patched.setattr(changes, "_change", _insert)
            return apply(connection, *arguments)

    def _insert(connection: Connection, group: Any, organisation: str, change: RowChange) -> None:
        table = METADATA.tables["CareRecord_ObservationReferral"]
        changes._extend(connection, table, group, organisation, change, {"ReferralUrgency": "Urgent"})

    monkeypatch.setattr(changes, "apply", meanwhile)
    change = RowChange(
        link=referral, digest=digest, columns={"CareRecord_ObservationReferral.ReferralUrgency": "Urgent"}
    )
    assert found.write([change])[referral].kind is OutcomeKind.CHANGED


@pytest.mark.hazard("H12")
def test_nobody_takes_the_lease_while_a_write_is_under_way(practice: SmallPractice) -> None:
    lease = LegacyLease(practice.engine, ODS, "journal")
    lease.take()
    taking = "UPDATE banyan_lease SET epoch = epoch + 1"
    with practice.engine.connect() as writer:
        lease.check(writer)
        _must_wait(practice, taking)
        writer.commit()
    with practice.engine.begin() as other:
        other.execute(text(taking))


def test_a_page_of_entries_is_read_and_not_compiled_first(legacy_url: str) -> None:
    with opened_database(legacy_url) as engine, engine.connect() as connection:
        assert connection.execute(text("SHOW jit")).scalar_one() == "off"


def test_an_index_that_names_a_record_is_made_once_and_where_there_is_none(legacy_url: str) -> None:
    with opened_database(legacy_url) as engine, engine.begin() as connection:
        wanting = missing(connection)
        make_lookups(connection)
        assert ("Prescribing_IssueRecord", "ProblemObservationGuid") in wanting
        assert ("CareRecord_Observation", "ParentObservationGuid") not in wanting
        assert missing(connection) == []
