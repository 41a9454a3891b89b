from typing import Any

import pytest

from tests.web_modules.fhir_store.bundles.test_bundles import bundle, entry
from tests.web_modules.fhir_store.conftest import Caller

UUID = "urn:uuid:6a1f0f33-63cf-4c1e-8d44-111111111111"
NOBODY = "urn:uuid:6a1f0f33-63cf-4c1e-8d44-222222222222"


def basic(**content: Any) -> dict[str, Any]:
    return {"resourceType": "Basic", "code": {"text": "x"}, **content}


def linked(fhir: Caller, resource: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The address of a patient, and what was stored of a resource sent beside it."""
    patient = entry("POST", "Patient", {"resourceType": "Patient"}, full_url=UUID)
    sent = entry("POST", resource["resourceType"], resource)
    answer = fhir("POST", "", bundle(sent, patient), prefer="return=representation")
    assert answer.status == 200, answer.body
    stored, made = answer.resources
    return f"Patient/{made['id']}", stored


@pytest.mark.parametrize("kind", ["Uri", "Url", "Uuid"])
def test_links_in_extensions_are_rewritten(fhir: Caller, kind: str) -> None:
    extension = [{"url": "http://x.example", f"value{kind}": UUID}]
    address, stored = linked(fhir, basic(extension=extension))
    assert stored["extension"][0][f"value{kind}"] == address


def test_links_in_elements_of_type_uri_and_url_are_rewritten(fhir: Caller) -> None:
    plan = {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": UUID},
        "supportingInfo": [{"reference": "#d"}],
        "instantiatesUri": ["http://x.example", UUID],
        "instantiatesCanonical": [UUID],
        "contained": [
            {
                "resourceType": "DocumentReference",
                "id": "d",
                "status": "current",
                "content": [{"attachment": {"url": UUID}}],
            }
        ],
        "note": [{"text": UUID}],
        "_status": {"extension": [{"url": "http://x.example", "valueReference": {"reference": UUID}}]},
    }
    address, stored = linked(fhir, plan)
    assert stored["subject"]["reference"] == address
    assert stored["instantiatesUri"] == ["http://x.example", address]
    assert stored["instantiatesCanonical"] == [UUID]
    assert stored["contained"][0]["content"][0]["attachment"]["url"] == address
    assert stored["note"][0]["text"] == UUID
    assert stored["_status"]["extension"][0]["valueReference"]["reference"] == address


def test_links_in_the_narrative_are_rewritten(fhir: Caller) -> None:
    div = (
        '<div xmlns="http://www.w3.org/1999/xhtml"><a class="x" href="{0}">who</a> {1}'
        "<img alt='x' src='{0}'/> <a href=\"http://x.example\">x</a></div>"
    )
    address, stored = linked(fhir, basic(text={"status": "generated", "div": div.format(UUID, UUID)}))
    assert stored["text"]["div"] == div.format(address, UUID)


def test_a_resource_keeps_the_name_that_it_has_everywhere(fhir: Caller) -> None:
    name = "http://x.example/ValueSet/v"
    values = {"resourceType": "ValueSet", "id": "v", "status": "draft", "url": name}
    marked = basic(extension=[{"url": name, "valueUri": name}])
    answer = fhir(
        "POST",
        "",
        bundle(entry("PUT", "ValueSet/v", values, full_url=name), entry("POST", "Basic", marked)),
        prefer="return=representation",
    )
    stored, beside = answer.resources
    assert stored["url"] == name
    assert beside["extension"] == [{"url": name, "valueUri": "ValueSet/v"}]


def test_what_a_stored_bundle_holds_refers_to_what_it_holds(fhir: Caller) -> None:
    inner = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": NOBODY, "resource": {"resourceType": "Patient"}},
            {"fullUrl": UUID, "resource": basic(subject={"reference": NOBODY})},
        ],
    }
    _address, stored = linked(fhir, inner)
    assert stored["entry"] == inner["entry"]


def test_a_reference_to_an_entry_that_is_not_there_is_refused(fhir: Caller) -> None:
    lost = basic(extension=[{"url": "http://x.example", "valueReference": {"reference": NOBODY}}])
    expression = "Bundle.entry[1].resource.extension[0].valueReference.reference"
    entries = [entry("POST", "Basic", basic()), entry("POST", "Basic", lost)]
    refused = fhir("POST", "", bundle(*entries))
    assert (refused.status, refused.expression) == (400, expression)
    assert fhir.ids("Basic") == []
    made, left = fhir("POST", "", bundle(*entries, kind="batch")).body["entry"]
    assert (made["response"]["status"], left["response"]["status"]) == ("201 Created", "400 Bad Request")
    assert left["response"]["outcome"]["issue"][0]["expression"] == [expression]
    assert len(fhir.ids("Basic")) == 1
