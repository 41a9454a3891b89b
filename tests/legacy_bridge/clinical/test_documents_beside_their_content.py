"""Documents whose content lies beside them, in a Binary of the same server: what is taken, and what goes."""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.mapping.clinical.document import MOST_BYTES
from tests.legacy_bridge.clinical.test_documents_made_in_the_cloud import CONTENTS, SCAN, make, new_rows
from tests.legacy_bridge.support.clinical import ENTRIES, held, patient_reference
from tests.legacy_bridge.support.embedded_stores import STORES, store_over
from tests.legacy_bridge.support.mirror import BASE, Mirror
from tests.legacy_bridge.support.small_practice import ODS
from web_modules.fhir.errors import FhirForbidden, FhirGone, FhirNotFound
from web_modules.fhir.transport import FHIR_JSON, FhirRequest
from web_modules.fhir_store.access import FULL_GRANTS, Access, Agent
from web_modules.fhir_store.service import FhirService
from web_modules.fhir_store.store import Standard

NOT_CLEARED = Access(agent=Agent(id="sam", name="Sam"), grants=FULL_GRANTS)
LABEL = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}
HASH = b64encode(sha1(SCAN, usedforsecurity=False).digest()).decode()
OTHER = b"Another sheet"


@pytest.fixture(params=STORES)
def fhir(request: pytest.FixtureRequest, tmp_path: Path, standard: Standard) -> Iterator[FhirService]:
    """The embedded store over either database."""
    with store_over(request, tmp_path, standard) as made:
        yield made


def add_binary(mirror: Mirror, data: bytes = SCAN, context: dict[str, Any] | None = None, **more: Any) -> Any:
    """Store a content as a page would: before its document, for the patient."""
    told = {"securityContext": patient_reference(mirror) if context is None else context, **more}
    return mirror.client.create(
        {
            "resourceType": "Binary",
            "contentType": "application/pdf",
            "data": b64encode(data).decode(),
            **{name: one for name, one in told.items() if one},
        }
    )


def named(url: str, **more: Any) -> dict[str, Any]:
    return {"contentType": "application/pdf", "url": url, **more}


def entry_of(mirror: Mirror) -> Any:
    """The new entry's row, to be changed by."""
    (row,), _ = new_rows(mirror)
    table = METADATA.tables[ENTRIES]
    return update(table).where(table.c.ObservationGuid == row["ObservationGuid"])


def change(mirror: Mirror, statement: Any) -> None:
    with mirror.practice.engine.begin() as connection:
        connection.execute(statement)
    mirror.drain()


def is_gone(mirror: Mirror, binary: dict[str, Any]) -> bool:
    """Whether nothing of a Binary can be read, by whoever asks."""
    for way in (binary["id"], *(f"{binary['id']}/_history/{number}" for number in range(1, 5))):
        try:
            mirror.client.read("Binary", way)
        except (FhirGone, FhirNotFound):
            continue
        return False
    return True


def is_shown(mirror: Mirror, fhir: FhirService, binary: dict[str, Any]) -> bool:
    """Whether somebody who is not cleared for confidential records may read a Binary."""
    request = FhirRequest(method="GET", path=f"Binary/{binary['id']}", headers={"accept": FHIR_JSON})
    return fhir.send(request, NOT_CLEARED).status == 200


WAYS = ("{}", "{}/_history/1", f"{BASE}/{{}}", f"http://cloud.example/{ODS}/fhir/{{}}")


@pytest.mark.hazard("H10")
@pytest.mark.parametrize("way", WAYS)
def test_a_content_beside_its_document_is_in_legacy_byte_for_byte(mirror: Mirror, way: str) -> None:
    binary = add_binary(mirror)
    there = make(mirror, named(way.format(f"Binary/{binary['id']}"), size=len(SCAN), hash=HASH))
    assert held(mirror) == []
    (_,), (content,) = new_rows(mirror)
    assert (bytes(content["Content"]), content["MediaType"]) == (SCAN, "application/pdf")
    assert "data" not in there["content"][0]["attachment"]
    assert mirror.differing() == []
    before = mirror.client.read("Binary", binary["id"])
    mirror.drain()
    assert mirror.client.read("Binary", binary["id"]) == before


def test_the_type_of_a_content_beside_is_told_by_either(mirror: Mirror) -> None:
    make(mirror, {"url": f"Binary/{add_binary(mirror)['id']}"})
    assert held(mirror) == []
    (_,), (content,) = new_rows(mirror)
    assert content["MediaType"] == "application/pdf"
    assert mirror.differing() == []


@pytest.mark.hazard("H24")
def test_a_content_stands_and_falls_with_its_document_from_then_on(mirror: Mirror, fhir: FhirService) -> None:
    binary = add_binary(mirror)
    there = make(mirror, named(f"Binary/{binary['id']}"))
    now = mirror.client.read("Binary", binary["id"])
    assert now["securityContext"]["reference"] == f"DocumentReference/{there['id']}"
    assert is_shown(mirror, fhir, binary)
    mirror.put(there, meta={"security": [LABEL]})
    assert not is_shown(mirror, fhir, binary)


@pytest.mark.hazard("H24")
@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"context": {}}, "content-unprotected"),
        ({"context": {"reference": "Patient/somebody-else"}}, "content-of-another"),
        ({"context": {"reference": "https://elsewhere.example/fhir/Patient/1"}}, "content-of-another"),
        ({"meta": {"security": [LABEL]}}, "confidential-in-cloud"),
    ],
)
def test_what_is_not_the_documents_own_is_not_carried_and_not_touched(
    mirror: Mirror, more: dict[str, Any], reason: str
) -> None:
    binary = add_binary(mirror, **more)
    make(mirror, named(f"Binary/{binary['id']}"))
    assert held(mirror) == [("document", reason)]
    assert new_rows(mirror) == ([], [])
    assert mirror.client.read("Binary", binary["id"]) == binary


@pytest.mark.hazard("H24")
def test_two_documents_cannot_share_one_content(mirror: Mirror) -> None:
    url = f"Binary/{add_binary(mirror)['id']}"
    make(mirror, named(url))
    make(mirror, named(url))
    assert held(mirror) == [("document", "content-of-another")]
    assert len(new_rows(mirror)[0]) == 1


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"size": 3}, "content-damaged"),
        ({"hash": b64encode(b"x" * 20).decode()}, "content-damaged"),
        ({"data": b64encode(OTHER).decode()}, "content-damaged"),
        ({"contentType": "text/plain"}, "content-type-differs"),
    ],
)
def test_a_content_that_is_not_what_the_document_says_is_listed(
    mirror: Mirror, more: dict[str, Any], reason: str
) -> None:
    make(mirror, named(f"Binary/{add_binary(mirror)['id']}", **more))
    assert held(mirror) == [("document", reason)]
    assert new_rows(mirror) == ([], [])


@pytest.mark.hazard("H10")
@pytest.mark.parametrize(("more", "is_held"), [(0, False), (1, True)])
def test_the_largest_content_is_carried_and_one_byte_more_is_listed(
    mirror: Mirror, more: int, *, is_held: bool
) -> None:
    data = bytes(MOST_BYTES + more)
    make(mirror, named(f"Binary/{add_binary(mirror, data)['id']}"))
    assert held(mirror) == ([("document", "content-too-large")] if is_held else [])
    assert [bytes(one["Content"]) == data for one in new_rows(mirror)[1]] == ([] if is_held else [True])


def test_an_earlier_version_of_a_content_is_not_taken_for_it(mirror: Mirror) -> None:
    binary = add_binary(mirror)
    mirror.client.update({**binary, "data": b64encode(OTHER).decode()})
    make(mirror, named(f"Binary/{binary['id']}/_history/1"))
    assert held(mirror) == [("document", "content-of-earlier-version")]


@pytest.mark.parametrize(
    "url", ["https://cloud.example/fhir.evil/Binary/1", "Patient/1", "Binary/1?x=y", "Binary/1/2", "Binary/"]
)
def test_any_other_address_is_listed_as_before(mirror: Mirror, url: str) -> None:
    make(mirror, named(url))
    assert held(mirror) == [("document", "document-elsewhere")]


def test_a_document_waits_for_its_content_and_goes_on_by_itself(mirror: Mirror) -> None:
    make(mirror, named("Binary/scan7"))
    assert held(mirror) == [("document", "content-not-there")]
    assert new_rows(mirror) == ([], [])
    late = {"resourceType": "Binary", "id": "scan7", "contentType": "application/pdf"}
    context = patient_reference(mirror)
    made = mirror.client.update({**late, "data": b64encode(SCAN).decode(), "securityContext": context})
    mirror.drain()
    assert held(mirror) == []
    (_,), (content,) = new_rows(mirror)
    assert bytes(content["Content"]) == SCAN
    assert made["meta"]["versionId"] == "1"


def test_a_document_of_a_deleted_or_unprotected_content_goes_on_when_that_is_put_right(
    mirror: Mirror,
) -> None:
    binary = add_binary(mirror, context={})
    mirror.client.delete("Binary", binary["id"])
    make(mirror, named(f"Binary/{binary['id']}"))
    assert held(mirror) == [("document", "content-not-there")]
    bare = {name: one for name, one in binary.items() if name != "meta"}
    again = mirror.client.update(bare)
    mirror.drain()
    assert held(mirror) == [("document", "content-unprotected")]
    mirror.client.update({**again, "securityContext": patient_reference(mirror)})
    mirror.drain()
    assert held(mirror) == []
    assert len(new_rows(mirror)[0]) == 1


def test_a_content_that_the_bridge_may_not_read_is_listed(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = add_binary(mirror)
    read = mirror.client.read

    def refused(resource_type: str, resource_id: str) -> Any:
        if resource_type == "Binary":
            raise FhirForbidden("GET Binary: not for you", status=403)
        return read(resource_type, resource_id)

    monkeypatch.setattr(mirror.client, "read", refused)
    there = make(mirror, named(f"Binary/{binary['id']}"))
    assert held(mirror) == [("document", "content-forbidden")]
    assert new_rows(mirror) == ([], [])
    monkeypatch.undo()
    mirror.put(there, description="saved again")
    mirror.drain()
    assert held(mirror) == []
    assert len(new_rows(mirror)[0]) == 1


@pytest.mark.hazard("H10")
def test_a_content_that_is_changed_on_the_cloud_is_put_back_and_listed_whole(mirror: Mirror) -> None:
    binary = add_binary(mirror)
    make(mirror, named(f"Binary/{binary['id']}"))
    now = mirror.client.read("Binary", binary["id"])
    mirror.client.update({**now, "data": b64encode(OTHER).decode()})
    mirror.drain()
    assert b64decode(mirror.client.read("Binary", binary["id"])["data"]) == SCAN
    (listed,) = mirror.journal.conflicts(decided=True)
    lost: Any = listed.conflict.cloud["content"]
    assert b64decode(lost.data) == OTHER
    assert mirror.differing() == []


@pytest.mark.hazard("H10")
def test_a_content_that_legacy_changes_is_changed_beside_the_document(mirror: Mirror) -> None:
    binary = add_binary(mirror)
    there = make(mirror, named(f"Binary/{binary['id']}", size=len(SCAN), hash=HASH))
    _, (row,) = new_rows(mirror)
    table = METADATA.tables[CONTENTS]
    mine = update(table).where(table.c.DocumentGuid == row["DocumentGuid"])
    change(mirror, mine.values(Content=OTHER, MediaType="text/plain"))
    now = mirror.client.read("Binary", binary["id"])
    assert (b64decode(now["data"]), now["contentType"]) == (OTHER, "text/plain")
    (told,) = mirror.client.read("DocumentReference", there["id"])["content"]
    assert told["attachment"] == {"contentType": "text/plain", "url": f"Binary/{binary['id']}"}
    assert mirror.differing() == []


def test_a_content_that_somebody_deletes_is_put_back_as_legacy_has_it(mirror: Mirror) -> None:
    binary = add_binary(mirror)
    there = make(mirror, named(f"Binary/{binary['id']}"))
    mirror.client.delete("Binary", binary["id"])
    mirror.drain()
    assert held(mirror) == []
    (told,) = mirror.client.read("DocumentReference", there["id"])["content"]
    assert b64decode(told["attachment"]["data"]) == SCAN
    assert "url" not in told["attachment"]
    assert mirror.differing() == []


@pytest.mark.hazard("H24")
@pytest.mark.parametrize("whose", ["own", "patient"])
@pytest.mark.parametrize("first", ["current", "entered-in-error"])
def test_a_content_goes_with_its_document_when_that_becomes_confidential(
    mirror: Mirror, whose: str, first: str
) -> None:
    binary = add_binary(mirror)
    there = make(mirror, named(f"Binary/{binary['id']}"))
    if first == "entered-in-error":
        change(mirror, entry_of(mirror).values(Deleted=True))
        assert mirror.client.read("DocumentReference", there["id"])["status"] == "entered-in-error"
        assert b64decode(mirror.client.read("Binary", binary["id"])["data"]) == SCAN
    if whose == "own":
        change(mirror, entry_of(mirror).values(IsConfidential=True))
    else:
        mirror.practice.edit("Admin_Patient", "mary", IsConfidential=True)
        mirror.drain()
    assert mirror.client.search("DocumentReference", {"_id": there["id"]}) == []
    assert is_gone(mirror, binary)


@pytest.mark.hazard("H24")
@pytest.mark.parametrize("context", [None, {"reference": "Patient/somebody-else"}])
def test_a_content_that_was_taken_stays_the_documents_whatever_it_says_of_itself(
    mirror: Mirror, context: dict[str, Any] | None
) -> None:
    there = make(mirror, named(f"Binary/{add_binary(mirror)['id']}"))
    url = there["content"][0]["attachment"]["url"]

    def opened() -> dict[str, Any]:
        found = mirror.client.read(*url.split("/"))
        if context is None:
            del found["securityContext"]
            return mirror.client.update(found)
        return mirror.client.update({**found, "securityContext": context})

    binary = opened()
    mirror.drain()
    context_now = mirror.client.read("Binary", binary["id"])["securityContext"]["reference"]
    assert context_now == f"DocumentReference/{there['id']}"
    opened()
    change(mirror, entry_of(mirror).values(IsConfidential=True))
    assert is_gone(mirror, binary)


@pytest.mark.hazard("H24")
def test_every_content_that_a_document_ever_named_goes_with_it(mirror: Mirror) -> None:
    first, second = add_binary(mirror), add_binary(mirror)
    there = make(mirror, named(f"Binary/{first['id']}"))
    (content,) = there["content"]
    attachment = {**content["attachment"], "url": f"Binary/{second['id']}"}
    there = mirror.put(there, content=[{**content, "attachment": attachment}])
    mirror.drain()
    there = mirror.client.read("DocumentReference", there["id"])
    inside = {"contentType": "application/pdf", "data": b64encode(SCAN).decode()}
    mirror.put(there, content=[{**content, "attachment": inside}])
    mirror.drain()
    change(mirror, entry_of(mirror).values(IsConfidential=True))
    assert is_gone(mirror, first)
    assert is_gone(mirror, second)


@pytest.mark.hazard("H24")
def test_a_content_that_somebody_had_deleted_keeps_no_earlier_versions_either(mirror: Mirror) -> None:
    binary = add_binary(mirror)
    make(mirror, named(f"Binary/{binary['id']}"))
    mirror.client.delete("Binary", binary["id"])
    mirror.drain()
    assert not is_gone(mirror, binary)
    change(mirror, entry_of(mirror).values(IsConfidential=True))
    assert is_gone(mirror, binary)


@pytest.mark.hazard("H24")
def test_a_document_in_several_forms_takes_all_of_them_with_it(mirror: Mirror) -> None:
    first, second = add_binary(mirror), add_binary(mirror)
    there = make(mirror, named(f"Binary/{first['id']}"))
    forms = [{"attachment": named(f"Binary/{one['id']}")} for one in (first, second)]
    mirror.put(there, content=forms)
    mirror.drain()
    assert held(mirror) == [("document", "document-in-several-forms")]
    change(mirror, entry_of(mirror).values(IsConfidential=True))
    assert is_gone(mirror, first)
    assert is_gone(mirror, second)


@pytest.mark.hazard("H24")
def test_a_content_goes_with_a_document_that_is_deleted_on_the_cloud(mirror: Mirror) -> None:
    binary = add_binary(mirror)
    there = make(mirror, named(f"Binary/{binary['id']}"))
    mirror.client.delete("DocumentReference", there["id"])
    mirror.drain()
    (row,), _ = new_rows(mirror)
    assert row["Deleted"] is True
    assert is_gone(mirror, binary)


@pytest.mark.hazard("H24")
def test_a_bridge_that_is_killed_while_it_withdraws_goes_on_with_the_content(mirror: Mirror) -> None:
    binary = add_binary(mirror)
    make(mirror, named(f"Binary/{binary['id']}"))
    forget = mirror.client.delete_history

    def killed(resource_type: str, resource_id: str) -> None:
        raise KeyboardInterrupt

    mirror.client.delete_history = killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        change(mirror, entry_of(mirror).values(IsConfidential=True))
    assert not is_gone(mirror, binary)
    mirror.client.delete_history = forget  # type: ignore[method-assign]
    mirror.start()
    mirror.hasten()
    mirror.drain()
    assert is_gone(mirror, binary)
