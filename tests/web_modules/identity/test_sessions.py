import base64
import json

import pytest

from web_modules.fhir_store.database.engine import Database
from web_modules.identity import sessions as module
from web_modules.identity.database.connection import IdentityDatabase
from web_modules.identity.database.revocations import Revocations
from web_modules.identity.people import DEVELOPMENT_PEOPLE
from web_modules.identity.sessions import Sessions

KEY = bytes(range(32))
PRIYA = DEVELOPMENT_PEOPLE[0]


def made(key: bytes = KEY, practice: str = "Y99002", environment: str = "reference") -> Sessions:
    return Sessions(key, practice=practice, environment=environment)


def test_a_session_says_who_someone_is() -> None:
    sessions = made()
    assert sessions.person(sessions.issue(PRIYA)) == PRIYA


def test_a_session_counts_again_after_a_restart_with_the_same_key() -> None:
    assert made().person(made().issue(PRIYA)) == PRIYA


@pytest.mark.hazard("H21")
@pytest.mark.parametrize(
    "other",
    [
        made(bytes(32)),
        made(practice="Y99003"),
        made(environment="training"),
    ],
)
def test_a_session_of_another_key_practice_or_environment_is_nobodys(other: Sessions) -> None:
    assert made().person(other.issue(PRIYA)) is None


def _unsigned(token: str, header: dict[str, str]) -> str:
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return f"{head}.{token.split('.')[1]}."


def test_a_token_that_is_forged_or_no_token_is_nobodys() -> None:
    sessions = made()
    token = sessions.issue(PRIYA)
    head, claims, signature = token.split(".")
    changed = json.loads(base64.urlsafe_b64decode(claims + "=="))
    changed["role"] = "practice-manager"
    other_claims = base64.urlsafe_b64encode(json.dumps(changed).encode()).decode().rstrip("=")
    for forged in (
        f"{head}.{other_claims}.{signature}",
        _unsigned(token, {"alg": "none", "typ": "JWT"}),
        _unsigned(token, {"alg": "HS256", "typ": "JWT"}),
        token[:-4] + "AAAA",
        "",
        "x",
        "a.b.c",
        token + "é",
    ):
        assert sessions.person(forged) is None


def test_a_session_ends_with_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = made()
    monkeypatch.setattr(module, "LIFETIME_SECONDS", -1)
    assert sessions.person(sessions.issue(PRIYA)) is None


def test_a_session_that_was_ended_is_nobodys_and_the_others_go_on(database: Database) -> None:
    revocations = Revocations(IdentityDatabase(database, "Y99002"))
    sessions = Sessions(KEY, practice="Y99002", environment="reference", revocations=revocations)
    mine, other = sessions.issue(PRIYA), sessions.issue(PRIYA)
    sessions.end(mine)
    assert sessions.person(mine) is None
    assert sessions.person(other) == PRIYA
