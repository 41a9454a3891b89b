"""Large documents of the legacy program: their content lies beside them, and is never there alone."""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from legacy_bridge.cloud.laying import INLINE_MOST, TAG_SYSTEM
from legacy_bridge.legacy.schema import METADATA
from tests.legacy_bridge.clinical.test_documents_beside_their_content import (
    LABEL,
    change,
    is_gone,
    is_shown,
)
from tests.legacy_bridge.support.clinical import ENTRIES, add_document, entry, held
from tests.legacy_bridge.support.embedded_stores import STORES, store_over
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import guid
from web_modules.fhir_store.service import FhirService
from web_modules.fhir_store.store import Standard

LARGE = bytes(range(256)) * 400 + b"\r\n\x00"
OTHER = b"another sheet" * 9000
KEY = guid("scan").strip("{}").lower()
CONTENTS = METADATA.tables["Reference_DocumentContent"]


@pytest.fixture(params=STORES)
def fhir(request: pytest.FixtureRequest, tmp_path: Path, standard: Standard) -> Iterator[FhirService]:
    """The embedded store over either database."""
    with store_over(request, tmp_path, standard) as made:
        yield made


def scan(mirror: Mirror, content: bytes | None = LARGE) -> dict[str, Any]:
    """Let the legacy program take in a document."""
    add_document(mirror.practice, "scan", content)
    mirror.drain()
    return attachment_of(mirror)


def replace_by(mirror: Mirror, content: bytes | None) -> dict[str, Any]:
    """Let the legacy program replace its content."""
    mine = CONTENTS.c.DocumentGuid == guid("scan file")
    change(mirror, update(CONTENTS).where(mine).values(Content=content))
    return attachment_of(mirror)


def attachment_of(mirror: Mirror) -> dict[str, Any]:
    (content,) = entry(mirror, "DocumentReference", "scan")["content"]
    found: dict[str, Any] = content["attachment"]
    return found


def binary_of(mirror: Mirror) -> dict[str, Any]:
    return mirror.client.read(*attachment_of(mirror)["url"].split("/"))


def contents(mirror: Mirror) -> list[dict[str, Any]]:
    """Every Binary there is."""
    return mirror.client.search("Binary", {})


@pytest.mark.hazard("H10")
def test_a_large_content_lies_beside_its_document_byte_for_byte(mirror: Mirror) -> None:
    told = scan(mirror)
    assert set(told) == {"contentType", "title", "url"}
    document, binary = entry(mirror, "DocumentReference", "scan"), binary_of(mirror)
    assert b64decode(binary["data"]) == LARGE
    assert binary["contentType"] == told["contentType"] == "text/plain"
    assert binary["securityContext"]["reference"] == f"DocumentReference/{document['id']}"
    assert held(mirror) == []
    assert mirror.differing() == []
    mirror.start()
    mirror.drain()
    assert (entry(mirror, "DocumentReference", "scan"), binary_of(mirror)) == (document, binary)


@pytest.mark.parametrize(("more", "is_beside"), [(0, False), (1, True)])
def test_only_what_is_large_lies_beside(mirror: Mirror, more: int, *, is_beside: bool) -> None:
    told = scan(mirror, b"x" * (INLINE_MOST + more))
    assert ("url" in told, "data" in told) == (is_beside, not is_beside)
    assert len(contents(mirror)) == is_beside


@pytest.mark.hazard("H24")
def test_a_content_is_hidden_with_its_document(mirror: Mirror, fhir: FhirService) -> None:
    scan(mirror)
    binary = binary_of(mirror)
    assert is_shown(mirror, fhir, binary)
    mirror.put(entry(mirror, "DocumentReference", "scan"), meta={"security": [LABEL]})
    assert not is_shown(mirror, fhir, binary)


@pytest.mark.hazard("H10")
def test_a_content_stays_beside_while_it_changes_and_goes_when_there_is_none(mirror: Mirror) -> None:
    assert "data" in scan(mirror, b"small")
    assert "url" in replace_by(mirror, LARGE)
    first = binary_of(mirror)
    for content in (OTHER, b"small again"):
        replace_by(mirror, content)
        now = binary_of(mirror)
        assert (now["id"], b64decode(now["data"])) == (first["id"], content)
        assert mirror.differing() == []
    told = replace_by(mirror, None)
    assert "url" not in told
    assert contents(mirror) == []
    assert mirror.differing() == []
    assert held(mirror) == []


@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_bridge_that_is_killed_as_it_writes_makes_one_content(mirror: Mirror, fault: str) -> None:
    transaction = mirror.client.transaction

    def killed(entries: Any) -> Any:
        if any(one.url == "Binary" for one in entries):
            if fault == "after":
                transaction(entries)
            raise KeyboardInterrupt
        return transaction(entries)

    mirror.client.transaction = killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        scan(mirror)
    assert len(contents(mirror)) == (fault == "after")
    mirror.client.transaction = transaction  # type: ignore[method-assign]
    mirror.start()
    mirror.hasten()
    mirror.drain()
    (binary,) = contents(mirror)
    assert binary["id"] == binary_of(mirror)["id"]
    assert mirror.differing() == []


def test_what_somebody_does_to_a_large_content_is_put_right(mirror: Mirror) -> None:
    scan(mirror)
    first = binary_of(mirror)
    mirror.client.update({**first, "data": b64encode(OTHER).decode()})
    mirror.drain()
    assert b64decode(binary_of(mirror)["data"]) == LARGE
    mirror.client.delete("Binary", first["id"])
    mirror.drain()
    assert b64decode(binary_of(mirror)["data"]) == LARGE
    document = entry(mirror, "DocumentReference", "scan")
    (content,) = document["content"]
    inside = {"contentType": "text/plain", "data": b64encode(b"no").decode()}
    mirror.put(document, content=[{**content, "attachment": inside}])
    mirror.drain()
    assert b64decode(binary_of(mirror)["data"]) == LARGE
    assert len(contents(mirror)) == 1
    assert mirror.differing() == []


@pytest.mark.hazard("H24")
@pytest.mark.parametrize("whose", ["own", "patient"])
def test_a_large_content_goes_with_its_document_and_comes_back_with_it(mirror: Mirror, whose: str) -> None:
    scan(mirror)
    replace_by(mirror, OTHER)
    binary = binary_of(mirror)
    table, name = (ENTRIES, "scan") if whose == "own" else ("Admin_Patient", "mary")
    mirror.practice.edit(table, name, IsConfidential=True)
    mirror.drain()
    assert mirror.resources("DocumentReference", ENTRIES, "scan") == []
    assert contents(mirror) == []
    assert is_gone(mirror, binary)
    mirror.practice.edit(table, name, IsConfidential=False)
    mirror.drain()
    assert b64decode(binary_of(mirror)["data"]) == OTHER
    assert mirror.differing() == []


@pytest.mark.hazard("H24")
def test_a_content_that_no_document_names_any_more_goes_too(mirror: Mirror) -> None:
    scan(mirror, b"small")
    stray = mirror.client.create(
        {
            "resourceType": "Binary",
            "meta": {"tag": [{"system": TAG_SYSTEM, "code": KEY}]},
            "contentType": "text/plain",
            "data": b64encode(LARGE).decode(),
        }
    )
    mirror.practice.edit(ENTRIES, "scan", IsConfidential=True)
    mirror.drain()
    assert is_gone(mirror, stray)


def test_a_server_that_keeps_no_binaries_has_large_contents_inside(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = mirror.client.capabilities()
    (rest,) = statement["rest"]
    kept = [one for one in rest["resource"] if one["type"] != "Binary"]
    bare = {**statement, "rest": [{**rest, "resource": kept}]}
    monkeypatch.setattr(mirror.client, "capabilities", lambda: bare)
    mirror.service.drain()
    list(mirror.server.look())
    assert b64decode(scan(mirror)["data"]) == LARGE
    assert held(mirror) == []
