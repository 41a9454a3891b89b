import time

import pytest

from web_modules.identity import verified as module
from web_modules.identity.verified import Verified


def test_a_token_is_known_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    known: Verified[str] = Verified()
    until = int(time.time()) + 60
    known.keep("a", "A", until=until)
    assert known.find("a") == "A"
    assert known.find("b") is None
    monkeypatch.setattr(time, "time", lambda: until)
    assert known.find("a") is None


def test_the_first_that_was_known_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KNOWN", 2)
    known: Verified[str] = Verified()
    for token in "abc":
        known.keep(token, token, until=int(time.time()) + 60)
    assert [known.find(token) for token in "abc"] == [None, "b", "c"]
