"""Laws of the merge, for any three values of any fields."""

from hypothesis import given
from hypothesis import strategies as st

from legacy_bridge.merge.policy import Policy, Unit
from legacy_bridge.merge.three_way import merge, settled_base
from legacy_bridge.records import Agreed, Fields
from legacy_bridge.sides.links import Pending
from web_modules.decision.words import Authority

UNITS = (
    Unit(name="phone", fields=("phone",), policy=Policy.AUTHORITY),
    Unit(name="name", fields=("given", "family"), policy=Policy.ASK),
    Unit(name="start", fields=("start",), policy=Policy.LEGACY),
    Unit(name="booking", fields=("patient", "term"), policy=Policy.AUTHORITY, ask_on=("patient",)),
)
NAMES = tuple(name for unit in UNITS for name in unit.fields)
VALUES = st.sampled_from(["a", "b", "c"])
FIELDS = st.dictionaries(st.sampled_from(NAMES), VALUES)
BASES = st.dictionaries(st.sampled_from(NAMES), st.none() | VALUES)
AUTHORITIES = st.sampled_from(Authority)


def said(fields: Fields, agreed: Agreed) -> dict[str, object]:
    return {name: agreed.get(name, fields.get(name)) for name in NAMES if agreed.get(name, fields.get(name))}


@given(base=BASES, legacy=FIELDS, cloud=FIELDS, authority=AUTHORITIES)
def test_what_is_agreed_makes_both_sides_equal_and_the_rest_is_an_open_conflict(
    base: Agreed, legacy: Fields, cloud: Fields, authority: Authority
) -> None:
    merged = merge(UNITS, base, legacy, cloud, authority=authority)
    asked = {name for one in merged.open for unit in UNITS if unit.name == one.unit for name in unit.fields}
    assert set(merged.agreed) | asked == set(NAMES)
    assert not set(merged.agreed) & asked
    for name in set(NAMES) - asked:
        assert said(legacy, merged.agreed).get(name) == said(cloud, merged.agreed).get(name)


@given(base=BASES, legacy=FIELDS, cloud=FIELDS, authority=AUTHORITIES)
def test_no_value_that_somebody_entered_disappears_without_a_word(
    base: Agreed, legacy: Fields, cloud: Fields, authority: Authority
) -> None:
    merged = merge(UNITS, base, legacy, cloud, authority=authority)
    listed = [*merged.decided, *merged.open]
    for side, other in ((legacy, cloud), (cloud, legacy)):
        for unit in UNITS:
            mine = tuple(side.get(name) for name in unit.fields)
            was = tuple(base.get(name) for name in unit.fields)
            has_base = all(name in base for name in unit.fields)
            is_entered = mine != was if has_base else any(mine)
            kept = tuple(merged.agreed.get(name) for name in unit.fields)
            if is_entered and mine != tuple(other.get(name) for name in unit.fields) and kept != mine:
                assert any(one.unit == unit.name for one in listed)


@given(base=BASES, legacy=FIELDS, cloud=FIELDS, authority=AUTHORITIES)
def test_merging_again_what_was_agreed_changes_nothing(
    base: Agreed, legacy: Fields, cloud: Fields, authority: Authority
) -> None:
    first = merge(UNITS, base, legacy, cloud, authority=authority)
    settled = {**base, **first.agreed}
    mine = {name: value for name, value in {**legacy, **first.agreed}.items() if value is not None}
    theirs = {name: value for name, value in {**cloud, **first.agreed}.items() if value is not None}
    again = merge(UNITS, settled, mine, theirs, authority=authority)
    assert (again.to_legacy, again.to_cloud, again.decided) == (frozenset(), frozenset(), ())
    assert {one.unit for one in again.open} == {one.unit for one in first.open}


@given(base=BASES, legacy=FIELDS, cloud=FIELDS)
def test_the_values_of_a_unit_are_never_mixed(base: Agreed, legacy: Fields, cloud: Fields) -> None:
    merged = merge(UNITS, base, legacy, cloud, authority=Authority.CLOUD)
    for unit in UNITS:
        if set(unit.fields) <= set(merged.agreed):
            kept = tuple(merged.agreed[name] for name in unit.fields)
            assert kept in {tuple(side.get(name) for name in unit.fields) for side in (legacy, cloud)}


@given(legacy=FIELDS, cloud=FIELDS, base=BASES)
def test_what_the_bridge_does_not_write_always_follows_legacy(
    base: Agreed, legacy: Fields, cloud: Fields
) -> None:
    merged = merge(UNITS, base, legacy, cloud, authority=Authority.CLOUD)
    assert merged.agreed["start"] == legacy.get("start")


def test_on_a_first_load_an_empty_value_does_not_beat_a_value() -> None:
    merged = merge(UNITS, {}, {}, {"phone": "a"}, authority=Authority.LEGACY)
    assert merged.agreed["phone"] == "a"
    assert merged.decided == ()


def test_a_value_that_was_agreed_and_then_emptied_stays_empty() -> None:
    merged = merge(UNITS, {"phone": "a"}, {}, {"phone": "a"}, authority=Authority.CLOUD)
    assert merged.agreed["phone"] is None
    assert merged.to_cloud == {"phone"}


def test_an_interrupted_write_is_not_taken_for_a_person_s_edit() -> None:
    pending = Pending(fields={"phone": "b"}, to_legacy=frozenset(), to_cloud=frozenset({"phone"}))
    base = settled_base({"phone": "a"}, pending, {"phone": "c"}, {"phone": "b"})
    merged = merge(UNITS[:1], base, {"phone": "c"}, {"phone": "b"}, authority=Authority.CLOUD)
    assert (merged.agreed, merged.decided) == ({"phone": "c"}, ())
