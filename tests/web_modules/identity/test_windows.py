"""A desktop window is signed in by way of the person's own browser, and by nobody else's."""

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from web_modules.app import create_cloud
from web_modules.fhir_store.database.engine import Database
from web_modules.fhir_store.store import Standard, Store
from web_modules.identity.database.connection import IdentityDatabase
from web_modules.identity.database.tickets import Tickets
from web_modules.identity.people import Person, Role
from web_modules.identity.windows import CODE_SECONDS, NoSession, WindowSignIns, letters_of
from web_modules.settings import load_settings

ORIGIN = "http://127.0.0.1:8080"
ROBIN = Person(id="robin", name="Robin Tate", role=Role.NURSE, registration="https://gmc|1")


@pytest.fixture
def clock() -> list[int]:
    """The time, in seconds since 1970 UTC."""
    return [1_000_000]


@pytest.fixture
def windows(database: Database, clock: list[int]) -> WindowSignIns:
    return WindowSignIns(Tickets(IdentityDatabase(database, "Y99002", clock=lambda: clock[0])))


def test_a_window_is_let_in_once(windows: WindowSignIns) -> None:
    code = windows.begin(5)
    assert windows.asked_at(code.user_code) == 5
    assert windows.collect(code.device_code) is NoSession.PENDING
    assert windows.answer(code.user_code.lower().replace("-", " "), ROBIN)
    assert windows.asked_at(code.user_code) is None
    assert not windows.answer(code.user_code, ROBIN)
    assert windows.collect(code.device_code) == ROBIN
    assert windows.collect(code.device_code) is NoSession.EXPIRED


def test_a_window_that_is_not_theirs_is_told_no(windows: WindowSignIns) -> None:
    code = windows.begin(5)
    assert windows.answer(code.user_code, None)
    assert windows.collect(code.device_code) is NoSession.DENIED


def test_a_code_ends(windows: WindowSignIns, clock: list[int]) -> None:
    code = windows.begin(5)
    clock[0] += CODE_SECONDS + 1
    assert not windows.answer(code.user_code, ROBIN)
    assert windows.collect(code.device_code) is NoSession.EXPIRED


def test_one_window_does_not_get_anothers_answer(windows: WindowSignIns) -> None:
    one, other = windows.begin(5), windows.begin(5)
    assert windows.answer(one.user_code, ROBIN)
    assert windows.collect(other.device_code) is NoSession.PENDING
    assert windows.collect(one.user_code) is NoSession.EXPIRED  # what all can see is not the secret


@pytest.mark.parametrize("typed", ["", "  ", "aeiou", "\0", "É" * 99])
def test_what_has_no_letter_of_a_code_is_none(typed: str) -> None:
    assert letters_of(typed) == ""


@pytest.fixture
def web(tmp_path: Path, standard: Standard) -> Iterator[TestClient]:
    """The browser."""
    settings = load_settings({"database": f"sqlite:///{tmp_path / 'cloud.sqlite'}"}, variables={})
    store = Store(settings.database, standard)
    made = create_cloud(settings, store, bytes(32), ORIGIN)
    with TestClient(made.app, base_url=ORIGIN, follow_redirects=False) as client:
        yield client
    store.close()


@pytest.fixture
def window(web: TestClient) -> TestClient:
    """The window, which shares no cookie with the browser."""
    return TestClient(web.app, base_url=ORIGIN)


def asked(window: TestClient) -> dict[str, Any]:
    answer = window.post("/sign-in/window")
    assert answer.headers["Cache-Control"] == "no-store"
    told: dict[str, Any] = answer.json()
    return told


def sign_in(web: TestClient, person: str = "priya.nair", following: str = "/") -> str:
    answer = web.post("/sign-in", data={"person": person, "next": following})
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def test_who_signs_in_for_a_window_hands_their_session_over(web: TestClient, window: TestClient) -> None:
    told = asked(window)
    waiting = {"device_code": told["device_code"]}
    pending = window.post("/sign-in/window/session", data=waiting)
    assert (pending.status_code, pending.json()) == (400, {"error": "authorization_pending"})
    address = told["verification_uri_complete"].removeprefix(ORIGIN)
    sent = web.get(address)
    assert sent.status_code == 303
    following = unquote(sent.headers["Location"].removeprefix("/sign-in?next="))
    page = web.get(sign_in(web, following=following))
    assert told["user_code"] in page.text
    own = web.cookies["banyan_session"]
    done = web.post("/sign-in/window/answer", data={"user_code": told["user_code"], "decision": "allow"})
    assert "Your window is signed in" in done.text
    assert web.get("/Y99002/fhir/Patient", headers={"Authorization": f"Bearer {own}"}).status_code == 401
    assert "banyan_session" not in web.cookies
    got = window.post("/sign-in/window/session", data=waiting).json()
    assert got["person"] == {"id": "priya.nair", "name": "Dr Priya Nair", "role": "gp"}
    with_it = {"Authorization": f"Bearer {got['session']}"}
    assert window.get("/Y99002/fhir/Patient", headers=with_it).status_code == 200
    assert window.post("/sign-in/window/session", data=waiting).json() == {"error": "expired_token"}


def test_a_browser_that_was_signed_in_before_lets_no_window_in(
    web: TestClient, window: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(web)
    later = SimpleNamespace(time=lambda: time.time() + 5)
    monkeypatch.setattr("web_modules.identity.window_pages.time", later)
    told = asked(window)
    sent = web.get(told["verification_uri_complete"].removeprefix(ORIGIN))
    assert (sent.status_code, sent.headers["Location"][:13]) == (303, "/sign-in?next")
    form = {"user_code": told["user_code"], "decision": "allow"}
    assert web.post("/sign-in/window/answer", data=form).status_code == 404


def test_another_sites_page_lets_no_window_in(web: TestClient, window: TestClient) -> None:
    told = asked(window)
    sign_in(web)
    form = {"user_code": told["user_code"], "decision": "allow"}
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert web.post("/sign-in/window/answer", data=form, headers=elsewhere).status_code == 403
    answer = window.post("/sign-in/window/session", data={"device_code": told["device_code"]})
    assert answer.json() == {"error": "authorization_pending"}


def test_a_window_that_is_not_ones_own_stays_out_and_one_stays_signed_in(
    web: TestClient, window: TestClient
) -> None:
    told = asked(window)
    sign_in(web)
    form = {"user_code": told["user_code"], "decision": "deny"}
    assert "was not signed in" in web.post("/sign-in/window/answer", data=form).text
    answer = window.post("/sign-in/window/session", data={"device_code": told["device_code"]})
    assert answer.json() == {"error": "access_denied"}
    assert "banyan_session" in web.cookies


def test_a_code_can_be_typed_and_a_wrong_one_is_said(web: TestClient) -> None:
    assert "Which code does your window show?" in web.get("/sign-in/window").text
    wrong = web.get("/sign-in/window", params={"user_code": "BCDF-GHJK"})
    assert (wrong.status_code, "No window waits" in wrong.text) == (404, True)
