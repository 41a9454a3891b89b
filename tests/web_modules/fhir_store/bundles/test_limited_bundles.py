"""What a bundle may do when whoever sends it has limits."""

from typing import Any

from tests.web_modules.fhir_store.bundles.test_bundles import bundle, entry
from tests.web_modules.fhir_store.conftest import Answer, Caller
from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.access import FULL_GRANTS, Access, Agent
from web_modules.fhir_store.documents import decode, encode

NOT_CLEARED = Access(agent=Agent(id="program", name="A program"), grants=FULL_GRANTS)
PERSON = {"resourceType": "Patient", "identifier": [{"system": "s", "value": "1"}]}
ON_CONDITION = entry("POST", "Patient", PERSON, ifNoneExist="identifier=s|1")


def send(fhir: Caller, body: dict[str, Any], who: Access = NOT_CLEARED) -> Answer:
    answer = fhir.service.send(FhirRequest(method="POST", path="", body=encode(body)), who)
    return Answer(status=answer.status, headers=dict(answer.headers), body=decode(answer.body))


def test_somebody_with_limits_creates_under_a_condition_in_a_transaction(fhir: Caller) -> None:
    twice = bundle(ON_CONDITION, ON_CONDITION)
    for wanted in (["201 Created", "200 OK"], ["200 OK", "200 OK"]):
        answer = send(fhir, twice)
        assert answer.status == 200, answer.body
        assert [one["response"]["status"] for one in answer.body["entry"]] == wanted
    assert len(fhir.ids("Patient")) == 1


def test_a_second_create_whose_condition_the_first_does_not_fulfil_is_refused(fhir: Caller) -> None:
    other = entry("POST", "Patient", PERSON, ifNoneExist="identifier=s|2")
    refused = send(fhir, bundle(other, other))
    assert refused.status == 412
    assert refused.expression == "Bundle.entry[1]"
    assert fhir.ids("Patient") == []
