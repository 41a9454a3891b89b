"""What people did in a rehearsal, and what the oracle hears of it."""

from legacy_bridge.rehearsal.diary import Diary, Outcome
from legacy_bridge.rehearsal.oracle import Oracle
from legacy_bridge.rehearsal.verdict import lost_edits

PLACE = "patient/mary home_phone"


def test_an_edit_of_which_nothing_is_left_is_a_violation_with_its_story() -> None:
    oracle = Oracle()
    diary = Diary(oracle)
    diary.intends(PLACE, "legacy", saw="0", left="1").outcome = Outcome.DONE
    diary.intends(PLACE, "cloud", saw="0", left="2").outcome = Outcome.DONE
    diary.tell()
    assert lost_edits(oracle, {PLACE: {"2"}}, {PLACE: {"1"}}) == []
    (violation,) = lost_edits(oracle, {PLACE: {"2"}}, {})
    assert violation.startswith("I1: lost 1. legacy: patient/mary home_phone: '0' -> '1'; there: ['2'].")
    assert "2. cloud: patient/mary home_phone: '0' -> '2'" in violation


def test_an_edit_that_was_refused_is_nobodys_and_one_without_an_answer_is_asked_about() -> None:
    oracle = Oracle()
    diary = Diary(oracle)
    diary.intends(PLACE, "legacy", saw="0", left="1").outcome = Outcome.REFUSED
    entry = diary.intends(PLACE, "cloud", saw="0", left="2")
    assert diary.unknown() == [entry]
    entry.outcome = Outcome.DONE
    diary.tell()
    assert diary.unknown() == []
    assert diary.done == {"legacy": 0, "cloud": 1}
    assert lost_edits(oracle, {PLACE: {"2"}}, {}) == []


def test_edits_keep_the_order_in_which_they_were_begun() -> None:
    oracle = Oracle()
    diary = Diary(oracle)
    first = diary.intends(PLACE, "cloud", saw="0", left="1")
    diary.intends(PLACE, "legacy", saw="1", left="2").outcome = Outcome.DONE
    first.outcome = Outcome.DONE
    diary.tell()
    assert [line[0] for line in oracle.story(PLACE)] == ["1", "2"]
    assert "cloud" in oracle.story(PLACE)[0]
