"""What is hidden and what was never there are answered alike, byte for byte but for the id asked for."""

import pytest

from tests.web_modules.fhir_store.conftest import Caller
from tests.web_modules.fhir_store.test_limits import APP, GP, RECEPTIONIST, labelled, observation, patient
from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.access import Access
from web_modules.fhir_store.documents import encode

HIDDEN, ABSENT = "hidden-1", "absent-1"
NEW = b'[{"op":"replace","path":"/status","value":"final"}]'


def ways(name: str) -> list[FhirRequest]:
    """Every way to ask for, or to change, one record."""
    path = f"Observation/{name}"
    body = encode(observation(name, "mine"))
    entries = [
        {"request": {"method": "GET", "url": path}},
        {"request": {"method": "DELETE", "url": path}},
        {"request": {"method": "PUT", "url": path}, "resource": observation(name, "mine")},
        {
            "request": {"method": "PUT", "url": path, "ifMatch": 'W/"1"'},
            "resource": observation(name, "mine"),
        },
    ]
    batch = encode({"resourceType": "Bundle", "type": "batch", "entry": entries})
    alone = [encode({"resourceType": "Bundle", "type": "transaction", "entry": [one]}) for one in entries]
    match, none = {"if-match": 'W/"1"'}, {"if-none-match": "*"}
    reads = [path, f"{path}/_history", f"{path}/_history/1", f"{path}/_history/9", f"{path}/$meta"]
    return [
        *[FhirRequest(method=method, path=one) for one in reads for method in ("GET", "HEAD")],
        FhirRequest(method="GET", path=path, headers={"if-none-match": 'W/"1"'}),
        FhirRequest(method="GET", path=f"{path}/$validate"),
        FhirRequest(method="POST", path=f"{path}/$validate", body=body),
        FhirRequest(method="PUT", path=path, body=body, headers=match),
        FhirRequest(method="PUT", path=path, body=body, headers=none),
        FhirRequest(method="PUT", path=path, body=body),
        FhirRequest(method="PATCH", path=path, body=NEW),
        FhirRequest(method="PATCH", path=path, body=NEW, headers=match),
        FhirRequest(method="DELETE", path=path, headers=match),
        FhirRequest(method="DELETE", path=path),
        FhirRequest(method="DELETE", path=f"{path}/_history"),
        FhirRequest(method="DELETE", path="Observation", query=(("identifier", name),)),
        FhirRequest(method="PATCH", path="Observation", query=(("identifier", name),), body=NEW),
        FhirRequest(method="POST", path="", body=batch),
        *[FhirRequest(method="POST", path="", body=one) for one in alone],
        FhirRequest(method="GET", path="Patient", query=(("_has:Observation:subject:identifier", name),)),
    ]


@pytest.mark.parametrize("access", [RECEPTIONIST, APP], ids=["desk", "app"])
@pytest.mark.parametrize("of", ["mine", "other"])
def test_hidden_and_absent_are_answered_alike(fhir: Caller, access: Access, of: str) -> None:
    for name in ("mine", "other"):
        fhir("PUT", f"Patient/{name}", patient(name))
    hidden = observation(HIDDEN, of, **labelled("R")) | {"identifier": [{"value": HIDDEN}]}
    assert fhir("PUT", f"Observation/{HIDDEN}", hidden).status == 201
    for one, other in zip(ways(HIDDEN), ways(ABSENT), strict=True):
        found, missing = fhir.service.send(one, access), fhir.service.send(other, access)
        asked = (one.method, one.path, one.body[:200])
        assert found.status == missing.status, asked
        assert found.body.replace(HIDDEN.encode(), ABSENT.encode()) == missing.body, asked
        assert sorted(found.headers) == sorted(missing.headers), asked
    kept = fhir.service.send(FhirRequest(method="GET", path=f"Observation/{HIDDEN}"), GP)
    assert fhir("GET", f"Observation/{HIDDEN}").body["meta"]["versionId"] == "1"
    assert kept.status == (200 if of == "mine" else 404)
