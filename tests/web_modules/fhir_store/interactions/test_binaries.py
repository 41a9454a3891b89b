"""Who may see a Binary: whoever may see the record that stands for it, its own labels beside that."""

import base64
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.web_modules.fhir_store.conftest import Caller, fresh_practice
from tests.web_modules.fhir_store.database.test_migrating import set_step
from tests.web_modules.fhir_store.test_limits import (
    APP,
    GP,
    LABORATORY,
    RECEPTIONIST,
    ask,
    found,
    labelled,
    observation,
    patient,
)
from tests.web_modules.fhir_store.test_suppression import is_told
from web_modules.fhir_store.access import READING, Access, Grant
from web_modules.fhir_store.database.migrating import upgrade
from web_modules.fhir_store.store import Standard

OF_BINARIES = replace(RECEPTIONIST, grants=(Grant(resource_type="Binary", interactions=READING),))
CONTEXTS: dict[str, str | None] = {
    "none": None,
    "of-mine": "Patient/mine",
    "of-other": "Patient/other",
    "of-mine-o": "Observation/mine-o",
    "of-secret": "Observation/mine-r",
    "of-nobody": "Patient/gone",
    "of-elsewhere": "https://elsewhere.example/fhir/Patient/mine",
}


def binary(name: str, context: str | None, **more: Any) -> dict[str, Any]:
    made = {"resourceType": "Binary", "id": name, "contentType": "text/plain", **more}
    if context is not None:
        made["securityContext"] = {"reference": context}
    return made | {"data": base64.b64encode(name.encode()).decode()}


def fill(fhir: Caller) -> None:
    records = [patient("mine"), patient("other"), observation("mine-o", "mine")]
    records.append(observation("mine-r", "mine", **labelled("R")))
    records += [binary(name, context) for name, context in CONTEXTS.items()]
    records.append(binary("labelled", "Patient/mine", **labelled("R")))
    records.append(binary("labelled-other", "Patient/other", **labelled("R")))
    for record in records:
        assert fhir("PUT", f"{record['resourceType']}/{record['id']}", record).status == 201


@pytest.fixture
def practice(fhir: Caller) -> Caller:
    fill(fhir)
    return fhir


SEEN: dict[str, tuple[Access, set[str]]] = {
    "receptionist": (RECEPTIONIST, {"none", "of-mine", "of-other", "of-mine-o"}),
    "gp": (GP, {"none", "of-mine", "of-other", "of-mine-o", "of-secret", "labelled"}),
    "app": (APP, {"of-mine", "of-mine-o"}),
    "binaries": (OF_BINARIES, {"none"}),
}


@pytest.mark.parametrize("who", SEEN)
def test_a_binary_is_shown_to_whoever_may_see_its_context(practice: Caller, who: str) -> None:
    access, seen = SEEN[who]
    for name in [*CONTEXTS, "labelled", "labelled-other"]:
        for way in (f"Binary/{name}", f"Binary/{name}/_history/1", f"Binary/{name}/$meta"):
            assert ask(practice, access, "GET", way).status == (200 if name in seen else 404), way
    open_to_all = seen & {"none"}  # what has a context is read by its id alone
    assert found(ask(practice, access, "GET", "Binary")) == open_to_all
    assert found(ask(practice, access, "GET", "Binary/_history")) == open_to_all
    assert ask(practice, access, "GET", "Binary", _summary="count").body["total"] == len(open_to_all)


@pytest.mark.parametrize(
    "way", ["Binary/of-mine/_history", "Binary/_history", "Binary"], ids=["history", "of all", "search"]
)
def test_a_page_that_leaves_out_a_binary_for_its_context_says_so(practice: Caller, way: str) -> None:
    answer = ask(practice, APP, "GET", way)
    assert found(answer) == set()
    assert is_told(answer), answer.body
    assert not is_told(practice("GET", way))


def test_the_history_of_a_binary_without_a_context_is_whole(practice: Caller) -> None:
    answer = ask(practice, OF_BINARIES, "GET", "Binary/none/_history")
    assert found(answer) == {"none"}
    assert not is_told(answer)


def test_who_may_read_no_binaries_may_not_by_a_context_either(practice: Caller) -> None:
    assert ask(practice, LABORATORY, "GET", "Binary/of-mine-o").status == 403


def test_a_binary_is_written_only_for_a_context_that_may_be_seen(practice: Caller) -> None:
    for name, is_taken in (("of-mine", True), ("of-other", False), ("of-nobody", False), ("none", False)):
        answer = ask(practice, APP, "POST", "Binary", binary(name, CONTEXTS[name]))
        assert answer.status == (201 if is_taken else 403), name
    assert ask(practice, APP, "PUT", "Binary/of-mine", binary("of-mine", "Patient/mine")).status == 200
    assert ask(practice, APP, "PUT", "Binary/of-mine", binary("of-mine", "Patient/other")).status == 403
    assert ask(practice, APP, "PUT", "Binary/of-other", binary("of-other", "Patient/mine")).status == 404
    assert ask(practice, APP, "DELETE", "Binary/of-other").status == 404
    assert practice("GET", "Binary/of-other").body["securityContext"]["reference"] == "Patient/other"


def test_a_past_version_is_not_shown_by_another_context(practice: Caller) -> None:
    assert practice("PUT", "Binary/of-other", binary("of-other", "Patient/mine")).status == 200
    assert ask(practice, APP, "GET", "Binary/of-other").status == 200
    assert ask(practice, APP, "GET", "Binary/of-other/_history/2").status == 200
    assert ask(practice, APP, "GET", "Binary/of-other/_history/1").status == 404


def test_a_context_that_is_withdrawn_hides_the_binary(practice: Caller) -> None:
    assert ask(practice, RECEPTIONIST, "GET", "Binary/of-mine-o").status == 200
    assert practice("DELETE", "Observation/mine-o").status == 204
    assert ask(practice, RECEPTIONIST, "GET", "Binary/of-mine-o").status == 404
    assert practice("GET", "Binary/of-mine-o").status == 200


def test_contexts_count_after_an_upgrade(database_url: str, standard: Standard) -> None:
    with fresh_practice(database_url, standard) as fhir:
        fill(fhir)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM search_reference"))
    engine.dispose()
    set_step(database_url, "0009")
    assert upgrade(database_url) == "0009"
    with fresh_practice(database_url, standard) as fhir:
        assert ask(fhir, RECEPTIONIST, "GET", "Binary/of-other").status == 200
        assert ask(fhir, APP, "GET", "Binary/of-other").status == 404
        assert ask(fhir, APP, "GET", "Binary/of-mine").status == 200
        assert ask(fhir, RECEPTIONIST, "GET", "Binary/of-secret").status == 404
        assert ask(fhir, RECEPTIONIST, "GET", "Binary/of-elsewhere").status == 404


def test_what_every_patient_shares_opens_a_binary_to_reading_only(practice: Caller) -> None:
    shared = Grant(resource_type="Organization", interactions=READING)
    app = replace(APP, grants=(*APP.grants, shared))
    assert (
        practice("PUT", "Organization/o", {"resourceType": "Organization", "id": "o", "name": "x"}).status
        == 201
    )
    assert practice("PUT", "Binary/logo", binary("logo", "Organization/o")).status == 201
    assert ask(practice, app, "GET", "Binary/logo").status == 200
    assert ask(practice, app, "PUT", "Binary/logo", binary("logo", "Organization/o")).status in {403, 404}
    assert ask(practice, app, "PUT", "Binary/logo", binary("logo", "Patient/mine")).status in {403, 404}
    assert ask(practice, app, "DELETE", "Binary/logo").status in {403, 404}
    assert ask(practice, app, "POST", "Binary", binary("new", "Organization/o")).status == 403
    assert ask(practice, app, "DELETE", "Binary/of-mine-o").status == 204
    assert ask(practice, RECEPTIONIST, "DELETE", "Binary/logo").status == 204
