"""Patients, staff and sites between real tables and the embedded store."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from legacy_bridge.cloud.resources import CloudResources
from legacy_bridge.mapping.catalogue import catalogue
from legacy_bridge.records import CloudContent, Kind, RowGroup
from legacy_bridge.sides.links import Link, LinkState, References
from tests.legacy_bridge.support.legacy_databases import ALSO_ON_POSTGRESQL
from tests.legacy_bridge.support.mirror import Mirror, stages
from tests.legacy_bridge.support.small_practice import ODS, guid, key
from web_modules.decision.words import Stage

pytestmark = ALSO_ON_POSTGRESQL


def phone(resource: dict[str, object], use: str = "home") -> str | None:
    points = resource.get("telecom", [])
    assert isinstance(points, list)
    return next((one["value"] for one in points if one["system"] == "phone" and one.get("use") == use), None)


def with_phone(resource: dict[str, object], value: str) -> list[dict[str, str]]:
    points = resource["telecom"]
    assert isinstance(points, list)
    return [{**one, "value": value} if one.get("use") == "home" else one for one in points]


def test_first_load_makes_both_sides_equal_and_a_second_look_writes_nothing(mirror: Mirror) -> None:
    assert mirror.differing() == []
    assert mirror.journal.standing().linked[Kind.PATIENT] == 2
    mirror.service.compare_everything()
    done = mirror.drain()
    assert done.looked_at == 10
    assert (done.written_to_cloud, done.written_to_legacy) == (0, 0)


def test_patient_has_the_shape_of_uk_core(mirror: Mirror) -> None:
    mary = mirror.patient("mary")
    assert mary["name"] == [{"use": "official", "prefix": ["Ms"], "given": ["Mary"], "family": "Lind"}]
    assert mary["gender"] == "female"
    assert mary["birthDate"] == "1980-02-03"
    assert mary["address"][0]["postalCode"] == "LS6 5NJ"
    assert mary["address"][0]["line"] == ["Flat 2", "78 Station Road"]
    systems = [one.get("system", "") for one in mary["identifier"]]
    assert "https://fhir.nhs.uk/Id/nhs-number" in systems
    assert "https://banyan.example/Id/Y99002/patient-number" in systems


def test_phone_changed_in_legacy_reaches_the_cloud(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "mary", HomePhone="01632 111111")
    done = mirror.drain()
    assert done.written_to_cloud == 1
    assert phone(mirror.patient("mary")) == "01632 111111"


def test_phone_changed_in_the_cloud_reaches_legacy_and_only_its_column_is_written(mirror: Mirror) -> None:
    before = mirror.practice.patient("mary")
    mary = mirror.patient("mary")
    mirror.put(mary, telecom=with_phone(mary, "01632 222222"))
    done = mirror.drain()
    after = mirror.practice.patient("mary")
    assert done.written_to_legacy == 1
    assert {name for name in after if after[name] != before[name]} == {"HomePhone"}
    assert after["HomePhone"] == "01632 222222"


def test_at_rest_the_bridge_writes_nothing_of_its_own_echo(mirror: Mirror) -> None:
    mary = mirror.patient("mary")
    mirror.put(mary, telecom=with_phone(mary, "01632 222222"))
    mirror.practice.edit("Admin_Patient", "omar", HomePhone="01632 333333")
    mirror.drain()
    again = mirror.drain()
    assert (again.written_to_cloud, again.written_to_legacy) == (0, 0)


def test_a_value_emptied_in_legacy_is_emptied_in_the_cloud(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "mary", HomePhone=" ")
    mirror.drain()
    assert phone(mirror.patient("mary")) is None
    assert mirror.differing() == []


def test_changes_of_different_fields_on_both_sides_are_both_kept(mirror: Mirror) -> None:
    mary = mirror.patient("mary")
    mirror.put(mary, telecom=with_phone(mary, "01632 222222"))
    mirror.practice.edit("Admin_Patient", "mary", EmailAddress="mary@example.org")
    mirror.drain()
    assert mirror.differing() == []
    assert mirror.practice.patient("mary")["HomePhone"] == "01632 222222"
    assert any(one["value"] == "mary@example.org" for one in mirror.patient("mary")["telecom"])
    assert mirror.journal.conflicts(decided=True) == []


@pytest.mark.parametrize(("stage", "winner"), [(Stage.LEAD, "01632 222222"), (Stage.TRIAL, "01632 111111")])
def test_a_contact_conflict_is_won_by_the_side_that_leads_and_the_loser_is_listed(
    mirror: Mirror, stage: Stage, winner: str
) -> None:
    mirror.standings = stages(patients=stage)
    mary = mirror.patient("mary")
    mirror.practice.edit("Admin_Patient", "mary", HomePhone="01632 111111")
    mirror.put(mary, telecom=with_phone(mary, "01632 222222"))
    mirror.drain()
    assert mirror.practice.patient("mary")["HomePhone"] == winner
    assert phone(mirror.patient("mary")) == winner
    (listed,) = mirror.journal.conflicts(decided=True)
    assert {listed.conflict.legacy["home_phone"], listed.conflict.cloud["home_phone"]} == {
        "01632 111111",
        "01632 222222",
    }


@pytest.mark.hazard("H13")
def test_an_identity_conflict_is_kept_on_both_sides_until_a_person_makes_them_equal(mirror: Mirror) -> None:
    mary = mirror.patient("mary")
    mirror.practice.edit("Admin_Patient", "mary", Surname="Lindt", HomePhone="01632 111111")
    mirror.put(mary, name=[{**mary["name"][0], "family": "Lindh"}])
    mirror.drain()
    assert mirror.practice.patient("mary")["Surname"] == "Lindt"
    assert mirror.patient("mary")["name"][0]["family"] == "Lindh"
    assert phone(mirror.patient("mary")) == "01632 111111", "the other fields flow on"
    (listed,) = mirror.journal.conflicts()
    assert listed.conflict.unit == "name"
    task = mirror.client.search("Task", {"code": "conflict"})
    assert [one["for"]["reference"] for one in task] == [f"Patient/{mary['id']}"]
    mirror.practice.edit("Admin_Patient", "mary", Surname="Lindh")
    mirror.drain()
    assert mirror.journal.conflicts() == []
    assert mirror.differing() == []
    assert mirror.client.search("Task", {"code": "conflict"})[0]["status"] == "completed"


def test_what_is_not_mapped_survives_on_both_sides(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "mary", CarerName="Karen Doyle")
    mary = mirror.patient("mary")
    work = {"system": "phone", "use": "work", "value": "01632 999999"}
    mirror.put(mary, telecom=[work, *mary["telecom"]], maritalStatus={"text": "Married"})
    mirror.practice.edit("Admin_Patient", "mary", HomePhone="01632 111111")
    mirror.drain()
    kept = mirror.patient("mary")
    assert work in kept["telecom"]
    assert kept["maritalStatus"] == {"text": "Married"}
    assert mirror.practice.patient("mary")["CarerName"] == "Karen Doyle"


def test_a_text_that_the_column_cannot_hold_is_quarantined_whole_and_a_later_good_one_flows(
    mirror: Mirror,
) -> None:
    mary = mirror.patient("mary")
    mary = mirror.put(mary, telecom=with_phone(mary, "0" * 101))
    mirror.drain()
    (held,) = mirror.journal.quarantined()
    assert held.reason == "text-too-long"
    assert "0000" not in held.words
    assert mirror.practice.patient("mary")["HomePhone"] == "01632 960383"
    mirror.put(mary, telecom=with_phone(mary, "01632 222222"))
    mirror.drain()
    assert mirror.journal.quarantined() == []
    assert mirror.practice.patient("mary")["HomePhone"] == "01632 222222"


def test_a_wrong_nhs_number_is_kept_but_not_used_as_one(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "omar", NhsNumber="9990000000")
    mirror.drain()
    omar = mirror.patient("omar")
    assert "https://fhir.nhs.uk/Id/nhs-number" not in [one.get("system") for one in omar["identifier"]]
    assert "9990000000" in [one["value"] for one in omar["identifier"]]
    assert mirror.differing() == []


def test_a_changed_nhs_number_keeps_the_old_one_as_old(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "mary", NhsNumber="9992142618")
    mirror.drain()
    numbers = [
        (one.get("use"), one["value"])
        for one in mirror.patient("mary")["identifier"]
        if one.get("system") == "https://fhir.nhs.uk/Id/nhs-number"
    ]
    assert numbers == [(None, "9992142618"), ("old", "9997576527")]
    assert mirror.differing() == []


def test_a_stray_leaves_quarantine_when_it_is_deleted(mirror: Mirror) -> None:
    made = mirror.client.create({"resourceType": "Patient", "name": [{"family": "New"}]})
    mirror.drain()
    mirror.client.delete("Patient", made["id"])
    mirror.drain()
    assert mirror.journal.quarantined() == []
    assert [one["status"] for one in mirror.client.search("Task", {"code": "quarantine"})] == ["completed"]
    brief = mirror.client.create({"resourceType": "Patient", "name": [{"family": "Brief"}]})
    mirror.client.delete("Patient", brief["id"])
    mirror.drain()
    assert mirror.journal.quarantined() == []


def test_an_appointment_that_finds_its_slot_is_no_stray_any_more(mirror: Mirror) -> None:
    mary = {"actor": {"reference": f"Patient/{mirror.patient('mary')['id']}"}, "status": "accepted"}
    slot = mirror.slot("slot0")
    times = {"start": slot["start"], "end": slot["end"]}
    made = mirror.client.create(
        {"resourceType": "Appointment", "status": "booked", "participant": [mary], **times}
    )
    mirror.drain()
    assert [one.subject for one in mirror.journal.quarantined()] == [f"Appointment/{made['id']}"]
    mirror.put(made, slot=[{"reference": f"Slot/{slot['id']}"}])
    mirror.drain()
    assert mirror.journal.quarantined() == []
    assert mirror.practice.slot("slot0")["PatientGuid"] == guid("mary")


@pytest.mark.parametrize("was_there", [False, True])
def test_a_record_under_a_legacy_key_leaves_quarantine_when_it_is_deleted(
    mirror: Mirror, *, was_there: bool
) -> None:
    omar = mirror.patient("omar")
    if was_there:
        mirror.practice.edit("Admin_Patient", "omar", Deleted=True)
        mirror.drain()
    else:
        omar["identifier"] = [
            {**one, "value": guid("nobody").strip("{}").lower()} for one in omar["identifier"]
        ]
    again = mirror.client.create({name: one for name, one in omar.items() if name not in ("id", "meta")})
    mirror.drain()
    (held,) = mirror.journal.quarantined()
    assert held.reason == ("came-back" if was_there else "unknown-to-legacy")
    mirror.client.delete("Patient", again["id"])
    mirror.drain()
    assert mirror.journal.quarantined() == []


def test_a_second_number_of_the_same_kind_is_never_taken_for_the_mirrored_one(mirror: Mirror) -> None:
    mirror.drain()
    mary = mirror.patient("mary")
    second = {"system": "phone", "use": "home", "value": "01632 999999"}
    mirror.put(mary, telecom=[second, *mary.get("telecom", [])])  # before it, and so another order
    mirror.drain()
    kept = mirror.practice.patient("mary")["HomePhone"]
    assert kept != "01632 999999"
    mirror.practice.edit("Admin_Patient", "mary", HomePhone=None)
    mirror.drain()
    mirror.practice.edit("Admin_Patient", "mary", EmailAddress="later@example.org")
    mirror.drain()
    assert mirror.practice.patient("mary")["HomePhone"] is None, "the cleared number came back"
    values = [one.get("value") for one in mirror.patient("mary")["telecom"]]
    assert "01632 999999" in values
    assert kept not in values
    mirror.practice.edit("Admin_Patient", "mary", HomePhone="01632 555555")
    mirror.drain()
    assert "01632 555555" in [one.get("value") for one in mirror.patient("mary")["telecom"]]
    assert mirror.differing() == []


def test_rows_of_another_organisation_are_not_carried(mirror: Mirror) -> None:
    mirror.practice.add_patient("theirs", Surname="Elsewhere", OrganisationGuid=guid("hospital"))
    mirror.drain()
    assert mirror.resources("Patient", "Admin_Patient", "theirs") == []


def test_a_patient_made_in_the_cloud_is_listed_and_not_carried(mirror: Mirror) -> None:
    made = mirror.client.create({"resourceType": "Patient", "name": [{"family": "New"}]})
    mirror.drain()
    (held,) = mirror.journal.quarantined()
    assert held.subject == f"Patient/{made['id']}"
    assert mirror.client.search("Task", {"code": "quarantine"})[0]["focus"]["reference"] == held.subject


def test_a_patient_deleted_in_legacy_is_deleted_in_the_cloud_and_does_not_come_back(mirror: Mirror) -> None:
    omar = mirror.patient("omar")
    mirror.practice.edit("Admin_Patient", "omar", Deleted=True)
    mirror.drain()
    assert mirror.resources("Patient", "Admin_Patient", "omar") == []
    mirror.client.update({name: value for name, value in omar.items() if name != "meta"})
    mirror.drain()
    assert mirror.practice.patient("omar")["Deleted"] is True
    assert [one.reason for one in mirror.journal.quarantined()] == ["came-back"]


def test_a_patient_deleted_in_the_cloud_is_asked_about(mirror: Mirror) -> None:
    omar = mirror.patient("omar")
    mirror.client.delete("Patient", omar["id"])
    mirror.drain()
    assert mirror.practice.patient("omar")["Deleted"] is False
    assert [str(one.link) for one in mirror.journal.conflicts()] == [str(key(Kind.PATIENT, "omar"))]


def test_a_partial_birth_date_is_refused_in_words(mirror: Mirror) -> None:
    mirror.put(mirror.patient("mary"), birthDate="1980-02")
    mirror.drain()
    assert [one.reason for one in mirror.journal.quarantined()] == ["date-partial"]
    assert mirror.practice.patient("mary")["DateOfBirth"] == date(1980, 2, 3)


def test_a_function_in_the_stage_legacy_is_not_mirrored_until_it_moves(mirror: Mirror) -> None:
    mirror.standings = stages(patients=Stage.LEGACY)
    mirror.practice.edit("Admin_Patient", "mary", HomePhone="01632 111111")
    mirror.drain()
    assert phone(mirror.patient("mary")) == "01632 960383"
    mirror.standings = stages(patients=Stage.MIRROR)
    mirror.drain()
    assert phone(mirror.patient("mary")) == "01632 111111"


def test_staff_and_sites_are_carried_with_their_links(mirror: Mirror) -> None:
    role = mirror.resource("PractitionerRole", "Admin_UserInRole", "ann")
    ann = mirror.resource("Practitioner", "Admin_UserInRole", "ann")
    site = mirror.resource("Location", "Admin_Location", "site")
    practice = mirror.resource("Organization", "Admin_Organisation", "org")
    assert role["practitioner"]["reference"] == f"Practitioner/{ann['id']}"
    assert role["organization"]["reference"] == f"Organization/{practice['id']}"
    assert site["managingOrganization"]["reference"] == f"Organization/{practice['id']}"
    assert {"system": "https://fhir.hl7.org.uk/Id/gmc-number", "value": "7076397"} in ann["identifier"]
    assert mirror.patient("mary")["generalPractitioner"] == [{"reference": f"Practitioner/{ann['id']}"}]
    mirror.practice.edit("Admin_Patient", "mary", UsualGpUserInRoleGuid=guid("bob"))
    mirror.drain()
    bob = mirror.resource("Practitioner", "Admin_UserInRole", "bob")
    assert mirror.patient("mary")["generalPractitioner"] == [{"reference": f"Practitioner/{bob['id']}"}]


@pytest.mark.parametrize("junk", ["DateOfBirth = 'soon'", "Surname = CAST(x'4ac3' AS TEXT)"])
def test_an_unreadable_row_is_quarantined_and_the_others_flow(mirror: Mirror, junk: str) -> None:
    with mirror.practice.engine.begin() as connection:
        if connection.dialect.name != "sqlite":  # which keeps anything; others know days that Python has not
            junk = "\"DateOfBirth\" = 'infinity'"
        statement = f'UPDATE "Admin_Patient" SET {junk} WHERE "PatientNumber" = 1002'  # noqa: S608 - constants
        connection.execute(text(statement))
    mirror.practice.edit("Admin_Patient", "mary", HomePhone="01632 111111")
    mirror.drain()
    assert [one.reason for one in mirror.journal.quarantined()] == ["row-unreadable"]
    assert phone(mirror.patient("mary")) == "01632 111111"


def test_a_poisonous_resource_is_quarantined_and_the_others_flow(
    mirror: Mirror, expected_logs: list[str]
) -> None:
    expected_logs.append("record not mappable")
    read = mirror.service._parts.reconciler._mappings[Kind.PATIENT]
    poisoned = replace(read, fields=(*read.fields, replace(read.fields[0], from_cloud=_fails_for_omar)))
    mirror.service._parts.reconciler._mappings = {
        **mirror.service._parts.reconciler._mappings,
        Kind.PATIENT: poisoned,
    }
    mirror.practice.edit("Admin_Patient", "omar", HomePhone="01632 333333")
    mirror.practice.edit("Admin_Patient", "mary", HomePhone="01632 111111")
    mirror.drain()
    assert [one.reason for one in mirror.journal.quarantined()] == ["mapping-failed"]
    assert phone(mirror.patient("mary")) == "01632 111111"


def test_a_poisonous_row_is_quarantined_and_the_others_flow(mirror: Mirror, expected_logs: list[str]) -> None:
    expected_logs.append("record not mappable")
    mappings = mirror.service._parts.reconciler._mappings
    field = replace(mappings[Kind.PATIENT].fields[0], from_rows=_fails_for_omar_s_row)
    poisoned = replace(mappings[Kind.PATIENT], fields=(*mappings[Kind.PATIENT].fields, field))
    mirror.service._parts.reconciler._mappings = {**mappings, Kind.PATIENT: poisoned}
    mirror.practice.edit("Admin_Patient", "omar", HomePhone="01632 333333")
    mirror.practice.edit("Admin_Patient", "mary", HomePhone="01632 111111")
    mirror.drain()
    assert [one.reason for one in mirror.journal.quarantined()] == ["mapping-failed"]
    assert phone(mirror.patient("mary")) == "01632 111111"
    mirror.practice.edit("Admin_Patient", "omar", IsConfidential=True)
    mirror.drain()
    assert mirror.resources("Patient", "Admin_Patient", "omar") == [], "a fault of ours keeps nobody there"


def _fails_for_omar_s_row(group: RowGroup) -> None:
    if group.rows["Admin_Patient"][0]["PatientNumber"] == 1002:
        raise KeyError("a fault of ours")


def _fails_for_omar(content: CloudContent, _references: References) -> None:
    if content.resources["Patient"]["name"][0]["family"] == "Abernathy":
        raise KeyError("a fault of ours")


def test_a_record_that_is_not_under_the_journal_s_id_is_found_by_its_identifier(mirror: Mirror) -> None:
    link = Link(key=key(Kind.PATIENT, "mary"), state=LinkState.LINKED, ids={"Patient": "of-an-old-journal"})
    found = CloudResources(mirror.client, catalogue(ODS), ODS).read([link])
    assert found[link.key].resources["Patient"]["id"] == mirror.patient("mary")["id"]


def test_what_the_cloud_s_feed_told_and_nobody_saved_is_told_again(mirror: Mirror) -> None:
    feed = mirror.service._parts.cloud_feed
    before = mirror.journal.checkpoint("cloud")
    mirror.put(mirror.patient("mary"), gender="male")
    told = feed.poll(before)
    assert told.touched == (key(Kind.PATIENT, "mary"),)
    assert feed.poll(before).touched == told.touched
    assert feed.poll(told.checkpoint).touched == ()


def test_how_a_patient_is_registered_and_who_cares_for_them_is_carried(mirror: Mirror) -> None:
    mirror.practice.edit(
        "Admin_Patient",
        "mary",
        DateOfRegistration=date(2019, 12, 26),
        PatientTypeDescription="Regular",
        CarerName="Karen Doyle",
        CarerRelation="Carer",
        ContactComments="Prefers text message",
        ExternalUsualGP="Dr Elsewhere",
    )
    mirror.drain()
    mary = mirror.patient("mary")
    said = {one["url"].rpartition("/")[2]: one for one in mary["extension"]}
    assert said["registration-date"]["valueDate"] == "2019-12-26"
    assert said["registration-type"]["valueString"] == "Regular"
    assert said["other-gp"]["valueString"] == "Dr Elsewhere"
    (carer,) = mary["contact"]
    assert (carer["name"]["text"], carer["relationship"][0]["text"]) == ("Karen Doyle", "Carer")
    kin = {"name": {"text": "Next of Kin"}}
    mirror.put(mary, contact=[kin, carer])
    mirror.drain()
    assert mirror.practice.patient("mary")["CarerName"] == "Karen Doyle"
    mirror.practice.edit("Admin_Patient", "mary", CarerName=None)
    mirror.drain()
    kept, left = mirror.patient("mary")["contact"]
    assert (kept, left["relationship"][0]["text"]) == (kin, "Carer")
    mirror.practice.edit("Admin_Patient", "mary", CarerRelation=None)
    mirror.drain()
    assert mirror.patient("mary")["contact"] == [kin]
    assert mirror.practice.patient("mary")["ContactComments"] == "Prefers text message"
    assert mirror.differing() == []


def test_a_carer_who_is_renamed_in_the_cloud_is_renamed_in_legacy(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "mary", CarerName="Karen Doyle", CarerRelation="Carer")
    mirror.drain()
    mary = mirror.patient("mary")
    mirror.put(mary, contact=[{**mary["contact"][0], "name": {"text": "Karen Roe"}}])
    mirror.drain()
    assert mirror.practice.patient("mary")["CarerName"] == "Karen Roe"
    assert mirror.practice.patient("mary")["CarerRelation"] == "Carer"
