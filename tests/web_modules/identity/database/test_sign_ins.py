"""How long a sign-in vouches for somebody, and in which roles."""

from tests.web_modules.identity.database.conftest import Clock
from web_modules.identity.database import sign_ins
from web_modules.identity.database.connection import IdentityDatabase
from web_modules.identity.database.sign_ins import SignIns
from web_modules.identity.people import Person, Role

DAY = 24 * 3600
GP = Person(id="a", name="A", role=Role.GP)
NURSE = Person(id="a", name="A", role=Role.NURSE)


def test_a_sign_in_vouches_for_so_many_days_and_the_next_one_again(
    identity: IdentityDatabase, clock: Clock
) -> None:
    kept = SignIns(identity, 7)
    assert (kept.holds(GP), kept.vouches(GP)) == (True, False)
    kept.note("a", [Role.GP])
    clock.now += 7 * DAY - 1
    assert kept.vouches(GP)
    clock.now += 1
    assert (kept.holds(GP), kept.vouches(GP)) == (True, False)
    kept.note("a", [Role.GP])
    assert kept.vouches(GP)


def test_a_role_that_somebody_comes_without_is_over_for_every_process(
    identity: IdentityDatabase, clock: Clock
) -> None:
    here, there = SignIns(identity, 7), SignIns(identity, 7)
    here.note("a", [Role.GP, Role.NURSE])
    assert (there.vouches(GP), there.vouches(NURSE)) == (True, True)
    here.note("a", [Role.NURSE])
    fresh = SignIns(identity, 7)
    for one in (here, fresh):
        assert (one.holds(GP), one.vouches(GP)) == (False, False)
        assert (one.holds(NURSE), one.vouches(NURSE)) == (True, True)
    here.note("a", [])
    assert (here.holds(NURSE), SignIns(identity, 7).holds(NURSE)) == (False, False)


def test_a_sign_in_is_forgotten_once_nothing_could_go_by_it(identity: IdentityDatabase, clock: Clock) -> None:
    kept = SignIns(identity, 7)
    kept.note("a", [])
    clock.now += sign_ins.KEPT_SECONDS + 1
    kept.note("b", [Role.GP])
    assert SignIns(identity, 7).holds(GP)
