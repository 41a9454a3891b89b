"""A program that is known by its own key: how it gets tokens, keeps them, and what it does not fall for."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from tests.web_modules.fhir.scripted_server import CUT, PATIENT, ScriptedServer
from web_modules.fhir.backend_services import BackendServices, load_key
from web_modules.fhir.client import FhirClient
from web_modules.fhir.errors import (
    FhirBroken,
    FhirError,
    FhirForbidden,
    FhirKeyUnusable,
    FhirUnavailable,
)
from web_modules.fhir.retrying import Retrying
from web_modules.fhir.transport import HttpTransport

EC = ECKey.generate_key("P-384", {"kid": "ec"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})


def key_file(folder: Path, key: Any, **changed: Any) -> Path:
    file = folder / "key.json"
    file.write_text(json.dumps(key.as_dict(private=True) | changed))
    return file


def given(token: str, seconds: int = 300) -> tuple[int, dict[str, str], Any]:
    return 200, {}, {"access_token": token, "token_type": "bearer", "expires_in": seconds, "scope": "s"}


class Program:
    """A client with a key, at a server that a test plays."""

    def __init__(self, server: ScriptedServer, file: Path) -> None:
        self.now = 1000.0
        self.server = server
        self.endpoint = f"{server.url}/auth/token"
        self.credentials = BackendServices(
            server.url, client_id="bridge", key=load_key(file), clock=lambda: self.now, timeout_seconds=2
        )
        self.transport = HttpTransport(server.url, credentials=self.credentials, timeout_seconds=2)
        self.client = FhirClient(self.transport)

    def told(self, **more: Any) -> tuple[int, dict[str, str], Any]:
        """What the server says of itself."""
        return 200, {}, {"token_endpoint": self.endpoint} | more

    def shown(self) -> list[str]:
        """The tokens that were shown, and `-` for a request without one."""
        return [headers.get("authorization", "-") for _, _, headers, _ in self.server.asked]


@pytest.fixture
def program(server: ScriptedServer, tmp_path: Path) -> Iterator[Program]:
    made = Program(server, key_file(tmp_path, EC))
    yield made
    made.transport.close()


@pytest.mark.parametrize(("key", "algorithm"), [(EC, "ES384"), (RSA, "RS384")])
def test_proof_of_who_we_are_is_as_smart_says(
    server: ScriptedServer, tmp_path: Path, key: Any, algorithm: str
) -> None:
    program = Program(server, key_file(tmp_path, key))
    server.answers += [program.told(), given("one"), program.told(), given("two")]
    assert program.credentials.token() == "one"
    program.credentials.forget("one")
    assert program.credentials.token() == "two"
    names = set()
    for _, path, _, body in server.asked[1::2]:
        assert path == "/Y99002/fhir/auth/token"
        form = {name: value for name, (value,) in parse_qs(body.decode()).items()}
        assert form["grant_type"] == "client_credentials"
        signed = jwt.decode(form["client_assertion"], key, algorithms=[algorithm])
        claims = signed.claims
        assert signed.header == {"alg": algorithm, "typ": "JWT", "kid": key.kid}
        assert (claims["iss"], claims["sub"], claims["aud"]) == ("bridge", "bridge", program.endpoint)
        assert 0 < claims["exp"] - claims["iat"] <= 300
        names.add(claims["jti"])
    assert len(names) == 2
    program.transport.close()


def test_token_is_kept_until_shortly_before_its_end(server: ScriptedServer, program: Program) -> None:
    server.answers += [program.told(), given("one"), (200, {}, PATIENT), (200, {}, PATIENT)]
    program.client.read("Patient", "1")
    program.now += 269
    program.client.read("Patient", "1")
    program.now += 2
    server.answers += [program.told(), given("two"), (200, {}, PATIENT)]
    program.client.read("Patient", "1")
    assert program.shown() == ["-", "-", "Bearer one", "Bearer one", "-", "-", "Bearer two"]


def test_refused_token_is_renewed_once(server: ScriptedServer, program: Program) -> None:
    server.answers += [program.told(), given("one"), (401, {}, b""), program.told(), given("two")]
    server.answers += [(200, {}, PATIENT)]
    assert program.client.create({"resourceType": "Patient"}) == PATIENT
    server.answers += [(401, {}, b""), program.told(), given("three"), (401, {}, b"")]
    with pytest.raises(FhirForbidden):
        program.client.create({"resourceType": "Patient"})
    assert server.answers == []


def test_late_refusal_of_an_old_token_does_not_throw_the_new_one_away(
    server: ScriptedServer, program: Program
) -> None:
    server.answers += [program.told(), given("one"), program.told(), given("two")]
    program.credentials.token()
    program.credentials.forget("one")
    assert program.credentials.token() == "two"
    program.credentials.forget("one")
    assert program.credentials.token() == "two"


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://evil.example/token",
        "",
        "token",
        "ftp://127.0.0.1/token",
        "javascript:1",
        "http://127.0.0.1:1/t",
        7,
    ],
)
def test_proof_goes_to_no_endpoint_that_others_can_hear(
    server: ScriptedServer, program: Program, endpoint: object
) -> None:
    server.answers.append(program.told(token_endpoint=endpoint))
    with pytest.raises(FhirBroken, match="trusted"):
        program.credentials.token()
    assert len(server.asked) == 1


def test_proof_follows_no_redirect(server: ScriptedServer, program: Program) -> None:
    other = ScriptedServer()
    server.answers += [program.told(), (307, {"Location": f"{other.url}/token"}, b"")]
    with pytest.raises(FhirBroken, match="307"):
        program.credentials.token()
    assert other.asked == []
    other.close()


def test_refused_client_is_told_what_to_check_and_nothing_secret(
    server: ScriptedServer, program: Program
) -> None:
    server.answers += [program.told(), (401, {}, {"error": "invalid_client"})]
    with pytest.raises(FhirForbidden, match=r"invalid_client.*public part of this key") as caught:
        program.client.read("Patient", "1")
    assert "eyJ" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [(200, {}, b"<html>"), (200, {}, []), (200, {}, {}), (200, {}, {"access_token": 1}),
     (200, {}, {"access_token": "a\r\nx: y"}), (200, {}, {"access_token": "a", "expires_in": "soon"}),
     (500, {}, b""), (404, {}, b"")],
)  # fmt: skip
def test_answer_that_is_no_token_is_the_server_s_fault(
    server: ScriptedServer, program: Program, answer: Any
) -> None:
    server.answers += [program.told(), answer]
    with pytest.raises(FhirBroken):
        program.credentials.token()


def test_busy_token_endpoint_is_asked_again_whatever_waits_for_the_token(
    server: ScriptedServer, program: Program
) -> None:
    server.answers += [program.told(), (429, {"Retry-After": "2"}, b""), (CUT, {}, b""), program.told()]
    server.answers += [given("one"), (201, {}, PATIENT)]
    pauses: list[float] = []
    client = FhirClient(Retrying(program.transport, pause=pauses.append))
    assert client.create({"resourceType": "Patient"}) == PATIENT
    assert 2 <= pauses[0] < 3
    assert len(pauses) == 2


def test_server_that_takes_other_signatures_is_told(server: ScriptedServer, program: Program) -> None:
    server.answers.append(program.told(token_endpoint_auth_signing_alg_values_supported=["RS384"]))
    with pytest.raises(FhirKeyUnusable, match="ES384"):
        program.credentials.token()


def test_silent_token_endpoint_is_unavailable(server: ScriptedServer, program: Program) -> None:
    server.answers += [program.told(), (CUT, {}, b"")]
    with pytest.raises(FhirUnavailable) as caught:
        program.client.create({"resourceType": "Patient"})
    assert not caught.value.may_have_arrived
    with pytest.raises(FhirError):
        BackendServices("nowhere", client_id="a", key=program.credentials._key).token()


def test_key_may_be_the_private_one_of_a_set(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [RSA.as_dict(private=False), EC.as_dict(private=True)]}))
    assert load_key(file).algorithm == "ES384"


UNUSABLE = {
    "empty": "",
    "a list": "[]",
    "no key": "{}",
    "a number": "7",
    "a set of none": '{"keys": []}',
    "a set of a number": '{"keys": 7}',
    "a set of numbers": '{"keys": [7]}',
    "no kind of key": '{"d": 1}',
    "public": json.dumps(EC.as_dict(private=False)),
    "a secret": json.dumps(OctKey.generate_key(256).as_dict(private=True)),
    "two": json.dumps({"keys": [EC.as_dict(private=True), RSA.as_dict(private=True)]}),
    "another curve": json.dumps(ECKey.generate_key("P-256", {"kid": "a"}).as_dict(private=True)),
    "another kind": json.dumps(OKPKey.generate_key("Ed25519", {"kid": "a"}).as_dict(private=True)),
    "without a name": json.dumps({**EC.as_dict(private=True), "kid": ""}),
}


@pytest.mark.parametrize("content", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_key_that_smart_does_not_take_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "key.json"
    file.write_text(content)
    with pytest.raises(FhirKeyUnusable, match=r"key\.json") as caught:
        load_key(file)
    assert str(EC.as_dict(private=True)["d"]) not in str(caught.value)


def test_missing_key_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(FhirKeyUnusable, match="cannot be read"):
        load_key(tmp_path / "nothing.json")
