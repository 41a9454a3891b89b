import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from tests.support.waiting import until
from tests.web_modules.fhir_store.conftest import PRACTICE
from web_modules.fhir.audit_chain import Chain
from web_modules.fhir_store.database.adding import Adding
from web_modules.fhir_store.database.engine import Database
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.database.tables import QUANTITY, URI
from web_modules.fhir_store.refusals import Refusal

ADD_URI = Adding(URI, "parameter", "number", "uri")
ADD_QUANTITY = Adding(QUANTITY, "parameter", "number", "low", "high", "system", "unit")
URIS = "SELECT uri FROM search_uri WHERE practice = ? ORDER BY number"
REMOVE = "DELETE FROM search_uri WHERE practice = ? AND uri = ?"


class Undo(Exception):
    """What a test raises to have a part undone."""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as made:
        made.open_practice(PRACTICE, "reference", Chain(b"", PRACTICE))
        yield made


def add(session: Session, number: int, uri: str) -> None:
    session.add(ADD_URI, [(PRACTICE, 1, number, uri)])


def uris(session: Session) -> list[str]:
    return [row[0] for row in session.rows(URIS, (PRACTICE,))]


def committed(database: Database) -> list[str]:
    with database.viewing() as session:
        return uris(session)


def test_a_query_finds_what_was_changed_before_it(database: Database) -> None:
    def work(session: Session) -> list[str]:
        add(session, 1, "a")
        session.change_later(REMOVE, [(PRACTICE, "c")])
        add(session, 2, "b")
        assert session.change(REMOVE, (PRACTICE, "a")) == 1
        assert session.change(REMOVE, (PRACTICE, "a")) == 0
        return uris(session)

    assert database.write(work) == committed(database) == ["b"]


def test_a_change_at_once_is_undone_with_its_part(database: Database) -> None:
    def fail(session: Session) -> None:
        with session.part():
            session.change(REMOVE, (PRACTICE, "a"))
            raise Undo

    def work(session: Session) -> None:
        add(session, 1, "a")
        with pytest.raises(Undo):
            fail(session)

    database.write(work)
    assert committed(database) == ["a"]


def test_changes_under_one_key_are_sent_in_their_order(database: Database) -> None:
    def work(session: Session) -> None:
        for uri in ("a", "b", "c"):
            session.touch(("key",))
            session.change_later(REMOVE, [(PRACTICE, "b")])
            add(session, 1, uri)
            session.touch(("key",))
            session.change_later(REMOVE, [(PRACTICE, "a")])

    database.write(work)
    assert committed(database) == ["c"]


@pytest.mark.parametrize("asks", [False, True])
def test_a_part_that_fails_is_undone_by_itself(database: Database, asks: bool) -> None:
    def ask(session: Session) -> None:
        if asks:  # which sends what the part has changed so far
            uris(session)

    def fail(session: Session) -> None:
        with session.part():
            ask(session)
            add(session, 3, "undone")
            ask(session)
            with session.part():
                add(session, 4, "undone too")
                ask(session)
            add(session, 5, "undone as well")
            raise Undo

    def work(session: Session) -> None:
        add(session, 1, "before")
        with session.part():
            add(session, 2, "kept")
            ask(session)
        with pytest.raises(Undo):
            fail(session)
        add(session, 6, "after")
        ask(session)

    database.write(work)
    assert committed(database) == ["before", "kept", "after"]


def test_a_part_that_fails_leaves_the_practice_where_it_was(database: Database) -> None:
    def fail(session: Session) -> None:
        with session.part():
            session.move_head(PRACTICE, replace(session.head(PRACTICE), position=9))
            raise Undo

    def work(session: Session) -> tuple[int, int]:
        head = session.head(PRACTICE)
        session.move_head(PRACTICE, replace(head, position=5))
        with pytest.raises(Undo):
            fail(session)
        return head.position, session.head(PRACTICE).position

    assert database.write(work) == (0, 5)


def test_every_kind_of_value_comes_back_as_it_was(database: Database) -> None:
    rows = [
        (PRACTICE, 1, 1, 0.1, 1e300, 'a "quoted" \\ text', "é\n%?"),
        (PRACTICE, 1, -(2**62), float("-inf"), float("inf"), "", "{a,b}"),
    ]
    database.write(lambda session: session.add(ADD_QUANTITY, rows))
    with database.viewing() as session:
        found = session.rows(
            "SELECT practice, parameter, number, low, high, system, unit FROM search_quantity"
            " WHERE practice = ? ORDER BY number DESC",
            (PRACTICE,),
        )
    assert [tuple(row) for row in found] == rows


def written_together(database: Database, works: list[Callable[[Session], Any]]) -> list[Exception | None]:
    """Have several threads wait for one commit; the error that each of them got."""
    errors: list[Exception | None] = [None] * len(works)
    began, go = threading.Event(), threading.Event()

    def hold(_session: Session) -> None:
        began.set()
        assert go.wait(60)

    def write(place: int) -> None:
        try:
            database.write(works[place])
        except Exception as error:  # noqa: BLE001  (for the test to look at)
            errors[place] = error

    holder = threading.Thread(target=database.write, args=(hold,))
    holder.start()
    assert began.wait(60)
    writers = [threading.Thread(target=write, args=(place,)) for place in range(len(works))]
    for writer in writers:
        writer.start()
    waiting = database._commits._waiting
    until(lambda: len(waiting) == len(works), "every writer waits")
    go.set()
    for thread in (holder, *writers):
        thread.join(60)
    return errors


def test_one_whose_rows_the_database_refuses_fails_alone(database: Database) -> None:
    def twice(session: Session) -> None:
        add(session, 2, "twice")
        add(session, 2, "twice")

    works = [lambda session: add(session, 1, "a"), twice, lambda session: add(session, 3, "c")]
    errors = written_together(database, works)
    assert [error is None for error in errors] == [True, False, True]
    assert committed(database) == ["a", "c"]


def test_what_the_database_refuses_is_not_taken_for_its_silence(database: Database) -> None:
    def work(session: Session) -> None:
        add(session, 1, "twice")
        for number in range(1, 50):
            add(session, number, "twice")
            session.send()

    with pytest.raises(database.engines[0].dialect.loaded_dbapi.IntegrityError):
        database.write(work)
    assert committed(database) == []


def test_one_that_is_refused_leaves_those_who_wait_with_it_alone(database: Database) -> None:
    def refused(session: Session) -> None:
        add(session, 2, "b")
        uris(session)
        raise Undo

    works = [lambda session: add(session, 1, "a"), refused, lambda session: add(session, 3, "c")]
    errors = written_together(database, works)
    assert [type(error) for error in errors] == [type(None), Undo, type(None)]
    assert committed(database) == ["a", "c"]


def test_who_is_committed_goes_on_while_the_next_is_still_at_it(database: Database) -> None:
    waiting = database._commits._waiting
    began, go, last_began, last_go = (threading.Event() for _ in range(4))

    def hold(_session: Session) -> None:
        began.set()
        assert go.wait(60)

    def bring_the_last(session: Session) -> None:
        add(session, 1, "a")
        last.start()
        until(lambda: len(waiting) == 1, "the last one waits")

    def stay(session: Session) -> None:
        last_began.set()
        assert last_go.wait(60)
        add(session, 3, "c")

    def writer(work: Callable[[Session], Any]) -> threading.Thread:
        return threading.Thread(target=database.write, args=(work,))

    last = writer(stay)
    holder, *others = (writer(work) for work in (hold, bring_the_last, lambda session: add(session, 2, "b")))
    holder.start()
    assert began.wait(60)
    others[0].start()
    until(lambda: len(waiting) == 1, "the first one waits")
    others[1].start()
    until(lambda: len(waiting) == 2, "the second one waits")
    go.set()
    assert last_began.wait(60)
    for one in (holder, *others):
        one.join(60)
        assert not one.is_alive()
    assert committed(database) == ["a", "b"]
    last_go.set()
    last.join(60)
    assert committed(database) == ["a", "b", "c"]


def test_a_change_that_is_too_much_is_refused_although_it_is_sent_last(database: Database) -> None:
    deep: dict[str, tuple[str, tuple[str, ...]]] = {
        "sqlite": (f"SELECT {'- ' * 9000}1", ()),
        "postgresql": ("SELECT CAST(? AS json)", ("[" * 100_000,)),
    }
    sql, values = deep[database.engines[0].dialect.name]
    with pytest.raises(Refusal) as caught:
        database.write(lambda session: session.change_later(sql, [values]))
    assert caught.value.status == 400
    database.write(lambda session: add(session, 1, "a"))
    assert committed(database) == ["a"]
