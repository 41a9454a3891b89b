"""Guards: what must not happen before a person has looked."""

import pytest

from legacy_bridge.errors import BlastRadius, EnvironmentWrong, SchemaDrifted
from legacy_bridge.guards import BlastGuard, check_environment, check_schema
from tests.legacy_bridge.support.mirror import Mirror
from web_modules.decision.words import Environment


@pytest.mark.hazard("H21")
@pytest.mark.parametrize("said", ["live", "training"])
def test_a_cloud_of_another_environment_is_refused(said: str) -> None:
    with pytest.raises(EnvironmentWrong, match=said):
        check_environment(Environment.REFERENCE, said=said, ods="Y99002", practice="Y99002")


def test_a_cloud_of_another_practice_is_refused() -> None:
    with pytest.raises(EnvironmentWrong, match="Y99003"):
        check_environment(Environment.REFERENCE, said="reference", ods="Y99002", practice="Y99003")


def test_a_missing_column_stops_the_mirror_and_a_further_one_does_not() -> None:
    check_schema({"T": ["A"]}, {"T": ["A", "B"]})
    with pytest.raises(SchemaDrifted, match=r"T\.A"):
        check_schema({"T": ["A"]}, {"T": ["B"]})
    with pytest.raises(SchemaDrifted, match="T is missing"):
        check_schema({"T": ["A"]}, {})


def test_a_batch_that_would_delete_too_much_writes_nothing(mirror: Mirror) -> None:
    mirror.blast_guard = BlastGuard(share=0.01, at_least=1)
    mirror.start()
    for index in range(3):
        mirror.practice.edit("Appointment_Slot", f"slot{index}", Deleted=True)
    with pytest.raises(BlastRadius, match="would delete 3 records"):
        mirror.drain()
    assert mirror.slot("slot0")["status"] == "free"
