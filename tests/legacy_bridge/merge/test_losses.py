"""What is listed where nobody can know what happened."""

from legacy_bridge.merge.losses import cleared_meanwhile, lost_values
from legacy_bridge.records import Kind
from legacy_bridge.sides.links import Pending
from web_modules.decision.words import Authority

WRITTEN = Pending(
    fields={"home_phone": "01632 960383", "email": None},
    to_legacy=frozenset(),
    to_cloud=frozenset({"home_phone", "email"}),
)


def test_a_value_that_was_written_and_is_empty_before_that_was_known_is_listed() -> None:
    legacy = {"home_phone": "01632 960999"}
    (listed,) = cleared_meanwhile(Kind.PATIENT, {}, WRITTEN, legacy, {})
    assert listed.unit == "home_phone"
    assert listed.winner is Authority.LEGACY
    assert listed.legacy == legacy
    assert listed.cloud == {}


def test_nothing_is_listed_of_what_is_there_was_agreed_on_or_was_not_to_be_written() -> None:
    phone = {"home_phone": "01632 960383"}
    assert cleared_meanwhile(Kind.PATIENT, {}, WRITTEN, phone, phone) == ()
    assert cleared_meanwhile(Kind.PATIENT, phone, WRITTEN, phone, {}) == ()
    assert cleared_meanwhile(Kind.PATIENT, {}, WRITTEN, {}, {}) == ()
    assert cleared_meanwhile(Kind.PATIENT, {}, None, phone, {}) == ()


def test_that_a_value_was_removed_is_listed_where_legacy_cannot_be_read() -> None:
    agreed = {"home_phone": "01632 960383", "family": "Lind"}
    lost = lost_values(Kind.PATIENT, agreed, None, {"family": "Lind"})
    assert [(one.base, one.cloud) for one in lost] == [({"home_phone": "01632 960383"}, {})]


def test_that_a_value_was_removed_on_both_sides_is_not_listed() -> None:
    agreed = {"home_phone": "01632 960383", "family": "Lind"}
    assert lost_values(Kind.PATIENT, agreed, {"family": "Lind"}, {"family": "Lind"}) == ()
