"""The oracle, on stories of a few edits."""

from legacy_bridge.rehearsal.oracle import Edit, Oracle

PHONE = "patient/mary home_phone"


def lost(oracle: Oracle, *there: str | None, listed: tuple[str | None, ...] = ()) -> list[Edit]:
    return oracle.lost(PHONE, there=there, listed=listed)


def test_an_edit_that_somebody_built_on_is_kept() -> None:
    oracle = Oracle()
    oracle.edited(PHONE, "legacy", saw="1", left="2")
    oracle.edited(PHONE, "cloud", saw="2", left="3")
    assert lost(oracle, "3") == []
    assert [one.left for one in lost(oracle, "1")] == ["2", "3"]


def test_of_two_edits_of_one_value_one_is_lost_unless_it_is_listed() -> None:
    oracle = Oracle()
    first = oracle.edited(PHONE, "legacy", saw="1", left="2")
    oracle.edited(PHONE, "cloud", saw="1", left="3")
    assert lost(oracle, "3") == [first]
    assert lost(oracle, "3", listed=("2",)) == []


def test_a_value_that_was_removed_and_comes_back_is_a_lost_edit() -> None:
    oracle = Oracle()
    oracle.edited(PHONE, "legacy", saw=None, left="1")
    removed = oracle.edited(PHONE, "cloud", saw="1", left=None)
    assert lost(oracle, None) == []
    assert lost(oracle, "1") == [removed]


def test_a_value_that_somebody_put_back_is_no_lost_edit() -> None:
    oracle = Oracle()
    oracle.edited(PHONE, "legacy", saw="1", left="2")
    oracle.edited(PHONE, "legacy", saw="2", left="1")
    assert lost(oracle, "1") == []


def test_what_a_restore_took_away_is_excused_and_nothing_else() -> None:
    oracle = Oracle()
    oracle.edited(PHONE, "legacy", saw="1", left="2")
    oracle.excuse(PHONE, kept=["1"])
    later = oracle.edited(PHONE, "legacy", saw="1", left="3")
    assert lost(oracle, "1") == [later]
    assert oracle.story(PHONE) == ["1. legacy: patient/mary home_phone: '1' -> '2'", f"{later}"]
