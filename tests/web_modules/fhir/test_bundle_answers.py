"""What a server answers to several steps at once is believed step by step."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web_modules.fhir.scripted_server import PATIENT, ScriptedServer
from web_modules.fhir import errors
from web_modules.fhir.client import FhirClient, TransactionEntry
from web_modules.fhir.transport import HttpTransport

STEPS = [
    TransactionEntry(method="PUT", url="Patient/1", resource=PATIENT),
    TransactionEntry(method="PUT", url="Patient/2", resource={**PATIENT, "id": "2"}),
]
STALE = {"response": {"status": "412 Precondition Failed"}}


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[FhirClient]:
    transport = HttpTransport(server.url, timeout_seconds=5)
    yield FhirClient(transport)
    transport.close()


def answered(*entries: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
    return 200, {}, {"resourceType": "Bundle", "entry": list(entries)}


def test_a_step_that_was_not_done_is_no_success_of_the_transaction(
    server: ScriptedServer, client: FhirClient
) -> None:
    server.answers.append(answered({"resource": PATIENT, "response": {"status": "200 OK"}}, STALE))
    with pytest.raises(errors.FhirConflict, match="PUT Patient/2"):
        client.transaction(STEPS)


def test_a_batch_tells_of_each_step_how_it_ended(server: ScriptedServer, client: FhirClient) -> None:
    server.answers.append(answered({"resource": PATIENT, "response": {"status": "200"}}, STALE))
    done, failed = client.batch(STEPS)
    assert done == PATIENT
    assert isinstance(failed, errors.FhirConflict)


def test_an_answer_that_leaves_a_step_out_is_the_server_s_fault(
    server: ScriptedServer, client: FhirClient
) -> None:
    server.answers.append(answered({"resource": PATIENT}))
    with pytest.raises(errors.FhirBroken, match="1 of the 2"):
        client.transaction(STEPS)


def test_references_below_the_server_s_own_base_are_relative_and_others_are_not(
    server: ScriptedServer, client: FhirClient
) -> None:
    own, other = "https://cloud.example/r4", "https://elsewhere.example/r4"
    subject = {
        "subject": {"reference": f"{own}/Patient/1"},
        "encounter": {"reference": f"{other}/Encounter/1"},
    }
    resource = {"resourceType": "Observation", "id": "9", **subject}
    server.answers.append(answered({"fullUrl": f"{own}/Observation/9", "resource": resource}))
    (found,) = client.search("Observation", {})
    assert found["subject"]["reference"] == "Patient/1"
    assert found["encounter"]["reference"] == f"{other}/Encounter/1"
