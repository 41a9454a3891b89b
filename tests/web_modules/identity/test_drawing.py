"""The pages of identity, as assistive technology and our own policy need them."""

from html.parser import HTMLParser
from typing import Any

import pytest

from web_modules.decision.words import Environment
from web_modules.identity.drawing import IdentityPages
from web_modules.identity.people import DEVELOPMENT_PEOPLE
from web_modules.identity.smart.patients import Candidate

HOSTILE = "\"><script>alert(1)</script>&'"
MARGARET = Candidate(id="1", name=HOSTILE, born="23-Apr-1961", nhs_number="")
PAGES: list[tuple[str, dict[str, Any]]] = [
    ("sign_in", {"next": HOSTILE, "error": "", "people": DEVELOPMENT_PEOPLE, "provider": ""}),
    ("sign_in", {"next": "/", "error": "Select who you are", "people": DEVELOPMENT_PEOPLE, "provider": ""}),
    ("sign_in", {"next": "/", "error": "", "people": (), "provider": "id.example"}),
    ("sign_in", {"next": "/", "error": "", "people": (), "provider": ""}),
    ("onward", {"address": HOSTILE}),
    ("problem", {"heading": HOSTILE, "words": HOSTILE, "code": HOSTILE, "description": HOSTILE}),
    (
        "relationship",
        {"action": "/x", "patient": HOSTILE, "next": HOSTILE, "error": HOSTILE, "longest": 400},
    ),
    *[
        (
            "authorize",
            {
                "heading": "Let an application in?",
                "person": DEVELOPMENT_PEOPLE[0],
                "client": HOSTILE,
                "asks": [HOSTILE],
                "picks": picks,
                "query": [(HOSTILE, HOSTILE)],
                "path": "/x",
                "action": f"/x?{HOSTILE}",
                "find": HOSTILE if picks else "",
                "patients": patients,
                "is_partial": True,
                "error": error,
            },
        )
        for picks in (True, False)
        for patients in ([], [MARGARET])
        for error in ("", "Select a patient")
    ],
]


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, *names: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag in names]


def drawn(name: str, words: dict[str, Any], environment: Environment = Environment.REFERENCE) -> str:
    pages = IdentityPages(practice_name="Fernbrook Surgery", environment=environment, stylesheets=("/s.css",))
    return bytes(pages.draw(name, **words).body).decode()


@pytest.mark.parametrize(("name", "words"), PAGES)
def test_a_page_is_labelled_and_takes_nothing_for_markup(name: str, words: dict[str, Any]) -> None:
    seen = _Seen()
    seen.feed(drawn(name, words))
    (root,) = seen.all("html")
    assert root["lang"] == "en-GB"
    assert len(seen.all("h1")) == len(seen.all("title")) == len(seen.all("main")) == 1
    assert seen.all("script", "style") == []
    ids = [attributes["id"] for _, attributes in seen.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    labelled = {label["for"] for label in seen.all("label")}
    for field in seen.all("input", "textarea"):
        assert field.get("type") == "hidden" or field["id"] in labelled
    for _, attributes in seen.tags:
        assert not any(attribute.startswith("on") or attribute == "style" for attribute in attributes)
        for described in attributes.get("aria-describedby", "").split():
            assert described in ids


@pytest.mark.hazard("H21")
def test_training_is_said_on_every_page() -> None:
    for name, words in PAGES:
        assert "TRAINING" in drawn(name, words, Environment.TRAINING)
        assert "TRAINING" not in drawn(name, words)
