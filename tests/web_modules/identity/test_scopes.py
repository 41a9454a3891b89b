import pytest
from hypothesis import given
from hypothesis import strategies as st

from web_modules.fhir_store.access import READING, SHARED_TYPES, Grant, Interaction
from web_modules.identity.scopes import Level, meet_grants, parse_scopes


@pytest.mark.parametrize(
    ("asked", "normal"),
    [
        ("patient/Observation.rs", "patient/Observation.rs"),
        ("patient/*.read", "patient/*.rs"),
        ("user/Patient.write", "user/Patient.cud"),
        ("system/*.*", "system/*.cruds"),
        ("patient/Observation.rs?category=laboratory", "patient/Observation.rs?category=laboratory"),
        (
            "user/Observation.s?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
            "user/Observation.s?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
        ),
        ("openid  fhirUser openid", "openid fhirUser"),
        ("launch launch/patient offline_access", "launch launch/patient offline_access"),
    ],
)
def test_scopes_are_understood_in_both_versions_and_told_in_the_second(asked: str, normal: str) -> None:
    assert parse_scopes(asked).text == normal
    assert parse_scopes(normal).text == normal


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "patient/Observation",
        "patient/Observation.",
        "patient/Observation.sr",
        "patient/Observation.rr",
        "patient/observation.rs",
        "nobody/Observation.rs",
        "patient/*.rs?",
        "patient/*.read?category=x",
        "patient/Observation.rs?patient.name=x",
        "patient/Observation.rs?_include=Observation:subject",
        "patient/Observation.rs?_has:Group:member:_id=1",
        "patient/Observation.rs?category=",
        "patient/Observation.rs?category=a?b",
        "PATIENT/Observation.rs",
        "patient/Observation.rs/../*.cruds",
        "launch/encounter",
        "email",
        "\u0000",
    ],
)
def test_what_is_no_scope_grants_nothing(nonsense: str) -> None:
    assert parse_scopes(nonsense).text == ""


def test_a_query_becomes_a_condition_of_the_grant() -> None:
    (scope,) = parse_scopes("user/Observation.rs?category=laboratory&status=final").resources
    assert scope.level is Level.USER
    assert scope.grant == Grant(
        resource_type="Observation",
        interactions=READING,
        query=(("category", "laboratory"), ("status", "final")),
    )


@pytest.mark.parametrize(
    ("asked", "allowed", "granted"),
    [
        ("patient/*.cruds", "patient/Slot.rs patient/Task.r", "patient/Slot.rs patient/Task.r"),
        ("patient/Observation.rs", "patient/*.cruds", "patient/Observation.rs"),
        ("patient/Observation.rs", "user/*.cruds system/*.cruds", ""),
        ("user/Patient.cud", "user/Patient.rs", ""),
        ("openid offline_access", "openid", "openid"),
        (
            "user/Observation.rs",
            "user/Observation.rs?category=laboratory",
            "user/Observation.rs?category=laboratory",
        ),
        ("user/Patient.rs", "user/*.rs user/Patient.rs", "user/Patient.rs"),
        ("user/Patient.rs user/*.r", "user/*.cruds", "user/Patient.rs user/*.r"),
    ],
)  # fmt: skip
def test_a_client_is_granted_what_it_asked_for_and_may_have(asked: str, allowed: str, granted: str) -> None:
    assert parse_scopes(asked).narrowed(parse_scopes(allowed)).text == granted


def test_a_patients_level_permits_nothing_while_no_patient_is_known() -> None:
    scopes = parse_scopes("patient/*.rs user/Slot.rs")
    assert scopes.needs_patient
    assert scopes.grants(None) == (Grant(resource_type="Slot", interactions=READING),)


def test_a_patients_level_is_confined_to_the_patient_and_to_what_all_records_refer_to() -> None:
    grants = parse_scopes("patient/*.cruds").grants("1")
    own, *shared = grants
    assert own.patient == "1"
    assert {grant.resource_type for grant in shared} == SHARED_TYPES
    assert all(grant.patient is None and grant.interactions == READING for grant in shared)
    assert parse_scopes("patient/Observation.rs").grants("1") == (
        Grant(resource_type="Observation", interactions=READING, patient="1"),
    )
    assert parse_scopes("patient/Practitioner.cruds").grants("1") == (
        Grant(resource_type="Practitioner", interactions=READING),
    )


_GRANTS = st.builds(
    Grant,
    resource_type=st.sampled_from(["*", "Patient", "Observation"]),
    interactions=st.sets(st.sampled_from(Interaction), min_size=1).map(frozenset),
    query=st.lists(st.sampled_from([("a", "1"), ("b", "2")]), unique=True).map(tuple),
    patient=st.sampled_from([None, "1", "2"]),
)


@given(
    st.lists(_GRANTS), st.lists(_GRANTS), st.sampled_from(Interaction), st.sampled_from(["Patient", "Basic"])
)
def test_what_is_met_permits_nothing_that_either_side_does_not(
    some: list[Grant], others: list[Grant], interaction: Interaction, resource_type: str
) -> None:
    for grant in meet_grants(some, others):
        if grant.covers(interaction, resource_type):
            for side in (some, others):
                assert any(
                    one.covers(interaction, resource_type)
                    and set(one.query) <= set(grant.query)
                    and one.patient in {None, grant.patient}
                    for one in side
                )
