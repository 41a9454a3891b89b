"""The published client does its work on our own server, by a key of its own, and on one that others wrote."""

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey

from demo.programs import Program, end, free_port, last_words, start
from tests.benchmarks.fhir_servers import peer_server
from tests.support.waiting import until
from web_modules.fhir.backend_services import BackendServices, load_key
from web_modules.fhir.client import FhirClient, TransactionEntry, version_of
from web_modules.fhir.errors import FhirConflict, FhirError, FhirForbidden, FhirGone, FhirNotFound
from web_modules.fhir.retrying import Retrying
from web_modules.fhir.transport import HttpTransport

PRACTICE = "Y99002"
SYSTEM = "https://example.org/number"
SCOPES = "system/Patient.cruds system/Observation.cruds"


def patient(number: str, family: str = "Byrne") -> dict[str, object]:
    named = [{"family": family, "given": ["Ada"]}]
    return {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": number}], "name": named}


@contextlib.contextmanager
def our_server(folder: Path) -> Iterator[str]:
    """Our own server as a user starts it, with one client, whose key is beside it; its FHIR base."""
    key = ECKey.generate_key("P-384", {"kid": "one"})
    (folder / "key.json").write_text(json.dumps(key.as_dict(private=True)))
    known = [
        {
            "id": "program",
            "scopes": SCOPES,
            "clearance": ["R", "V"],
            "jwks": {"keys": [key.as_dict(private=False)]},
        }
    ]
    (folder / "clients.json").write_text(json.dumps({"clients": known}))
    port, log = free_port(), folder / "cloud.log"
    base = f"http://127.0.0.1:{port}/{PRACTICE}/fhir"
    command = [sys.executable, "-m", "web_modules", "serve", "--port", str(port)]
    command += ["--database", f"sqlite:///{folder / 'cloud.sqlite'}"]
    cloud = start(
        Program(
            name="cloud",
            command=command,
            variables={"BANYAN_CLOUD_CLIENTS": str(folder / "clients.json")},
            log=log,
        )
    )
    probe = HttpTransport(base)

    def answers() -> bool:
        try:
            FhirClient(probe).capabilities()
        except FhirError:
            return cloud.poll() is not None
        return True

    try:
        until(answers, "the cloud answers", seconds=60)
        assert cloud.poll() is None, last_words(log)
        yield base
    finally:
        probe.close()
        end(cloud)


def credentials_of(folder: Path, base: str, client_id: str = "program") -> BackendServices:
    return BackendServices(base, client_id=client_id, key=load_key(folder / "key.json"), scope=SCOPES)


@pytest.fixture(params=["ours", "sekmet"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FhirClient]:
    """A client of a server that is empty."""
    with contextlib.ExitStack() as stack:
        if request.param == "ours":
            base = stack.enter_context(our_server(tmp_path))
            transport = HttpTransport(base, credentials=credentials_of(tmp_path, base))
        else:
            server = stack.enter_context(peer_server(tmp_path))
            transport = HttpTransport(f"http://127.0.0.1:{server.port}/fhir")
        stack.callback(transport.close)
        yield FhirClient(Retrying(transport, within_seconds=20))


@pytest.mark.end_to_end
def test_client_reads_and_writes(client: FhirClient) -> None:
    made = client.create(patient("1"), if_none_exist=f"identifier={SYSTEM}|1")
    again = client.create(patient("1"), if_none_exist=f"identifier={SYSTEM}|1")
    assert again["id"] == made["id"]
    first = version_of(made)
    changed = client.update({**made, "gender": "female"}, if_match=first)
    assert client.read("Patient", made["id"])["gender"] == "female"
    with pytest.raises(FhirConflict):
        client.update({**made, "gender": "male"}, if_match=first)
    assert version_of(client.read("Patient", made["id"])) == version_of(changed)
    client.delete("Patient", made["id"])
    with pytest.raises(FhirGone):
        client.read("Patient", made["id"])
    with pytest.raises(FhirNotFound):
        client.read("Patient", "nobody")


@pytest.mark.end_to_end
def test_client_reads_every_page_once_and_a_transaction_is_whole(client: FhirClient) -> None:
    whole = [
        TransactionEntry(method="POST", url="Patient", resource=patient(str(number))) for number in range(6)
    ]
    name = f"urn:uuid:{uuid4()}"
    whole.append(TransactionEntry(method="POST", url="Patient", resource=patient("7"), full_url=name))
    seen = {"resourceType": "Observation", "status": "final", "code": {"text": "Weight"}}
    entry = TransactionEntry(
        method="POST", url="Observation", resource={**seen, "subject": {"reference": name}}
    )
    stored = client.transaction([*whole, entry])
    assert stored[-1]["subject"]["reference"].endswith(f"Patient/{stored[-2]['id']}")
    found = client.search("Patient", {"family": "Byrne", "_count": "2"})
    assert sorted(one["id"] for one in found) == sorted(one["id"] for one in stored[:-1])
    with pytest.raises(FhirError):
        client.transaction([whole[0], TransactionEntry(method="POST", url="Patient", resource={})])
    assert len(client.search("Patient", {"family": "Byrne"})) == 7


@pytest.mark.end_to_end
def test_client_without_the_right_key_gets_nothing(tmp_path: Path) -> None:
    with our_server(tmp_path) as base:
        other = ECKey.generate_key("P-384", {"kid": "one"})
        (tmp_path / "key.json").write_text(json.dumps(other.as_dict(private=True)))
        for client_id in ("program", "nobody"):
            with pytest.raises(FhirForbidden, match="invalid_client"):
                credentials_of(tmp_path, base, client_id).token()
