from collections.abc import Callable
from typing import Any

import pytest

from tests.web_modules.fhir_store.conftest import Caller
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.store import Store

SLOT: dict[str, Any] = {
    "resourceType": "Slot",
    "id": "t",
    "schedule": {"reference": "Schedule/s"},
    "status": "free",
    "start": "2026-11-17T09:00:00Z",
    "end": "2026-11-17T09:10:00Z",
}


def bundle(*entries: dict[str, Any], kind: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(method: str, url: str, resource: dict[str, Any] | None = None, **request: str) -> dict[str, Any]:
    full_url = request.pop("full_url", None)
    made: dict[str, Any] = {"request": {"method": method, "url": url, **request}}
    return made | ({"resource": resource} if resource else {}) | ({"fullUrl": full_url} if full_url else {})


def appointment(**content: Any) -> dict[str, Any]:
    participant = [{"actor": {"reference": "Patient/p"}, "status": "accepted"}]
    times = {"start": "2026-11-17T09:00:00Z", "end": "2026-11-17T09:10:00Z"}
    return {"resourceType": "Appointment", "status": "booked", "participant": participant, **times, **content}


def test_a_booking_is_one_transaction(fhir: Caller) -> None:
    fhir("PUT", "Slot/t", SLOT)
    booked = fhir(
        "POST",
        "",
        bundle(
            entry("PUT", "Slot/t", SLOT | {"status": "busy"}, ifMatch='W/"1"'),
            entry("POST", "Appointment", appointment(slot=[{"reference": "Slot/t"}])),
        ),
    )
    assert booked.status == 200
    assert [one["response"]["status"] for one in booked.body["entry"]] == ["200 OK", "201 Created"]
    assert booked.body["entry"][0]["response"]["etag"] == 'W/"2"'
    location = booked.body["entry"][1]["response"]["location"]
    assert fhir("GET", location).body["slot"] == [{"reference": "Slot/t"}]


def test_the_second_of_two_bookings_changes_nothing(fhir: Caller) -> None:
    fhir("PUT", "Slot/t", SLOT)
    twice = bundle(
        entry("POST", "Appointment", appointment()),
        entry("PUT", "Slot/t", SLOT | {"status": "busy"}, ifMatch='W/"1"'),
    )
    assert fhir("POST", "", twice).status == 200
    before = fhir("GET", "_history").headers["etag"]
    refused = fhir("POST", "", twice)
    assert (refused.status, refused.expression) == (412, "Bundle.entry[1]")
    assert len(fhir.ids("Appointment")) == 1
    assert fhir("GET", "_history").headers["etag"] == before


def test_one_invalid_resource_refuses_the_whole_transaction(fhir: Caller) -> None:
    wrong = bundle(
        entry("POST", "Patient", {"resourceType": "Patient"}),
        entry("POST", "Patient", {"resourceType": "Patient", "gender": "m"}),
    )
    refused = fhir("POST", "", wrong)
    assert (refused.status, refused.expression) == (422, "Bundle.entry[1].resource.gender")
    assert fhir.ids("Patient") == []


def test_entries_refer_to_each_other_before_they_have_ids(fhir: Caller) -> None:
    schedule = {"resourceType": "Schedule", "actor": [{"reference": "urn:uuid:p"}]}
    answer = fhir(
        "POST",
        "",
        bundle(
            entry("POST", "Slot", SLOT | {"schedule": {"reference": "urn:uuid:s"}}),
            entry("POST", "Schedule", schedule, full_url="urn:uuid:s"),
            entry("POST", "Practitioner", {"resourceType": "Practitioner"}, full_url="urn:uuid:p"),
            entry("POST", "Basic", {"resourceType": "Basic", "code": {"text": "urn:uuid:s"}}),
        ),
        prefer="return=representation",
    )
    slot, made, practitioner, basic = answer.resources
    assert slot["schedule"]["reference"] == f"Schedule/{made['id']}"
    assert made["actor"][0]["reference"] == f"Practitioner/{practitioner['id']}"
    assert basic["code"]["text"] == "urn:uuid:s"
    assert fhir.ids("Slot", schedule=made["id"]) == [slot["id"]]


def test_a_reference_by_full_url_follows_the_new_id(fhir: Caller) -> None:
    answer = fhir(
        "POST",
        "",
        bundle(
            entry(
                "POST", "Patient", {"resourceType": "Patient"}, full_url="http://old.example/fhir/Patient/7"
            ),
            entry(
                "POST",
                "Basic",
                {"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": "Patient/7"}},
            ),
        ),
        prefer="return=representation",
    )
    person, basic = answer.resources
    assert basic["subject"]["reference"] == f"Patient/{person['id']}"


def test_a_reference_may_be_a_search(fhir: Caller) -> None:
    fhir(
        "PUT",
        "Patient/p",
        {"resourceType": "Patient", "id": "p", "identifier": [{"system": "s", "value": "1"}]},
    )
    basic = {
        "resourceType": "Basic",
        "code": {"text": "x"},
        "subject": {"reference": "Patient?identifier=s|1"},
    }
    answer = fhir("POST", "", bundle(entry("POST", "Basic", basic)), prefer="return=representation")
    assert answer.resources[0]["subject"]["reference"] == "Patient/p"
    basic["subject"] = {"reference": "Patient?identifier=s|2"}
    refused = fhir("POST", "", bundle(entry("POST", "Basic", basic)))
    assert (refused.status, refused.expression) == (412, "Bundle.entry[0].resource.subject.reference")


@pytest.mark.parametrize("is_first", [True, False])
def test_a_reference_that_is_a_search_finds_what_the_same_transaction_makes(
    fhir: Caller, *, is_first: bool
) -> None:
    person = {"resourceType": "Patient", "identifier": [{"system": "s", "value": "1"}]}
    basic = {
        "resourceType": "Basic",
        "code": {"text": "x"},
        "subject": {"reference": "Patient?identifier=s|1"},
    }
    steps = [entry("POST", "Patient", person), entry("POST", "Basic", basic)]
    steps = steps if is_first else steps[::-1]
    answer = fhir("POST", "", bundle(*steps), prefer="return=representation")
    made = {one["resourceType"]: one for one in answer.resources}
    assert made["Basic"]["subject"]["reference"] == f"Patient/{made['Patient']['id']}"
    again = fhir("POST", "", bundle(*steps))
    assert again.status == 412, "there are two now"


def test_a_conditional_create_in_a_transaction_answers_what_exists(fhir: Caller) -> None:
    person = {"resourceType": "Patient", "identifier": [{"system": "s", "value": "1"}]}
    steps = bundle(
        entry("POST", "Patient", person, full_url="urn:uuid:p", ifNoneExist="identifier=s|1"),
        entry(
            "POST",
            "Basic",
            {"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": "urn:uuid:p"}},
        ),
    )
    first = fhir("POST", "", steps, prefer="return=representation")
    again = fhir("POST", "", steps, prefer="return=representation")
    assert [one["response"]["status"] for one in again.body["entry"]] == ["200 OK", "201 Created"]
    assert first.resources[0] == again.resources[0]
    assert again.resources[1]["subject"]["reference"] == f"Patient/{first.resources[0]['id']}"


def test_deletes_come_first_and_reads_last(fhir: Caller) -> None:
    fhir("PUT", "Slot/t", SLOT)
    answer = fhir(
        "POST",
        "",
        bundle(
            entry("GET", "Patient?gender=male"),
            entry("POST", "Patient", {"resourceType": "Patient", "gender": "male"}),
            entry("DELETE", "Slot/t"),
            entry("GET", "Slot/t"),
        ),
    )
    found, _made, deleted, gone = answer.body["entry"]
    assert found["resource"]["total"] == 1
    assert deleted["response"]["status"] == "204 No Content"
    assert gone["response"]["status"].startswith("410")


def test_a_batch_does_what_it_can(fhir: Caller) -> None:
    answer = fhir(
        "POST",
        "",
        bundle(
            entry("POST", "Patient", {"resourceType": "Patient", "gender": "m"}),
            entry("POST", "Patient", {"resourceType": "Patient", "gender": "male"}),
            entry("PUT", "Patient/x", {"resourceType": "Patient", "id": "x"}, ifMatch='W/"9"'),
            entry("GET", "Patient/nobody"),
            entry("GET", "metadata"),
            kind="batch",
        ),
    )
    statuses = [one["response"]["status"][:3] for one in answer.body["entry"]]
    assert statuses == ["422", "201", "412", "404", "200"]
    assert answer.body["entry"][0]["response"]["outcome"]["resourceType"] == "OperationOutcome"
    assert len(fhir.ids("Patient", gender="male")) == 1


def test_the_same_resource_twice_in_a_batch_is_indexed_once(fhir: Caller) -> None:
    writes = [
        entry("PUT", "Patient/x", {"resourceType": "Patient", "id": "x", "name": [{"family": name}]})
        for name in ("One", "Two", "One")
    ]
    assert fhir("POST", "", bundle(*writes, kind="batch")).status == 200
    assert fhir.ids("Patient", family="one") == ["x"]
    assert fhir.ids("Patient", family="two") == []


@pytest.mark.parametrize(
    ("wrong", "expression"),
    [
        ({"type": "collection"}, "Bundle.type"),
        ({"entry": [{}]}, "Bundle.entry[0]"),
        ({"entry": [entry("MERGE", "Patient/1")]}, "Bundle.entry[0].request.method"),
        ({"entry": [entry("PATCH", "Patient/1")]}, "Bundle.entry[0].resource"),
        ({"entry": [entry("DELETE", "http://[")]}, "Bundle.entry[0].request.url"),
        ({"entry": [entry("DELETE", "Patient")]}, "Bundle.entry[0].request.url"),
        ({"entry": [entry("POST", "Patient/1", {"resourceType": "Patient"})]}, "Bundle.entry[0].request.url"),
        ({"entry": [entry("POST", "Zork", {"resourceType": "Zork"})]}, "Bundle.entry[0].request.url"),
        ({"entry": [entry("POST", "Patient")]}, "Bundle.entry[0].resource"),
        ({"entry": [entry("POST", "Patient", {"resourceType": "Basic"})]}, "Bundle.entry[0].resource"),
        ({"entry": [entry("DELETE", "Patient/no spaces")]}, "Bundle.entry[0]"),
        ({"entry": [entry("DELETE", "Patient/1"), entry("DELETE", "Patient/1")]}, "Bundle.entry[1]"),
        ({"entry": [entry("PUT", "Patient/1", {"resourceType": "Patient", "id": "2"})]}, "Bundle.entry[0]"),
        ({"entry": "x"}, "Bundle.entry"),
    ],
)
def test_a_malformed_transaction_says_where(fhir: Caller, wrong: dict[str, Any], expression: str) -> None:
    refused = fhir("POST", "", bundle() | wrong)
    assert refused.status == 400
    assert refused.expression == expression


def test_an_empty_transaction_succeeds(fhir: Caller) -> None:
    assert (
        fhir("POST", "", {"resourceType": "Bundle", "type": "transaction"}).body["type"]
        == "transaction-response"
    )


def test_a_malformed_entry_of_a_batch_leaves_the_others_alone(fhir: Caller) -> None:
    entries: list[dict[str, Any]] = [
        {},
        entry("MERGE", "Patient/1"),
        entry("POST", "Patient"),
        entry("POST", "Patient", {"resourceType": "Patient", "gender": "male"}),
    ]
    answer = fhir("POST", "", bundle(*entries, kind="batch"))
    assert [one["response"]["status"][:3] for one in answer.body["entry"]] == ["400", "400", "400", "201"]
    assert answer.body["entry"][1]["response"]["outcome"]["issue"][0]["expression"] == [
        "Bundle.entry[1].request.method"
    ]
    assert len(fhir.ids("Patient", gender="male")) == 1


@pytest.mark.parametrize("exists", [True, False])
def test_what_a_condition_names_can_be_referred_to(fhir: Caller, exists: bool) -> None:
    person = {"resourceType": "Patient", "identifier": [{"system": "nhs", "value": "1"}]}
    if exists:
        fhir("PUT", "Patient/mine", person | {"id": "mine"})
    name = "urn:uuid:6a1f0f33-63cf-4c1e-8d44-111111111111"
    about = {"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": name}}
    answer = fhir(
        "POST",
        "",
        bundle(
            entry("PUT", "Patient?identifier=nhs|1", person) | {"fullUrl": name},
            entry("POST", "Basic", about),
        ),
        prefer="return=representation",
    )
    patient, basic = answer.resources
    assert basic["subject"]["reference"] == f"Patient/{patient['id']}"
    assert (patient["id"] == "mine") == exists


def test_entries_that_turn_out_to_mean_the_same_resource_are_refused(fhir: Caller) -> None:
    person = {"resourceType": "Patient", "id": "x", "identifier": [{"system": "nhs", "value": "1"}]}
    fhir("PUT", "Patient/x", person)
    refused = fhir(
        "POST",
        "",
        bundle(entry("PUT", "Patient/x", person), entry("DELETE", "Patient?identifier=nhs|1")),
    )
    assert refused.status in {400, 412}
    refused = fhir(
        "POST",
        "",
        bundle(entry("PUT", "Patient/x", person), entry("PUT", "Patient?identifier=nhs|1", person)),
    )
    assert (refused.status, refused.body["issue"][0]["code"]) == (400, "duplicate")
    assert fhir("GET", "Patient/x").body["meta"]["versionId"] == "1"


def test_the_entries_of_a_bundle_may_carry_conditions(fhir: Caller) -> None:
    person = {"resourceType": "Patient", "id": "x"}
    fhir("PUT", "Patient/x", person)
    reads = bundle(
        entry("GET", "Patient/x", ifNoneMatch='W/"1"'),
        entry("PUT", "Patient/x", person, ifNoneMatch="*"),
        kind="batch",
    )
    statuses = [one["response"]["status"][:3] for one in fhir("POST", "", reads).body["entry"]]
    assert statuses == ["304", "412"]


def test_a_transaction_that_is_done_again_keeps_its_links(
    fhir: Caller, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = store.database.write

    def undone(work: Callable[[Session], Any], session: Session) -> None:
        with session.part():
            work(session)
            raise RuntimeError

    def twice(work: Callable[[Session], Any]) -> Any:
        def again(session: Session) -> Any:
            with pytest.raises(RuntimeError):
                undone(work, session)
            return work(session)

        return write(again)

    monkeypatch.setattr(store.database, "write", twice)
    name = "urn:uuid:6f5c2d4e-0000-4000-8000-000000000001"
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "a"},
        "subject": {"reference": name},
    }
    patient = entry("POST", "Patient", {"resourceType": "Patient"}, full_url=name)
    answer = fhir("POST", "", bundle(patient, entry("POST", "Observation", observation)))
    assert answer.status == 200
    (patient_id,) = fhir.ids("Patient")
    (found,) = fhir("GET", "Observation").resources
    assert found["subject"]["reference"] == f"Patient/{patient_id}"


def task(**content: Any) -> dict[str, Any]:
    identifier = [{"system": "t", "value": "8"}]
    return {
        "resourceType": "Task",
        "status": "ready",
        "intent": "order",
        "identifier": identifier,
        **content,
    }


@pytest.mark.parametrize("second", ["PUT", "POST"])
@pytest.mark.parametrize("first", ["Task/t8", "Task?identifier=t|8"])
def test_a_transaction_that_deletes_what_another_entry_finds_is_refused(
    fhir: Caller, first: str, second: str
) -> None:
    fhir("PUT", "Task/t8", task(id="t8"))
    finding = (
        entry("PUT", "Task?identifier=t|8", task())
        if second == "PUT"
        else entry("POST", "Task", task(), ifNoneExist="identifier=t|8")
    )
    refused = fhir("POST", "", bundle(entry("DELETE", first), finding))
    assert (refused.status, refused.body["issue"][0]["code"]) == (400, "duplicate")
    assert refused.expression == "Bundle.entry[1]"
    assert fhir("GET", "Task/t8").body["meta"]["versionId"] == "1"


def test_a_change_that_takes_away_what_a_condition_finds_is_refused(fhir: Caller) -> None:
    person = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "nhs", "value": "1"}]}
    fhir("PUT", "Patient/p", person)
    about = {"for": {"reference": "Patient/p"}}
    fhir("PUT", "Task/t8", task(id="t8", **about))
    refused = fhir(
        "POST",
        "",
        bundle(
            entry("PUT", "Patient/p", person | {"identifier": [{"system": "nhs", "value": "2"}]}),
            entry("PUT", "Task?patient.identifier=nhs|1", task(**about)),
        ),
    )
    assert (refused.status, refused.expression) == (412, "Bundle.entry[1]")
    assert fhir("GET", "Patient/p").body["meta"]["versionId"] == "1"


def test_the_same_condition_twice_creates_once(fhir: Caller) -> None:
    answer = fhir(
        "POST",
        "",
        bundle(
            entry("POST", "Task", task(), full_url="urn:uuid:1", ifNoneExist="identifier=t|8"),
            entry("POST", "Task", task(), full_url="urn:uuid:2", ifNoneExist="identifier=t|8"),
            entry(
                "POST",
                "Basic",
                {"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": "urn:uuid:2"}},
            ),
        ),
        prefer="return=representation",
    )
    assert [one["response"]["status"] for one in answer.body["entry"]] == [
        "201 Created",
        "200 OK",
        "201 Created",
    ]
    first, second, basic = answer.resources
    assert fhir.ids("Task") == [first["id"]]
    assert second == first
    assert basic["subject"]["reference"] == f"Task/{first['id']}"


@pytest.mark.parametrize(
    ("first", "condition"),
    [
        (entry("POST", "Task", task(), ifNoneExist="identifier=t|8"), "identifier=8"),
        (entry("POST", "Task", task()), "identifier=t|8"),
        (entry("POST", "Task", task(), ifNoneExist="identifier=t|9"), "identifier=t|9"),
    ],
)
def test_a_condition_that_another_entry_upsets_makes_no_second_resource(
    fhir: Caller, first: dict[str, Any], condition: str
) -> None:
    refused = fhir("POST", "", bundle(first, entry("POST", "Task", task(), ifNoneExist=condition)))
    assert (refused.status, refused.expression) == (412, "Bundle.entry[1]")
    assert fhir.ids("Task") == []


@pytest.mark.parametrize("second", ["urn:uuid:1", "http://b.example/Patient/7"])
def test_a_name_that_two_entries_have_is_refused(fhir: Caller, second: str) -> None:
    first = "urn:uuid:1" if second == "urn:uuid:1" else "http://a.example/Patient/7"
    refused = fhir(
        "POST",
        "",
        bundle(
            entry("POST", "Patient", {"resourceType": "Patient"}, full_url=first),
            entry("POST", "Patient", {"resourceType": "Patient"}, full_url=second),
        ),
    )
    assert (refused.status, refused.expression) == (400, "Bundle.entry[1].fullUrl")
    assert fhir.ids("Patient") == []
