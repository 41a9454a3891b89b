"""Parity: every record of both sides is compared; what differs is named, counted, and looked at again."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from legacy_bridge.commands.comparing import is_settled
from legacy_bridge.errors import SideUnavailable
from legacy_bridge.parity import Compared, Comparison, Parity, Scan, Stand
from legacy_bridge.records import Kind, LinkKey
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import key


def comparison(mirror: Mirror) -> Comparison:
    return mirror._comparison()


def stands(mirror: Mirror, kind: Kind) -> dict[str, int]:
    return {stand.value: count for stand, count in comparison(mirror).count(kind).counts.items() if count}


def test_what_differs_is_named_by_its_fields(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "mary", HomePhone="01632 960111", Town="York")
    found = comparison(mirror).count(Kind.PATIENT)
    (one,) = found.unequal
    assert (one.key, one.stand) == (key(Kind.PATIENT, "mary"), Stand.DIFFERENT)
    assert set(one.fields) == {"address_town", "home_phone"}
    assert one.fields["home_phone"] == ("01632 960111", "01632 960383")
    assert found.fields == {"home_phone": 1, "address_town": 1}
    assert (found.percent, found.is_equal) == (50.0, False)


def test_what_is_on_one_side_only_is_counted_by_the_side(mirror: Mirror) -> None:
    mirror.practice.add_patient("zoe", Surname="Lind", GivenName="Zoe", PatientNumber=1003)
    mirror.practice.remove("Admin_Patient", "omar")
    assert stands(mirror, Kind.PATIENT) == {"matched": 1, "only_in_legacy": 1, "only_in_cloud": 1}


def test_the_confidential_and_what_is_in_quarantine_are_counted_apart(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    mirror.practice.add_slot("odd", PlannedDurationInMinutes=-15)
    mirror.drain()
    assert stands(mirror, Kind.PATIENT) == {"matched": 1, "withheld": 1}
    assert stands(mirror, Kind.SLOT) == {"matched": 3, "quarantined": 1}
    found = comparison(mirror).count(Kind.SLOT)
    assert (found.percent, found.is_equal) == (100.0, True)


@pytest.mark.hazard("H24")
def test_a_confidential_record_that_is_on_the_cloud_is_a_difference(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
    (one,) = comparison(mirror).count(Kind.PATIENT).unequal
    assert (one.stand, set(one.fields)) == (Stand.DIFFERENT, {"confidentiality"})


def test_what_is_on_its_way_while_it_is_counted_is_no_difference(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "mary", Town="York")

    def carry(_: Sequence[Compared]) -> None:
        mirror.drain()

    found = comparison(mirror).count(Kind.PATIENT, on_chunk=carry)
    assert found.counts == {Stand.MATCHED: 2, Stand.DIFFERENT: 0}
    assert (found.unequal, dict(found.fields)) == ([], {})


def test_ninety_nine_point_nine_nine_is_not_equal() -> None:
    parity = Parity()
    parity.counts.update({Stand.MATCHED: 10**7, Stand.ONLY_IN_CLOUD: 1})
    assert parity.percent < 100
    assert not parity.is_equal


def test_records_that_could_not_be_compared_are_compared_by_the_next_step(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = comparison(mirror)
    scan = Scan(compared, mirror.journal, mirror.service._parts.clock)
    scan.start([Kind.PATIENT])
    with monkeypatch.context() as patched:

        def fails(_: Sequence[LinkKey]) -> list[Compared]:
            raise SideUnavailable("The cloud does not answer.")

        patched.setattr(compared, "compare", fails)
        with pytest.raises(SideUnavailable):
            scan.step(1)
    while scan.step(1):
        pass
    assert mirror.journal.standing().counted[Kind.PATIENT].matched == 2


def test_a_running_bridge_looks_at_what_was_marked_beside_it(mirror: Mirror) -> None:
    mirror.service.step()
    mirror.journal.mark([key(Kind.PATIENT, "mary")], mirror.service._parts.clock())
    assert mirror.service.step().looked_at == 0, "it was just asked"
    mirror.service._polled.clear()  # two seconds later
    assert mirror.service.step().looked_at == 1


@dataclass(slots=True)
class FakeBook:
    """A journal with ever fewer links to settle."""

    left: list[int]
    waits: list[float] = field(default_factory=list)

    def unsettled(self, keys: Sequence[LinkKey]) -> Sequence[LinkKey]:
        """See `sides.Journal`."""
        return keys[: self.left.pop(0) if len(self.left) > 1 else self.left[0]]


@pytest.mark.parametrize(("left", "is_done"), [([9, 9, 5, 2, 0], True), ([9, 4, 4], False)])
def test_a_repair_waits_while_the_running_bridge_gets_on(left: list[int], is_done: bool) -> None:
    book = FakeBook(left)
    keys = [LinkKey(kind=Kind.PATIENT, key=str(number)) for number in range(9)]
    assert is_settled(book, keys, wait=book.waits.append) is is_done
    assert sum(book.waits) < 120
