"""Under what an AuditEvent is found, as the event itself tells it; and who sent it, when somebody did.

What is found stands in columns and rows beside the event. Only the event is signed, so `verify` asks here
whether they say the same.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from web_modules.fhir_store.access import Agent
from web_modules.fhir_store.changes import position_instant
from web_modules.fhir_store.documents import Resource
from web_modules.fhir_store.elements.moments import range_of

OBSERVER = "Banyan"
"""The source of what this server saw itself."""

LONGEST_REFERENCE = 200

_SENT = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
            "code": "AUT",
            "display": "author (originator)",
        }
    ],
    "text": "Sent this event to Banyan",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """Under what an event is found.

    Attributes:
        moment: microseconds since 1970 UTC; None of one that was sent before such events told their senders.
        agent: id of who asked, or of who sent it; None likewise.
        references: what it is about, such as `Patient/1`.
    """

    moment: int | None = None
    agent: str | None = None
    references: frozenset[str]


def who(agent: Agent, *, is_requestor: bool = True) -> dict[str, Any]:
    """An agent as an element of an AuditEvent."""
    told: dict[str, Any] = {"who": {"identifier": {"value": agent.id}, "display": agent.name or agent.id}}
    if agent.role:
        told["role"] = [{"text": agent.role}]
    if agent.client:
        told["altId"] = agent.client
    return told | {"requestor": is_requestor}


def sent_by(event: Resource, sender: Agent, moment: int) -> Resource:
    """An event as it is kept when somebody sent it: its last agent is the sender, whatever the others say.

    Args:
        event: a valid AuditEvent.
        sender: who sent it.
        moment: microseconds since 1970 UTC, ours; `recorded` stays as it came.
    """
    last = {"type": _SENT, **who(sender, is_requestor=False)}
    meta = {**event.get("meta", {}), "lastUpdated": position_instant(moment)}
    kept = {key: value for key, value in event.items() if key != "id"}
    return kept | {"meta": meta, "agent": [*event["agent"], last]}


def says_it_is_ours(event: Resource) -> bool:
    """Whether an event claims to be of what this server saw."""
    source = event["source"]
    observer = source.get("observer", {})
    names = (observer.get("display"), observer.get("identifier", {}).get("value"), source.get("site"))
    return any(_folded(name) == _folded(OBSERVER) for name in names if isinstance(name, str))


def filing_of(event: Resource) -> Filing:
    """Under what an event is found."""
    last = event["agent"][-1]
    is_sent = last.get("type") == _SENT
    is_ours = event["source"] == {"observer": {"display": OBSERVER}}
    agent = _id_of(last if is_sent else event["agent"][0])
    if agent is None or not (is_sent or is_ours):
        return Filing(references=frozenset(_references(event)))
    instant = event["meta"]["lastUpdated"] if is_sent else event["recorded"]
    return Filing(moment=range_of(instant).low, agent=agent, references=references_of(event))


def references_of(event: Resource) -> frozenset[str]:
    """What an event is about, whatever the version: `Patient/1`."""
    return frozenset(reference.partition("/_history/")[0] for reference in _references(event))


def _references(event: Resource) -> Iterator[str]:
    for entity in event.get("entity", ()):
        reference = entity.get("what", {}).get("reference")
        if isinstance(reference, str):
            yield reference[:LONGEST_REFERENCE]


def _id_of(agent: Mapping[str, Any]) -> str | None:
    found = agent.get("who", {}).get("identifier", {}).get("value")
    return found if isinstance(found, str) else None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
