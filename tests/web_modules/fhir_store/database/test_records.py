import threading
import time

import pytest

from tests.web_modules.fhir_store.conftest import Caller
from web_modules.fhir_store.database import records

PATIENT = {"resourceType": "Patient", "name": [{"family": "A"}]}


def test_time_goes_on_for_the_history_when_the_clock_goes_back(
    fhir: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = fhir.client.create(PATIENT)["meta"]["lastUpdated"]
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000_000_000_000)
    second = fhir.client.create(PATIENT)["meta"]["lastUpdated"]
    assert second > first


def test_concurrent_writers_never_share_a_moment_and_never_hide_behind_a_reader(fhir: Caller) -> None:
    seen: list[str] = []
    late: list[str] = []
    done = threading.Event()

    def follow() -> None:
        while not done.is_set() or len(seen) < 120:
            since = None if not seen else seen[-1]
            query = {"_sort": "_lastUpdated", "_count": "500"} | ({"_since": since} if since else {})
            moments = [
                entry["response"]["lastModified"]
                for entry in fhir("GET", "_history", query=query).body.get("entry", [])
            ]
            fresh = [moment for moment in moments if moment not in seen]
            late.extend(moment for moment in fresh if seen and moment < seen[-1])
            seen.extend(fresh)

    def write() -> None:
        for _ in range(30):
            fhir.client.create(PATIENT)

    writers = [threading.Thread(target=write) for _ in range(4)]
    follower = threading.Thread(target=follow)
    for thread in [follower, *writers]:
        thread.start()
    for writer in writers:
        writer.join(60)
    done.set()
    follower.join(60)
    assert len(seen) == len(set(seen)) == 120
    assert late == []


def test_the_losers_of_a_race_for_one_version_are_told(fhir: Caller) -> None:
    person = fhir.client.create(PATIENT)
    statuses: list[int] = []

    def write() -> None:
        body = person | {"active": True}
        statuses.append(fhir("PUT", f"Patient/{person['id']}", body, if_match='W/"1"').status)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == [200] + [412] * 7


def test_new_ids_are_uuids_in_the_order_of_time() -> None:
    ids = [records.new_id() for _ in range(200)]
    assert len(set(ids)) == 200
    assert all(one[14] == "7" and one[19] in "89ab" for one in ids)
    assert [one[:13] for one in ids] == sorted(one[:13] for one in ids)
