"""What the store is told of who asks; the store's own tests show that it keeps to it."""

import pytest

from web_modules.fhir_store.access import EVERYTHING, READING, Access, Agent, Grant, Interaction

AGENT = Agent(id="priya.nair", name="Dr Priya Nair", role="gp")


def access(*grants: Grant, clearance: str = "", relationships: frozenset[str] | None = frozenset()) -> Access:
    return Access(agent=AGENT, grants=grants, clearance=frozenset(clearance), relationships=relationships)


def test_without_a_grant_nothing_may_be_done() -> None:
    assert not any(access().may(one, "Patient") for one in Interaction)


def test_a_grant_is_for_its_type_and_interactions_only() -> None:
    some = access(Grant(resource_type="Observation", interactions=READING))
    assert some.may("r", "Observation")
    assert some.may(Interaction.SEARCH, "Observation")
    assert not some.may("c", "Observation")
    assert not some.may("r", "Patient")


def test_a_grant_for_any_type_is_for_every_type() -> None:
    assert access(Grant(resource_type="*", interactions=EVERYTHING)).may("d", "Basic")


def test_the_terms_of_an_interaction_are_those_of_every_grant_that_covers_it() -> None:
    laboratory = Grant(resource_type="Observation", interactions=READING, query=(("category", "laboratory"),))
    own = Grant(resource_type="*", interactions=READING, patient="1")
    assert access(laboratory, own).grants_for("r", "Observation") == (laboratory, own)
    assert access(laboratory, own).grants_for("r", "Condition") == (own,)


def test_everything_is_confined_to_one_patient_only_when_every_grant_is() -> None:
    own = Grant(resource_type="*", interactions=READING, patient="1")
    shared = Grant(resource_type="Practitioner", interactions=READING)
    assert access(own).compartment() == "1"
    assert access(own, shared).compartment() == "1"
    assert access(own, Grant(resource_type="Condition", interactions=READING)).compartment() is None
    assert access().compartment() is None


@pytest.mark.parametrize("labels", [(), ("N",), ("L", "U", "M")])
def test_what_is_not_restricted_is_seen_by_everybody(labels: tuple[str, ...]) -> None:
    assert access().sees(labels)


@pytest.mark.parametrize("labels", [("R",), ("V",), ("N", "R"), ("unknown",)])
def test_what_is_restricted_or_not_understood_needs_clearance(labels: tuple[str, ...]) -> None:
    assert not access(relationships=None).sees(labels, ("1",))


def test_clearance_counts_for_patients_with_a_relationship_only() -> None:
    some = access(clearance="RV", relationships=frozenset({"1"}))
    assert some.sees(("R",), ("1",))
    assert not some.sees(("R",), ("2",))
    assert not some.sees(("R",), ("1", "2"))
    assert not some.sees(("R",))
    assert access(clearance="RV", relationships=None).sees(("V",))


def test_what_two_grants_both_permit() -> None:
    wide = Grant(resource_type="*", interactions=EVERYTHING, patient="1")
    narrow = Grant(resource_type="Observation", interactions=READING, query=(("code", "x"),))
    assert wide.meet(narrow) == Grant(
        resource_type="Observation", interactions=READING, query=(("code", "x"),), patient="1"
    )
    assert wide.meet(Grant(resource_type="*", interactions=READING, patient="2")) is None
    assert narrow.meet(Grant(resource_type="Condition", interactions=READING)) is None
