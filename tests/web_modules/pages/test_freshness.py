"""The line on freshness never says that data is newer than it is."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.module_web import ModuleWeb
from web_modules.fhir.mirror_status import Freshness, freshness_resource
from web_modules.pages.freshness import read_freshness, shown_freshness

NOW = datetime(2026, 11, 17, 10, 12, tzinfo=UTC)


def freshness(seconds: float, *, is_mirrored: bool = True) -> Freshness:
    then = NOW - timedelta(seconds=seconds)
    return Freshness(
        function="patients", watermark=then, published_at=NOW, leads="legacy", is_mirrored=is_mirrored
    )


@pytest.mark.hazard("H03")
@pytest.mark.parametrize(
    ("seconds", "age", "words"),
    [
        (2, "fresh", "Up to date 2 s ago"),
        (59.9, "fresh", "Up to date 59 s ago"),
        (120, "amber", "As at 10:10, 2 min ago"),
        (360, "red", "As at 10:06, 6 min ago"),
    ],
)
def test_age_is_said_in_words_and_marked(seconds: float, age: str, words: str) -> None:
    line = shown_freshness(freshness(seconds), NOW)
    assert (line.age, line.words, line.leads) == (age, words, "legacy leads")


@pytest.mark.hazard("H03")
def test_unknown_is_never_shown_as_fresh() -> None:
    assert shown_freshness(None, NOW).words == "Time not known"
    assert shown_freshness(freshness(1, is_mirrored=False), NOW).words == "Not mirrored in this stage"


def test_what_the_mirror_published_is_on_the_page(web: ModuleWeb) -> None:
    assert read_freshness(web.fhir, "patients") is None
    assert "Time not known" in web.get("patients").text
    then = datetime.now(UTC) - timedelta(seconds=2)
    known = Freshness(function="patients", watermark=then, published_at=then, leads="cloud", is_mirrored=True)
    web.create(freshness_resource(known))
    page = web.get("patients")
    assert "Up to date" in page.text
    assert "cloud leads" in page.text
