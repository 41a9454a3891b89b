import asyncio
import threading

from tests.web_modules.fhir_store.conftest import Caller
from web_modules.fhir.client import changed_at
from web_modules.fhir_store.changes import ChangeSignal, position_instant
from web_modules.fhir_store.store import Standard, Store

PATIENT = {"resourceType": "Patient"}


def test_a_waiting_thread_wakes_when_something_is_committed(fhir: Caller) -> None:
    signal = fhir.service.changes
    before = signal.position
    woken: list[int] = []
    thread = threading.Thread(target=lambda: woken.append(signal.wait(before, 20)))
    thread.start()
    written = fhir.client.create(PATIENT)
    thread.join(20)
    assert woken == [signal.position]
    assert position_instant(signal.position) == written["meta"]["lastUpdated"]
    assert changed_at(written)


def test_a_waiting_task_wakes_when_something_is_committed(fhir: Caller) -> None:
    signal = fhir.service.changes

    async def wait_and_write() -> int:
        waiting = asyncio.create_task(signal.wait_async(signal.position, 20))
        await asyncio.sleep(0)
        await asyncio.to_thread(fhir.client.create, PATIENT)
        return await waiting

    assert asyncio.run(wait_and_write()) == signal.position > 0


def test_a_wait_without_a_change_ends_with_the_old_position() -> None:
    signal = ChangeSignal(5)
    assert signal.wait(5, 0.01) == 5
    assert asyncio.run(signal.wait_async(5, 0.01)) == 5


def test_whoever_is_behind_does_not_wait() -> None:
    signal = ChangeSignal(5)
    assert signal.wait(4, 60) == 5
    assert asyncio.run(signal.wait_async(4, 60)) == 5


def test_a_position_never_goes_back() -> None:
    signal = ChangeSignal(5)
    signal.advance(4)
    assert signal.position == 5


def test_a_refused_write_wakes_nobody(fhir: Caller) -> None:
    before = fhir.service.changes.position
    fhir("PUT", "Patient/x", {"resourceType": "Patient", "id": "x"}, if_match='W/"1"')
    assert fhir.service.changes.position == before


def test_the_position_is_known_again_after_a_restart(
    fhir: Caller, database_url: str, standard: Standard
) -> None:
    fhir.client.create(PATIENT)
    again = Store(database_url, standard)
    again.open_practice("Y99002", "reference")
    assert again.changes("Y99002").position == fhir.service.changes.position
    again.close()


def test_a_held_history_is_answered_when_something_happens(fhir: Caller) -> None:
    etag = fhir("GET", "_history").headers["etag"]
    answers: list[int] = []
    held = threading.Thread(
        target=lambda: answers.append(fhir("GET", "_history", if_none_match=etag, prefer="wait=20").status)
    )
    held.start()
    fhir.client.create(PATIENT)
    held.join(20)
    assert answers == [200]


def test_a_held_history_ends_without_a_body_when_nothing_happens(fhir: Caller) -> None:
    etag = fhir("GET", "_history").headers["etag"]
    assert fhir("GET", "_history", if_none_match=etag, prefer="wait=0").status == 304


def test_what_another_process_wrote_wakes_whoever_waits() -> None:
    committed = [7]
    signal = ChangeSignal(5, lambda: committed[0])
    assert signal.wait(5, 20) == 7

    async def wait() -> int:
        waiting = asyncio.create_task(signal.wait_async(7, 20))
        await asyncio.sleep(0)
        committed[0] = 9
        return await waiting

    assert asyncio.run(wait()) == 9
    signal.close()


def test_nobody_looks_while_nobody_waits() -> None:
    looks: list[int] = []
    signal = ChangeSignal(5, lambda: looks.append(1))
    assert signal.wait(5, 0.1) == 5
    signal.close()
    assert looks
    count = len(looks)
    assert signal.wait(4, 20) == 5
    assert len(looks) == count


def test_a_look_that_fails_is_repeated() -> None:
    answers = iter([None, None, 6])
    signal = ChangeSignal(5, lambda: next(answers, 6))
    assert signal.wait(5, 20) == 6
    signal.close()


def test_whoever_waits_is_let_go_at_the_end_and_nobody_waits_afterwards() -> None:
    signal = ChangeSignal(5, lambda: None)
    woken: list[int] = []
    thread = threading.Thread(target=lambda: woken.append(signal.wait(5, 60)))
    thread.start()

    async def wait() -> int:
        waiting = asyncio.create_task(signal.wait_async(5, 60))
        await asyncio.sleep(0)
        signal.release()
        return await waiting

    assert asyncio.run(wait()) == 5
    thread.join(20)
    assert woken == [5]
    assert signal.is_released
    assert signal.wait(5, 60) == 5
    assert asyncio.run(signal.wait_async(5, 60)) == 5
    signal.close()
