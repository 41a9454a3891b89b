"""Says how fresh a function's records are and which side leads, from what the mirror publishes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from web_modules.fhir.client import FhirClient
from web_modules.fhir.errors import FhirError
from web_modules.fhir.mirror_status import FRESHNESS_IDENTIFIER, Age, Freshness, freshness_of
from web_modules.pages.words import ago_words, clock_words


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFreshness:
    """A line on freshness.

    Attributes:
        age: fresh, amber, red or unknown; an icon and a colour stand for it beside the words.
        words: such as "Up to date 2 s ago".
        leads: such as "legacy leads", or empty.
        watermark: ISO 8601, from which the page counts on, or empty.
    """

    age: str
    words: str
    leads: str
    watermark: str


def read_freshness(client: FhirClient, function: str) -> Freshness | None:
    """What the mirror last said of a function; None when it said nothing or cannot be asked. Blocks."""
    try:
        found = client.search("Basic", {"identifier": f"{FRESHNESS_IDENTIFIER}|{function}"})
    except FhirError:
        return None
    return next((known for known in map(freshness_of, found) if known is not None), None)


def read_all(client: FhirClient) -> list[Freshness]:
    """What the mirror last said of each function; nothing when it cannot be asked. Blocks."""
    try:
        found = list(client.search("Basic", {"identifier": f"{FRESHNESS_IDENTIFIER}|"}))
    except FhirError:
        return []
    return [known for known in map(freshness_of, found) if known is not None]


def shown_of_all(every: Sequence[Freshness], now: datetime) -> ShownFreshness:
    """The line for all functions at a moment (aware): the one furthest behind, and what is on its way."""
    mirrored = [one for one in every if one.is_mirrored]
    if not mirrored:
        return shown_freshness(None, now)
    behind = min(mirrored, key=lambda one: (not one.stopped, one.watermark))
    waiting = sum(one.waiting for one in mirrored)
    said = "nothing on its way" if waiting == 0 else f"{waiting} on their way"
    return replace(shown_freshness(behind, now), leads="" if behind.stopped else said)


def shown_freshness(freshness: Freshness | None, now: datetime) -> ShownFreshness:
    """The line for a moment (aware)."""
    if freshness is None:
        return ShownFreshness(age=Age.UNKNOWN.value, words="Time not known", leads="", watermark="")
    leads = f"{freshness.leads} leads"
    if not freshness.is_mirrored:
        return ShownFreshness(age="off", words="Not mirrored in this stage", leads=leads, watermark="")
    age = freshness.age_at(now)
    ago = ago_words((now - freshness.watermark).total_seconds())
    if freshness.stopped:
        words = f"The mirror stopped. As at {clock_words(freshness.watermark)}, {ago} ago"
        return ShownFreshness(age=Age.RED.value, words=words, leads=leads, watermark="")
    words = f"Up to date {ago} ago"
    if age is not Age.FRESH:
        words = f"As at {clock_words(freshness.watermark)}, {ago} ago"
    return ShownFreshness(
        age=age.value, words=words, leads=leads, watermark=freshness.watermark.isoformat(timespec="seconds")
    )
