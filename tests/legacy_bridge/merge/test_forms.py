"""What a form puts back that was opened before the bridge wrote."""

from legacy_bridge.merge.forms import base_since, put_back, remembered
from legacy_bridge.records import Agreed, Fields
from legacy_bridge.sides.links import Lately, Shown

HOUR = 3600.0
PHONE = "home_phone"


def visited(
    lately: Lately, base: Agreed, legacy: Fields, agreed: Agreed, *, writes: bool = False, at: float = 0.0
) -> Lately:
    to_legacy = frozenset({PHONE}) if writes else frozenset[str]()
    return remembered(lately, base, legacy, agreed, to_legacy, now=at, keeps_seconds=HOUR)


def written(at: float = 0.0) -> Lately:
    """The bridge writes 2 over 1."""
    return visited({}, {PHONE: "1"}, {PHONE: "1"}, {PHONE: "2"}, writes=True, at=at)


def test_the_value_that_the_bridge_wrote_over_is_known_again() -> None:
    assert put_back({PHONE: "2"}, {PHONE: "1"}, written()) == {PHONE}
    assert put_back({PHONE: "2"}, {PHONE: "3"}, written()) == set()


def test_an_empty_field_that_the_bridge_filled_is_known_again() -> None:
    lately = visited({}, {PHONE: None}, {}, {PHONE: "2"}, writes=True)
    assert put_back({PHONE: "2"}, {}, lately) == {PHONE}


def test_what_somebody_undoes_in_legacy_alone_is_an_edit() -> None:
    lately = visited({}, {PHONE: "1"}, {PHONE: "2"}, {PHONE: "2"})
    assert put_back({PHONE: "2"}, {PHONE: "1"}, lately) == set()


def test_a_value_from_before_an_edit_that_the_bridge_wrote_over_is_known_again() -> None:
    lately = visited({}, {PHONE: "1"}, {PHONE: "2"}, {PHONE: "2"})
    lately = visited(lately, {PHONE: "2"}, {PHONE: "2"}, {PHONE: "3"}, writes=True)
    assert put_back({PHONE: "3"}, {PHONE: "1"}, lately) == {PHONE}


def test_a_form_is_forgotten_when_it_is_closed() -> None:
    later = visited(written(), {PHONE: "2"}, {PHONE: "2"}, {PHONE: "2"}, at=HOUR)
    assert put_back({PHONE: "2"}, {PHONE: "1"}, later) == {PHONE}
    later = visited(written(), {PHONE: "2"}, {PHONE: "2"}, {PHONE: "2"}, at=HOUR + 1)
    assert later == {}


def test_what_is_asked_about_is_known_for_as_long_as_it_is_there() -> None:
    asked = visited(written(), {PHONE: "2"}, {PHONE: "1"}, {}, at=60)
    later = visited(asked, {PHONE: "2"}, {PHONE: "1"}, {}, at=99 * HOUR)
    assert put_back({PHONE: "2"}, {PHONE: "1"}, later) == {PHONE}


def test_an_edit_of_what_was_put_back_did_not_see_what_the_bridge_wrote() -> None:
    asked = visited(written(), {PHONE: "2"}, {PHONE: "1"}, {}, at=60)
    assert base_since({PHONE: "2"}, {PHONE: "4"}, asked) == {PHONE: "1"}
    assert base_since({PHONE: "2"}, {PHONE: "2"}, asked) == {PHONE: "2"}
    assert base_since({PHONE: "2"}, {PHONE: "4"}, written()) == {PHONE: "2"}


def test_what_is_agreed_again_is_no_old_value() -> None:
    lately = visited(written(), {PHONE: "2"}, {PHONE: "2"}, {PHONE: "1"}, writes=True, at=60)
    assert put_back({PHONE: "1"}, {PHONE: "2"}, lately) == {PHONE}
    assert [one.value for one in lately[PHONE]] == ["2"]


def test_the_memory_of_a_field_is_bounded() -> None:
    lately: Lately = {PHONE: tuple(Shown(value=str(at), until=0.0) for at in range(500))}
    assert len(visited(lately, {PHONE: "a"}, {PHONE: "a"}, {PHONE: "b"}, writes=True)[PHONE]) <= 50
