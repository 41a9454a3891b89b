"""What a small bundle asks for stays within bounds, however often it asks."""

import base64
from typing import Any

import pytest

from tests.web_modules.fhir_store.bundles.test_bundles import bundle, entry
from tests.web_modules.fhir_store.conftest import Answer, Caller
from web_modules.fhir_store.bundles import room
from web_modules.fhir_store.documents import encode

KINDS = pytest.mark.parametrize("kind", ["batch", "transaction"])
LARGE: dict[str, Any] = {
    "resourceType": "Basic",
    "identifier": [{"system": "s", "value": "1"}],
    "code": {"text": "x" * 40_000},
}
FOUND = entry("POST", "Basic", LARGE, ifNoneExist="identifier=s|1")


@pytest.fixture(autouse=True)
def _two_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LARGEST_BUNDLE_BYTES", 100_000)


@pytest.fixture
def stored(fhir: Caller) -> Caller:
    assert fhir("PUT", "Basic/a", LARGE | {"id": "a"}).status == 201
    return fhir


def statuses(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [one["response"]["status"][:3] for one in answer.body["entry"]]


@KINDS
@pytest.mark.parametrize("url", ["Basic/a", "Basic", "Basic/_history", "Basic/a/_history/1"])
def test_the_answer_to_what_a_bundle_reads_is_bounded(stored: Caller, kind: str, url: str) -> None:
    answer = stored("POST", "", bundle(*[entry("GET", url)] * 50, kind=kind))
    assert statuses(answer) == ["200"] * 2 + ["413"] * 48
    assert len(encode(answer.body)) < 120_000
    told = answer.body["entry"][2]["response"]["outcome"]["issue"][0]
    assert told["code"] == "too-costly"
    assert told["details"]["text"] == (
        "The answers to this Bundle grow larger than this server sends at once; ask for this by itself."
    )


def _patch(operations: list[dict[str, str]]) -> dict[str, Any]:
    data = base64.b64encode(encode(operations)).decode()
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
    return entry("PATCH", "Basic/a", binary)


def test_what_patches_write_is_bounded(stored: Caller) -> None:
    patch = _patch([{"op": "add", "path": "/language", "value": "en"}])
    answer = stored("POST", "", bundle(*[patch] * 10, kind="batch"))
    assert statuses(answer) == ["200"] * 2 + ["413"] * 8
    assert stored("GET", "Basic/a").body["meta"]["versionId"] == "3"


def test_what_the_conditions_of_a_transaction_find_is_bounded(stored: Caller) -> None:
    refused = stored("POST", "", bundle(*[FOUND] * 3))
    assert (refused.status, refused.expression) == (413, "Bundle.entry[2]")
    assert statuses(stored("POST", "", bundle(*[FOUND] * 2))) == ["200", "200"]


def test_what_the_conditions_of_a_batch_find_is_shown_as_far_as_there_is_room(stored: Caller) -> None:
    answer = stored("POST", "", bundle(*[FOUND] * 4, kind="batch"), prefer="return=representation")
    assert statuses(answer) == ["200"] * 4
    assert len(answer.resources) == 2
    assert all(one["response"]["location"] == "Basic/a/_history/1" for one in answer.body["entry"])
