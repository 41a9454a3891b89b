"""What HTTP adds to the store: how bodies are packed, laid out, and come in again."""

import gzip
import tracemalloc
import zlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from tests.web_modules.fhir_store.conftest import Caller
from web_modules.fhir_store import endpoint
from web_modules.fhir_store.access import OURSELVES
from web_modules.fhir_store.documents import decode, encode
from web_modules.fhir_store.endpoint import FhirEndpoint
from web_modules.fhir_store.interactions import binaries
from web_modules.fhir_store.packing import SMALLEST_PACKED_BYTES
from web_modules.fhir_store.service import LARGEST_BODY_BYTES

PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "p", "name": [{"family": "Smith"}]}
LONG = "A long remark. " * 1000
JSON = {"Content-Type": "application/fhir+json"}
GZIP = {**JSON, "Content-Encoding": "gzip"}


@pytest.fixture
def web(fhir: Caller) -> Iterator[TestClient]:
    """The practice over HTTP, with nobody at the door."""
    served = FhirEndpoint(fhir.service, lambda _request: OURSELVES, "/fhir", is_gate_instant=True)
    with TestClient(Starlette(routes=[Mount("/fhir", served)]), base_url="http://127.0.0.1") as client:
        client.headers["Accept-Encoding"] = "identity"
        yield client


@pytest.fixture
def large(web: TestClient) -> TestClient:
    """With a record that is worth packing."""
    basic = {"resourceType": "Basic", "id": "b", "code": {"text": LONG}}
    assert web.put("/fhir/Basic/b", json=basic, headers=JSON).status_code == 201
    return web


@pytest.mark.parametrize("asked", ["gzip", "br, GZIP;q=0.5", "*", "deflate, *;q=0.1"])
def test_a_large_answer_is_packed_for_who_takes_it(large: TestClient, asked: str) -> None:
    plain = large.get("/fhir/Basic/b")
    with large.stream("GET", "/fhir/Basic/b", headers={"Accept-Encoding": asked}) as answer:
        raw = b"".join(answer.iter_raw())
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "accept-encoding")
    assert gzip.decompress(raw) == plain.content
    assert int(answer.headers["content-length"]) == len(raw) < len(plain.content) / 5
    assert plain.headers["vary"] == "accept-encoding"


def test_a_binary_says_that_it_depends_on_what_is_accepted(web: TestClient) -> None:
    sent = web.post("/fhir/Binary", content=LONG.encode(), headers={"Content-Type": "text/plain"})
    path = f"/fhir/Binary/{sent.json()['id']}"
    for accept, vary in (("*/*", {"accept"}), ("application/fhir+json", {"accept", "accept-encoding"})):
        for way in (path, f"{path}/_history/1"):
            answer = web.get(way, headers={"Accept": accept})
            assert {one.strip() for one in answer.headers["vary"].split(",")} == vary
    unchanged = web.get(path, headers={"Accept": "*/*", "If-None-Match": 'W/"1"'})
    assert (unchanged.status_code, unchanged.headers["vary"]) == (304, "accept")


@pytest.mark.parametrize("asked", ["identity", "br", "gzip;q=0", "gzip; q=0.0, *", "*;q=0", ""])
def test_a_large_answer_is_not_packed_for_who_does_not(large: TestClient, asked: str) -> None:
    answer = large.get("/fhir/Basic/b", headers={"Accept-Encoding": asked})
    assert "content-encoding" not in answer.headers
    assert answer.json()["code"]["text"] == LONG


def test_a_small_answer_is_not_packed(web: TestClient) -> None:
    answer = web.put("/fhir/Patient/p", json=PATIENT, headers={**JSON, "Accept-Encoding": "gzip"})
    assert len(answer.content) < SMALLEST_PACKED_BYTES
    assert not {"content-encoding", "vary"} & answer.headers.keys()


@pytest.mark.parametrize(
    ("method", "path", "kind", "content"),
    [
        ("PUT", "Patient/p", "application/fhir+json", encode(PATIENT)),
        ("POST", "Patient/_search", "application/x-www-form-urlencoded", b"family=smith"),
    ],
    ids=["a record", "a search"],
)
def test_what_comes_packed_is_unpacked(
    web: TestClient, method: str, path: str, kind: str, content: bytes
) -> None:
    headers = {"Content-Type": kind, "Content-Encoding": "gzip"}
    answer = web.request(method, f"/fhir/{path}", content=gzip.compress(content), headers=headers)
    assert answer.is_success, answer.text


def test_what_grows_beyond_all_bounds_is_refused_in_little_memory(web: TestClient) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(1000)) + packer.flush()
    assert len(bomb) < 1_100_000
    tracemalloc.start()
    answer = web.post("/fhir/Patient", content=bomb, headers=GZIP)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (413, "too-costly")
    assert most < 3 * LARGEST_BODY_BYTES


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        gzip.compress(encode(PATIENT))[:-4],
        gzip.compress(encode(PATIENT)) + b"and more",
        gzip.compress(encode(PATIENT)) + gzip.compress(b" "),
    ],
    ids=["none", "cut off", "with a tail", "two"],
)
def test_what_is_not_one_whole_gzip_is_refused(web: TestClient, content: bytes) -> None:
    answer = web.post("/fhir/Patient", content=content, headers=GZIP)
    assert answer.status_code == 400
    assert "gzip" in answer.json()["issue"][0]["details"]["text"]


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "compress"])
def test_other_ways_of_packing_are_refused_and_ours_is_named(web: TestClient, encoding: str) -> None:
    answer = web.post("/fhir/Patient", content=b"{}", headers={**JSON, "Content-Encoding": encoding})
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip, identity")


def test_an_answer_is_laid_out_for_a_person_and_keeps_its_digits(web: TestClient) -> None:
    amount = {"code": {"text": "x"}, "extension": [{"url": "urn:x", "valueDecimal": Decimal("1.10")}]}
    sent = encode({"resourceType": "Basic", "id": "b", **amount})
    assert web.put("/fhir/Basic/b?_pretty=true", content=sent, headers=JSON).text.startswith('{\n  "')
    told = web.get("/fhir/Basic/b?_pretty=true")
    assert told.text.startswith('{\n  "resourceType": "Basic",\n')
    assert '"valueDecimal": 1.10\n' in told.text
    assert decode(told.content) == decode(web.get("/fhir/Basic/b").content)
    assert "\n" not in web.get("/fhir/Basic/b?_pretty=false").text
    assert web.get("/fhir/Basic/none?_pretty=true").text.startswith('{\n  "')
    assert web.get("/fhir/Basic?_pretty=true").text.startswith('{\n  "')


def test_what_nobody_would_read_is_not_laid_out(large: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "LARGEST_PRETTY_BYTES", 1000)
    assert "\n" not in large.get("/fhir/Basic/b?_pretty=true").text


def test_a_byte_order_mark_before_json_is_passed_over(web: TestClient) -> None:
    content = b"\xef\xbb\xbf" + encode(PATIENT)
    assert web.put("/fhir/Patient/p", content=content, headers=JSON).status_code == 201
    patch = b'\xef\xbb\xbf[{"op": "add", "path": "/active", "value": true}]'
    headers = {"Content-Type": "application/json-patch+json"}
    assert web.patch("/fhir/Patient/p", content=patch, headers=headers).json()["active"] is True


HOSTILE = b"<html><script>alert(1)</script></html>"


def test_a_binary_comes_in_and_goes_out_as_what_it_is(web: TestClient) -> None:
    content = bytes(range(256)) * 20
    sent = web.post("/fhir/Binary", content=content, headers={"Content-Type": "image/png"})
    assert sent.status_code == 201, sent.text
    assert sent.json()["contentType"] == "image/png"
    path = f"/fhir/Binary/{sent.json()['id']}"
    for accept in (
        "*/*",
        "image/png",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "application/fhir+json;q=0",
    ):
        told = web.get(path, headers={"Accept": accept, "Accept-Encoding": "gzip"})
        assert (told.content, told.headers["content-type"]) == (content, "image/png"), accept
        assert told.headers["etag"] == 'W/"1"'
        assert "content-encoding" not in told.headers
    assert web.get(f"{path}/_history/1").content == content
    for accept in ("application/fhir+json", "application/json", "image/png, application/fhir+json;q=0.1"):
        assert web.get(path, headers={"Accept": accept}).json()["resourceType"] == "Binary", accept
    assert web.get(f"{path}?_format=json").json()["resourceType"] == "Binary"
    assert web.get(path, headers={"If-None-Match": 'W/"1"'}).status_code == 304
    head = web.head(path)
    assert (head.content, int(head.headers["content-length"])) == (b"", len(content))
    assert web.get("/fhir/Binary").json()["total"] == 1
    other = web.put(path, content=b"a,b", headers={"Content-Type": "text/csv; charset=utf-8"})
    assert other.status_code == 200
    told = web.get(path)
    assert (told.content, told.headers["content-type"]) == (b"a,b", "text/csv; charset=utf-8")


def test_a_binary_names_its_context_in_a_header(web: TestClient) -> None:
    headers = {"Content-Type": "text/plain", "X-Security-Context": "Patient/p"}
    sent = web.post("/fhir/Binary", content=b"x", headers=headers).json()
    assert sent["securityContext"] == {"reference": "Patient/p"}
    assert web.get(f"/fhir/Binary/{sent['id']}").headers["x-security-context"] == "Patient/p"


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml"])
def test_what_would_run_in_a_browser_is_a_file_and_no_page_of_ours(web: TestClient, kind: str) -> None:
    sent = web.post("/fhir/Binary", content=HOSTILE, headers={"Content-Type": kind}).json()
    told = web.get(f"/fhir/Binary/{sent['id']}", headers={"Accept": "text/html"})
    assert told.content == HOSTILE
    assert told.headers["content-disposition"] == "attachment"
    assert told.headers["x-content-type-options"] == "nosniff"
    assert told.headers["content-security-policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize("kind", ["text/plain\nX-Evil: yes", "text/plain; name=é", "text/plain;\tx"])
def test_a_stored_media_type_adds_no_header_of_its_own(web: TestClient, kind: str) -> None:
    stored = {"resourceType": "Binary", "id": "b", "contentType": kind, "data": "eA=="}
    if web.put("/fhir/Binary/b", json=stored, headers=JSON).status_code == 201:
        told = web.get("/fhir/Binary/b")
        assert (told.content, told.headers["content-type"]) == (b"x", "application/octet-stream")
        assert "x-evil" not in told.headers


@pytest.mark.parametrize("kind", ["nonsense", "text/", "a b/c"])
def test_what_is_no_media_type_is_refused(web: TestClient, kind: str) -> None:
    answer = web.post("/fhir/Binary", content=b"x", headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, ["Binary.contentType"])


def test_a_binary_that_is_too_large_is_refused(web: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "LARGEST_CONTENT_BYTES", 10)
    for size, status in ((10, 201), (11, 413)):
        answer = web.post("/fhir/Binary", content=bytes(size), headers={"Content-Type": "image/png"})
        assert answer.status_code == status


def test_json_that_is_sent_as_fhir_must_be_a_binary(web: TestClient) -> None:
    assert web.post("/fhir/Binary", json=PATIENT, headers=JSON).status_code == 400
    assert web.post("/fhir/Binary", content=b"{", headers=JSON).status_code == 400
    assert web.post("/fhir/Patient", content=b"x", headers={"Content-Type": "text/plain"}).status_code == 415


@pytest.mark.parametrize(
    "kind", ["text/javascript", "application/ecmascript; charset=utf-8", "text/css", "application/wasm"]
)
def test_what_a_page_of_ours_could_run_is_of_no_kind(web: TestClient, kind: str) -> None:
    sent = web.post("/fhir/Binary", content=b"x", headers={"Content-Type": kind}).json()
    assert sent["contentType"] == kind
    assert web.get(f"/fhir/Binary/{sent['id']}").headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("method", "path", "taken"),
    [
        ("DELETE", "", "GET, HEAD, POST"),
        ("OPTIONS", "Patient", "GET, HEAD, POST, PUT, PATCH, DELETE"),
        ("POST", "Patient/p", "GET, HEAD, PUT, PATCH, DELETE"),
        ("PUT", "Patient/p/_history/1", "GET, HEAD"),
        ("PUT", "Patient/p/_history", "GET, HEAD, DELETE"),
        ("DELETE", "metadata/x/y", "GET, HEAD"),
        ("PUT", "AuditEvent/1", "GET, HEAD"),
    ],
)
def test_a_method_that_an_address_does_not_take_is_told_which_it_takes(
    web: TestClient, method: str, path: str, taken: str
) -> None:
    answer = web.request(method, f"/fhir/{path}", json=PATIENT, headers=JSON)
    assert (answer.status_code, answer.headers.get("allow")) == (405, taken), answer.text


def test_who_sends_another_patch_is_told_which_one_is_taken(web: TestClient) -> None:
    answer = web.patch(
        "/fhir/Patient/p", content=b"{}", headers={"Content-Type": "application/merge-patch+json"}
    )
    assert (answer.status_code, answer.headers["accept-patch"]) == (415, "application/json-patch+json")
