import pytest

from web_modules.decision.words import Environment
from web_modules.fhir_store.access import Access, Agent
from web_modules.identity.people import Role
from web_modules.identity.roles import RIGHTS, rights_of


def access(role: Role, environment: Environment = Environment.REFERENCE) -> Access:
    rights = rights_of(role, environment)
    return Access(
        agent=Agent(id="x", name="X", role=role.value),
        grants=rights.grants,
        clearance=rights.clearance,
        relationships=frozenset({"1"}) if rights.needs_relationship else None,
    )


def test_every_role_has_its_rights() -> None:
    assert set(RIGHTS) == set(Role)


@pytest.mark.parametrize("role", [Role.GP, Role.NURSE, Role.PHARMACIST])
def test_clinicians_see_what_is_restricted_of_patients_they_have_to_do_with(role: Role) -> None:
    assert access(role).may("c", "Observation")
    assert access(role).sees(("V",), ("1",))
    assert not access(role).sees(("R",), ("2",))


@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.PRACTICE_MANAGER])
def test_the_office_books_and_reads_and_sees_nothing_restricted(role: Role) -> None:
    assert access(role).may("u", "Appointment")
    assert access(role).may("r", "Observation")
    assert not access(role).may("c", "Observation")
    assert not access(role).sees(("R",), ("1",))


def test_it_reaches_no_patients_records() -> None:
    for resource_type in ("Patient", "Observation", "Appointment", "Task", "DocumentReference", "AuditEvent"):
        assert not any(access(Role.IT).may(one, resource_type) for one in "cruds")
    assert access(Role.IT).may("r", "Organization")


def test_the_audit_is_read_by_the_privacy_officer_and_added_to_by_clinicians() -> None:
    everywhere = (*Environment,)
    reading = {(one, env) for one in Role for env in everywhere if access(one, env).may_read_audit()}
    assert reading == {(Role.PRIVACY_OFFICER, environment) for environment in everywhere}
    adding = {one for one in Role if access(one, Environment.TRAINING).may_add_to_audit()}
    assert adding == {Role.GP, Role.NURSE, Role.PHARMACIST, Role.TRAINER}
    assert not any(access(Role.PRIVACY_OFFICER).may(one, "Patient") for one in "cruds")


@pytest.mark.hazard("H21")
def test_a_trainer_works_in_training_only() -> None:
    assert access(Role.TRAINER, Environment.TRAINING).may("u", "Patient")
    for environment in (Environment.LIVE, Environment.REFERENCE):
        assert not any(access(Role.TRAINER, environment).may(one, "Patient") for one in "cruds")
