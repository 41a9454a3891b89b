"""Refusals are counted for all processes of a practice, and a flood of them costs few writes."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from tests.web_modules.identity.database.conftest import Clock
from web_modules.identity.database.attempts import WINDOW_SECONDS, Attempts
from web_modules.identity.database.connection import IdentityDatabase
from web_modules.identity.database.tables import ATTEMPT


def rows(identity: IdentityDatabase) -> int:
    with identity.reading() as connection:
        own = ATTEMPT.c.practice == identity.practice
        return int(connection.execute(select(func.count()).select_from(ATTEMPT).where(own)).scalar_one())


def test_name_is_closed_with_the_last_refusal_until_its_minute_is_over(
    identity: IdentityDatabase, clock: Clock
) -> None:
    attempts = Attempts(identity)
    for _ in range(3):
        assert attempts.seconds_closed("a") == 0
        attempts.failed("a", most=3)
    clock.now += 20
    assert attempts.seconds_closed("a") == WINDOW_SECONDS - 20
    assert attempts.seconds_closed("b") == 0
    clock.now += WINDOW_SECONDS - 20
    assert attempts.seconds_closed("a") == 0
    attempts.failed("a", most=3)
    assert attempts.seconds_closed("a") == 0
    assert rows(identity) == 1


def test_processes_count_together(identity: IdentityDatabase) -> None:
    one, two = Attempts(identity), Attempts(identity)
    one.failed("a", most=3)
    two.failed("a", most=3)
    one.failed("a", most=3)
    assert one.seconds_closed("a") > 0
    two.failed("a", most=3)
    assert two.seconds_closed("a") > 0


def test_closed_name_costs_no_further_write(identity: IdentityDatabase) -> None:
    attempts = Attempts(identity)
    for _ in range(50):
        attempts.failed("a", most=3)
    with identity.reading() as connection:
        own = ATTEMPT.c.practice == identity.practice
        assert connection.execute(select(ATTEMPT.c.times).where(own)).scalars().all() == [3]


def test_nothing_is_lost_when_many_fail_at_once(identity: IdentityDatabase) -> None:
    attempts = Attempts(identity)
    attempts.failed("a", most=100)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: attempts.failed("a", most=100), range(30)))
    with identity.reading() as connection:
        own = ATTEMPT.c.practice == identity.practice
        assert connection.execute(select(ATTEMPT.c.times).where(own)).scalars().all() == [31]


def test_what_is_over_is_removed(identity: IdentityDatabase, clock: Clock) -> None:
    attempts = Attempts(identity)
    for number in range(20):
        attempts.failed(f"{number}", most=3)
    assert rows(identity) == 20
    clock.now += WINDOW_SECONDS
    attempts.failed("other", most=3)
    assert rows(identity) == 1
