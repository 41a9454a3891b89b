"""What a server can do is read from its CapabilityStatement, tried out, and said in plain words."""

from typing import Any

import pytest

from legacy_bridge.cloud.abilities import REASONS, Abilities, Tag, abilities_of
from legacy_bridge.errors import CloudUnfit

TYPES = ("Basic", "Patient", "Task")


def statement(**changed: Any) -> dict[str, Any]:
    """A server that can do everything, but for what is changed of each type."""
    interactions = [{"code": code} for code in ("read", "create", "update", "search-type")]
    kept = {
        "interaction": interactions,
        "versioning": "versioned-update",
        "conditionalCreate": True,
        "searchParam": [{"name": "_lastUpdated"}],
        **changed,
    }
    whole = [{"code": code} for code in ("transaction", "batch", "history-system")]
    rest = {"mode": "server", "interaction": whole, "resource": [{"type": one, **kept} for one in TYPES]}
    return {"fhirVersion": "4.0.1", "software": {"name": "Another"}, "rest": [rest]}


def test_a_server_that_can_do_everything_lacks_nothing() -> None:
    found = abilities_of(statement(), TYPES)
    assert found == Abilities(is_ordered=False)
    assert list(found.lacks()) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"versioning": "no-version"},
        {"interaction": [{"code": "read"}, {"code": "create"}, {"code": "search-type"}]},
    ],
)
def test_a_server_on_which_an_edit_could_be_lost_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(CloudUnfit, match=r"mirrored"):
        abilities_of(statement(**changed), TYPES)


def test_a_server_of_another_fhir_is_refused() -> None:
    with pytest.raises(CloudUnfit, match="R4"):
        abilities_of({**statement(), "fhirVersion": "5.0.0"}, TYPES)


def test_a_server_without_patients_is_refused_and_another_type_may_be_missing() -> None:
    found = abilities_of(statement(), (*TYPES, "FamilyMemberHistory"))
    assert found.keeps_no == {"FamilyMemberHistory"}
    without = statement()
    del without["rest"][0]["resource"][1]
    with pytest.raises(CloudUnfit, match="Patient"):
        abilities_of(without, TYPES)


def test_everything_that_may_be_missing_is_said_in_words() -> None:
    poor = Abilities(
        has_history=False,
        has_transaction=False,
        creates_conditionally=False,
        guards_deletions=False,
        keeps_digits=False,
        keeps_no=frozenset({"Slot"}),
    )
    said = dict([*poor.lacks(), *Abilities(tag=Tag.NONE).lacks()])
    said |= dict(Abilities(has_history=False, finds_changed=False).lacks())
    assert set(said) == set(REASONS)
    assert all(words.startswith("The cloud") and words.endswith(".") for words in said.values())
