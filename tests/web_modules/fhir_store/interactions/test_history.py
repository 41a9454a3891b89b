from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.web_modules.fhir_store.conftest import Caller
from web_modules.fhir.client import changed_at


def patient(patient_id: str, **content: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": patient_id, **content}


@pytest.fixture
def lived(fhir: Caller) -> Caller:
    """A practice in which six things happened."""
    fhir("PUT", "Patient/a", patient("a"))
    fhir("PUT", "Patient/b", patient("b"))
    fhir("PUT", "Patient/a", patient("a", active=True))
    fhir("PUT", "Organization/o", {"resourceType": "Organization", "id": "o", "name": "x"})
    fhir("DELETE", "Patient/b")
    fhir("POST", "Basic", {"resourceType": "Basic", "code": {"text": "x"}})
    return fhir


def told(entries: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [
        (entry["request"]["method"], entry["request"]["url"], entry["response"]["etag"]) for entry in entries
    ]


def test_the_practices_history_is_newest_first(lived: Caller) -> None:
    answer = lived("GET", "_history")
    assert answer.body["type"] == "history"
    assert told(answer.body["entry"]) == [
        ("POST", "Basic", 'W/"1"'),
        ("DELETE", "Patient/b", 'W/"2"'),
        ("PUT", "Organization/o", 'W/"1"'),
        ("PUT", "Patient/a", 'W/"2"'),
        ("PUT", "Patient/b", 'W/"1"'),
        ("PUT", "Patient/a", 'W/"1"'),
    ]
    assert "resource" not in answer.body["entry"][1]
    assert answer.body["entry"][2]["response"]["status"] == "201 Created"


def test_a_type_and_a_resource_have_histories_of_their_own(lived: Caller) -> None:
    assert len(lived("GET", "Patient/_history").body["entry"]) == 4
    assert told(lived("GET", "Patient/a/_history").body["entry"]) == [
        ("PUT", "Patient/a", 'W/"2"'),
        ("PUT", "Patient/a", 'W/"1"'),
    ]
    assert lived("GET", "Patient/b/_history").status == 200
    assert lived("GET", "Patient/nobody/_history").status == 404
    assert lived("GET", "Zork/_history").status == 404


def test_a_feed_is_oldest_first_and_includes_its_start(lived: Caller) -> None:
    everything = lived.client.history_since(None)
    assert [entry.resource_id for entry in everything[:5]] == ["a", "b", "a", "o", "b"]
    moments = [entry.changed_at for entry in everything]
    assert moments == sorted(set(moments))
    for number, moment in enumerate(moments):
        assert lived.client.history_since(moment) == everything[number:]


def test_a_feed_page_by_page_misses_nothing_that_is_written_meanwhile(lived: Caller) -> None:
    answer = lived("GET", "_history", query={"_sort": "_lastUpdated", "_count": "2"})
    seen = list(answer.body["entry"])
    number = 0
    while following := [link["url"] for link in answer.body["link"] if link["relation"] == "next"]:
        if number < 3:
            lived("PUT", "Patient/a", patient("a", multipleBirthInteger=number + 1))
            number += 1
        answer = lived("GET", "_history", query=parse_qsl(urlsplit(following[0]).query))
        seen += answer.body["entry"]
    assert len(seen) == 9
    assert [entry["response"]["lastModified"] for entry in seen] == sorted(
        entry["response"]["lastModified"] for entry in seen
    )


def test_newest_first_pages_are_stable_under_writes(lived: Caller) -> None:
    answer = lived("GET", "_history", query={"_count": "4"})
    lived("PUT", "Patient/new", patient("new"))
    following = next(link["url"] for link in answer.body["link"] if link["relation"] == "next")
    rest = lived("GET", "_history", query=parse_qsl(urlsplit(following).query))
    assert len(answer.body["entry"] + rest.body["entry"]) == 6


def test_a_since_that_is_no_moment_is_refused(lived: Caller) -> None:
    for query in ({"_since": "yesterday"}, {"_cursor": "x"}, {"_sort": "name"}, {"_count": "-1"}):
        assert lived("GET", "_history", query=query).status == 400
    assert lived("GET", "_history", query={"nonsense": "1"}).status == 200
    assert lived("GET", "_history", query={"nonsense": "1"}, prefer="handling=strict").status == 400


def test_nothing_new_is_said_without_a_body(lived: Caller) -> None:
    first = lived("GET", "_history", query={"_count": "1"})
    again = lived("GET", "_history", if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, None)
    lived("PUT", "Patient/a", patient("a"))
    assert lived("GET", "_history", if_none_match=first.headers["etag"]).status == 200


def test_what_was_written_last_has_the_position_of_the_feed(lived: Caller) -> None:
    written = lived.client.create({"resourceType": "Basic", "code": {"text": "y"}})
    (entry,) = lived.client.history_since(changed_at(written))
    assert entry.resource == written


def test_the_history_of_what_was_deleted_can_be_removed_and_the_deletion_stays(lived: Caller) -> None:
    assert lived("DELETE", "Patient/b/_history").status == 204
    assert told(lived("GET", "Patient/b/_history").body["entry"]) == [("DELETE", "Patient/b", 'W/"2"')]
    assert lived("GET", "Patient/b/_history/1").status == 404
    assert lived("GET", "Patient/b").status == 410
    assert "PUT Patient/b" not in [
        f"{entry['request']['method']} {entry['request']['url']}"
        for entry in lived("GET", "_history").body["entry"]
    ]
    assert len(lived("GET", "Patient/a/_history").body["entry"]) == 2
    lived.client.delete_history("Patient", "b")
    assert lived("PUT", "Patient/b", patient("b")).headers["etag"] == 'W/"3"'


def test_the_history_of_a_living_record_cannot_be_removed(lived: Caller) -> None:
    assert lived("DELETE", "Patient/a/_history").status == 405
    assert len(lived("GET", "Patient/a/_history").body["entry"]) == 2
    assert lived("DELETE", "Patient/nobody/_history").status == 404
    assert lived("DELETE", "Nothing/a/_history").status == 404


def test_the_history_of_what_a_program_says_of_itself_can_be_removed(fhir: Caller) -> None:
    basic = {"resourceType": "Basic", "id": "said", "code": {"text": "x"}}
    for _ in range(3):
        fhir("PUT", "Basic/said", basic)
    fhir("DELETE", "Basic/said/_history")
    assert told(fhir("GET", "Basic/said/_history").body["entry"]) == [("PUT", "Basic/said", 'W/"3"')]


def test_another_practice_s_history_stays(fhir: Caller, other_fhir: Caller) -> None:
    for caller in (fhir, other_fhir):
        caller("PUT", "Patient/b", patient("b"))
        caller("DELETE", "Patient/b")
    fhir("DELETE", "Patient/b/_history")
    assert len(other_fhir("GET", "Patient/b/_history").body["entry"]) == 2


def test_a_history_can_be_asked_for_a_moment(fhir: Caller) -> None:
    fhir("PUT", "Patient/a", patient("a"))
    first = fhir("PUT", "Patient/b", patient("b")).body["meta"]["lastUpdated"]
    fhir("PUT", "Patient/a", patient("a"))
    second = fhir("GET", "Patient/a").body["meta"]["lastUpdated"]
    fhir("DELETE", "Patient/b")
    third = fhir("PUT", "Patient/a", patient("a")).body["meta"]["lastUpdated"]

    def at(path: str, moment: str) -> list[tuple[str, str]]:
        entries = fhir("GET", path, query={"_at": moment}, prefer="handling=strict").body.get("entry", [])
        return [(one["resource"]["id"], one["resource"]["meta"]["versionId"]) for one in entries]

    assert at("_history", first) == [("b", "1"), ("a", "1")]
    assert at("Patient/_history", second) == [("a", "2"), ("b", "1")]
    assert at("Patient/a/_history", third) == [("a", "3")]
    assert at("Patient/b/_history", third) == []
    assert at("Patient/a/_history", "2001") == []
    assert fhir("GET", "_history", query={"_at": "ge2026"}).status == 400


def test_what_did_not_change_since_is_not_sent_again(fhir: Caller) -> None:
    fhir("PUT", "Patient/a", patient("a"))
    later = "Fri, 01 Jan 2100 00:00:00 GMT"
    assert fhir("GET", "Patient/a", if_modified_since=later).status == 304
    assert fhir("GET", "Patient/a", if_modified_since="Sat, 01 Jan 2000 00:00:00 GMT").status == 200
    assert fhir("GET", "Patient/a", if_modified_since="once").status == 200
    assert fhir("GET", "Patient/a", if_modified_since=later, if_none_match='W/"7"').status == 200


def test_a_history_says_how_many_versions_there_are(fhir: Caller) -> None:
    for family in ("A", "B", "C"):
        body = {"resourceType": "Patient", "id": "x", "name": [{"family": family}]}
        assert fhir("PUT", "Patient/x", body).status in {200, 201}
    assert fhir("POST", "Patient", {"resourceType": "Patient"}).status == 201
    for path, total in (("Patient/x/_history", 3), ("Patient/_history", 4), ("_history", 4)):
        assert fhir("GET", path).body["total"] == total
        for few in ({"_count": "0"}, {"_summary": "count"}):
            counted = fhir("GET", path, query=few)
            assert (counted.status, counted.body["total"], counted.resources) == (200, total, [])
            assert [one["relation"] for one in counted.body["link"]] == ["self"]
    first = fhir("GET", "Patient/x/_history", query={"_count": "2"}).body
    assert (first["total"], len(first["entry"])) == (3, 2)
    assert "total" not in fhir("GET", "_history", query={"_count": "2"}).body
