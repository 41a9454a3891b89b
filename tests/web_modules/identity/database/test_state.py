"""What several web processes share, on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, event

from tests.web_modules.identity.database.conftest import Clock
from web_modules.fhir_store.database.engine import Database
from web_modules.identity.database import revocations as revocations_module
from web_modules.identity.database.claims import RelationshipClaims
from web_modules.identity.database.connection import IdentityDatabase
from web_modules.identity.database.contexts import KEPT_SECONDS as CONTEXT_SECONDS
from web_modules.identity.database.contexts import Contexts
from web_modules.identity.database.families import Families
from web_modules.identity.database.keys import Keys
from web_modules.identity.database.revocations import Revocations
from web_modules.identity.database.tables import METADATA
from web_modules.identity.database.tickets import KEPT_SECONDS, TicketKind, Tickets


@pytest.fixture
def other(database: Database, practice: str, clock: Clock) -> IdentityDatabase:
    return IdentityDatabase(database, f"{practice}X", clock)


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        seen.append(text)

    engines: tuple[Engine, ...] = database.engines
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def test_every_key_and_index_begins_with_the_practice() -> None:
    for table in METADATA.tables.values():
        assert next(iter(table.primary_key.columns)).name == "practice"
        for index in table.indexes:
            assert next(iter(index.columns)).name == "practice"


def test_every_statement_names_the_practice(identity: IdentityDatabase, statements: list[str]) -> None:
    tickets, families = Tickets(identity), Families(identity)
    tickets.take(TicketKind.CODE, tickets.issue(TicketKind.CODE, {}, seconds=60))
    tickets.look(TicketKind.LAUNCH, "x")
    found = families.of(families.open("one", {}, until=identity.now() + 60))
    assert found is not None
    families.rotate(found)
    families.close("one")
    Revocations(identity).revoke("x", until=identity.now() + 60)
    Revocations(identity).is_revoked("x")
    Keys(identity).session()
    RelationshipClaims(identity).add("p", "1", reason="x", seconds=60)
    RelationshipClaims(identity).of("p")
    asked = [text for text in statements if "identity_" in text]
    assert len(asked) > 15
    for text in asked:
        assert "practice" in text.partition("WHERE")[2] or text.startswith("INSERT"), text


def test_a_ticket_is_good_once_and_its_second_use_is_seen(identity: IdentityDatabase) -> None:
    tickets = Tickets(identity)
    secret = tickets.issue(TicketKind.CODE, {"a": 1}, seconds=60)
    assert tickets.look(TicketKind.CODE, secret) == {"a": 1}
    first, second = (tickets.take(TicketKind.CODE, secret) for _ in range(2))
    assert first is not None
    assert second is not None
    assert (first.is_first, second.is_first) == (True, False)
    assert second.content == {"a": 1}
    assert tickets.look(TicketKind.CODE, secret) is None


def test_a_ticket_is_good_for_its_kind_time_and_practice(
    identity: IdentityDatabase, other: IdentityDatabase, clock: Clock
) -> None:
    secret = Tickets(identity).issue(TicketKind.LAUNCH, {}, seconds=60)
    assert Tickets(identity).take(TicketKind.CODE, secret) is None
    assert Tickets(other).take(TicketKind.LAUNCH, secret) is None
    clock.now += 60
    assert Tickets(identity).take(TicketKind.LAUNCH, secret) is None


def test_of_many_who_take_a_ticket_at_once_one_is_first(identity: IdentityDatabase) -> None:
    secret = Tickets(identity).issue(TicketKind.CODE, {}, seconds=60)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: Tickets(identity).take(TicketKind.CODE, secret), range(16)))
    assert sum(one is not None and one.is_first for one in taken) == 1


def test_a_value_is_spent_once_until_it_is_forgotten(identity: IdentityDatabase, clock: Clock) -> None:
    tickets = Tickets(identity)
    assert tickets.spend(TicketKind.ASSERTION, "c/1", seconds=60)
    assert not tickets.spend(TicketKind.ASSERTION, "c/1", seconds=60)
    assert tickets.spend(TicketKind.ASSERTION, "c/2", seconds=60)
    clock.now += 61 + KEPT_SECONDS
    assert tickets.spend(TicketKind.ASSERTION, "c/3", seconds=60)
    assert tickets.spend(TicketKind.ASSERTION, "c/1", seconds=60)


def test_a_refresh_token_is_followed_by_the_next_and_never_good_again(identity: IdentityDatabase) -> None:
    families = Families(identity)
    first = families.open("one", {"client": "c"}, until=identity.now() + 60)
    found = families.of(first)
    assert found is not None
    assert found.is_current
    second = families.rotate(found)
    assert second is not None
    assert families.rotate(found) is None
    old, new = families.of(first), families.of(second)
    assert old is not None
    assert new is not None
    assert (old.is_current, new.is_current) == (False, True)


def test_a_family_ends_with_its_time_when_closed_and_at_another_practice(
    identity: IdentityDatabase, other: IdentityDatabase, clock: Clock
) -> None:
    families = Families(identity)
    one = families.open("one", {}, until=identity.now() + 60)
    two = families.open("two", {}, until=identity.now() + 600)
    assert Families(other).of(one) is None
    families.close("two")
    assert families.of(two) is None
    clock.now += 60
    assert families.of(one) is None
    for nonsense in ("", ".", "one", "one.x", "\u0000", "one\u0000.x"):
        assert families.of(nonsense) is None


def test_what_is_revoked_is_so_at_once_here_and_soon_elsewhere(
    identity: IdentityDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = Revocations(identity), Revocations(identity)
    assert not there.is_revoked("x")
    here.revoke("x", until=identity.now() + 60)
    here.revoke("x", until=identity.now() + 90)
    assert here.is_revoked("x")
    monkeypatch.setattr(revocations_module, "FRESH_SECONDS", 0.0)
    assert there.is_revoked("x")


def test_revocations_are_a_practices_own(identity: IdentityDatabase, other: IdentityDatabase) -> None:
    Revocations(identity).revoke("x", until=identity.now() + 60)
    assert not Revocations(other).is_revoked("x")


def test_all_processes_of_a_practice_have_the_same_keys_and_others_have_others(
    identity: IdentityDatabase, other: IdentityDatabase
) -> None:
    one, two, foreign = Keys(identity), Keys(identity), Keys(other)
    assert one.public() == two.public()
    assert one.session() == two.session()
    assert {key["kid"] for key in one.public()["keys"]}.isdisjoint(
        key["kid"] for key in foreign.public()["keys"]
    )
    assert all("d" not in key for key in one.public()["keys"])


def test_a_claimed_relationship_ends_by_itself(identity: IdentityDatabase, clock: Clock) -> None:
    claims = RelationshipClaims(identity)
    claims.add("priya", "1", reason="locum", seconds=60)
    claims.add("priya", "1", reason="locum again", seconds=90)
    assert claims.of("priya") == {"1"}
    assert claims.of("dawn") == frozenset()
    clock.now += 90
    assert claims.of("priya") == frozenset()


@pytest.mark.hazard("H02")
def test_a_window_that_has_gone_on_is_known_to_every_process(identity: IdentityDatabase) -> None:
    here, there = Contexts(identity), Contexts(identity)
    assert not here.is_stale("session", "first")
    here.announce("session", "first")
    assert not there.is_stale("session", "first")
    there.announce("session", "second")
    for each in (here, there):
        assert each.is_stale("session", "first")
        assert not each.is_stale("session", "second")
        assert not each.is_stale("another", "first")


@pytest.mark.hazard("H02")
def test_a_context_that_was_left_does_not_come_back(identity: IdentityDatabase) -> None:
    here, there = Contexts(identity), Contexts(identity)
    for context in ("first", "second"):
        here.announce("session", context)
    there.announce("session", "first")
    here.announce("session", "first")
    assert here.is_stale("session", "first")
    assert there.is_stale("session", "first")


def test_several_processes_may_announce_at_once(identity: IdentityDatabase) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: Contexts(identity).announce("s", str(number % 4)), range(16)))
    assert sum(not Contexts(identity).is_stale("s", str(number)) for number in range(4)) == 1


def test_contexts_of_sessions_that_are_over_are_forgotten(identity: IdentityDatabase, clock: Clock) -> None:
    contexts = Contexts(identity)
    contexts.announce("yesterday", "first")
    contexts.announce("yesterday", "second")
    clock.now += CONTEXT_SECONDS + 1
    contexts.announce("today", "first")
    assert not contexts.is_stale("yesterday", "first")
