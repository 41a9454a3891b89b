"""Whatever is sent, the authorisation server answers, on both databases, and sends nobody to a stranger."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.web_modules.identity.smart.practice import (
    AUTH,
    BASE,
    CHALLENGE,
    ORIGIN,
    REDIRECT,
    SmartPractice,
    fill,
    open_practice,
)
from web_modules.fhir.client import FhirClient
from web_modules.fhir_store.store import Standard

_NAMES = (
    "response_type client_id redirect_uri scope state aud code_challenge code_challenge_method nonce launch "
    "prompt find patient decision grant_type code code_verifier refresh_token token token_type_hint "
    "client_assertion client_assertion_type client_secret"
).split()
_VALUES = st.one_of(
    st.sampled_from(
        [
            "code",
            "app",
            REDIRECT,
            BASE,
            CHALLENGE,
            "S256",
            "allow",
            "openid patient/*.rs",
            "ash",
            "x.y",
            "a.b.c",
        ]
    ),
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40),
)
_PAIRS = st.lists(st.tuples(st.sampled_from(_NAMES), _VALUES), max_size=12)
_PATHS = st.sampled_from(["authorize", "token", "introspect", "revoke", "launch"])
_OFTEN = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def anyone(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, standard: Standard
) -> Iterator[SmartPractice]:
    """Dr Nair's browser, on either database."""
    known: dict[str, Any] = {}
    if request.param == "postgresql":
        known = {"database": request.getfixturevalue("postgresql_url")}
    with (
        open_practice(tmp_path_factory.mktemp("cloud"), standard, **known) as cloud,
        TestClient(cloud.app, base_url=ORIGIN, follow_redirects=False) as browser,
    ):
        patients = fill(FhirClient(cloud.services.fhir))
        browser.post("/sign-in", data={"person": "priya.nair"})
        yield SmartPractice(cloud=cloud, browser=browser, program=browser, patients=patients)


@_OFTEN
@given(path=_PATHS, query=_PAIRS, form=_PAIRS)
def test_every_request_is_answered(
    anyone: SmartPractice, path: str, query: list[tuple[str, str]], form: list[tuple[str, str]]
) -> None:
    answer = anyone.browser.post(f"{AUTH}/{path}", params=urlencode(query), data=dict(form))
    assert answer.status_code < 500
    shown = anyone.browser.get(f"{AUTH}/authorize", params=urlencode(query))
    assert shown.status_code < 500
    for sent in (answer, shown):
        assert sent.headers.get("Location", REDIRECT).startswith((REDIRECT, "https://app.example/other"))


@_OFTEN
@given(changed=st.dictionaries(st.sampled_from(_NAMES[:12]), _VALUES, min_size=1, max_size=3))
def test_a_request_that_is_nearly_right_is_answered(anyone: SmartPractice, changed: dict[str, str]) -> None:
    asked: dict[str, str | None] = dict(changed)
    for answer in (anyone.authorize(**asked), anyone.allow(anyone.patients[0], **asked)):
        assert answer.status_code < 500
        assert answer.headers.get("Location", REDIRECT).startswith((REDIRECT, "https://app.example/other"))
