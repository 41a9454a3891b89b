"""Makes the AuditEvent of one request: who asked for what, and what came of it. FHIR R4 auditevent.html."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.access import Agent, AgentKind
from web_modules.fhir_store.addresses import query_text
from web_modules.fhir_store.audit.filing import LONGEST_REFERENCE, OBSERVER, references_of, sent_by, who
from web_modules.fhir_store.changes import position_instant
from web_modules.fhir_store.documents import Resource, encode

_REST = {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"}
_INTERACTIONS = "http://hl7.org/fhir/restful-interaction"
_DATA = {"system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "2"}
_DOMAIN_RESOURCE = {"system": "http://terminology.hl7.org/CodeSystem/object-role", "code": "4"}
_QUERY = {"system": "http://terminology.hl7.org/CodeSystem/object-role", "code": "24"}
_NETWORK_ADDRESS = "2"  # http://hl7.org/fhir/network-type: IP address
_ABOUT_PATIENTS = frozenset({"patient", "subject", "actor", "participant"})

STRANGER = Agent(id="unknown", name="Not signed in", kind=AgentKind.APPLICATION)
"""Who brings nothing by which to be known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is to go into the audit.

    Attributes:
        moment: microseconds since 1970 UTC.
        agent: id of who asked.
        references: what it was about, such as `Patient/1`.
        content: the AuditEvent, as JSON without its id.
    """

    moment: int
    agent: str
    references: tuple[str, ...]
    content: bytes


def happening_note(
    codes: tuple[Mapping[str, str], Mapping[str, str]],
    agent: Agent,
    *,
    moment: int,
    address: str = "",
    patient: str | None = None,
    refused: str = "",
) -> Note:
    """The note of what somebody known did that is no request for records, such as a sign-in.

    Args:
        codes: codings of type and subtype.
        agent: who it was.
        moment: microseconds since 1970 UTC.
        address: of the network from where, or empty.
        patient: id of the patient whom it is about.
        refused: why it was not done, when it was not.
    """
    asking = who(agent)
    if address:
        asking["network"] = {"address": address, "type": _NETWORK_ADDRESS}
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "type": dict(codes[0]),
        "subtype": [dict(codes[1])],
        "action": "E",
        "recorded": position_instant(moment),
        "outcome": "4" if refused else "0",
    }
    if refused:
        event["outcomeDesc"] = refused[:400]
    event |= {"agent": [asking], "source": {"observer": {"display": OBSERVER}}}
    references = [] if patient is None else [f"Patient/{patient}"]
    if references:
        event["entity"] = [{"what": {"reference": references[0]}, "type": _DATA, "role": _DOMAIN_RESOURCE}]
    return Note(moment=moment, agent=agent.id, references=tuple(references), content=encode(event))


def sent_note(event: Resource, sender: Agent, *, moment: int) -> Note:
    """The note of an AuditEvent that somebody sent; `moment` in microseconds since 1970 UTC."""
    kept = sent_by(event, sender, moment)
    return Note(
        moment=moment, agent=sender.id, references=tuple(sorted(references_of(kept))), content=encode(kept)
    )


def note_of(
    request: FhirRequest,
    agent: Agent,
    *,
    moment: int,
    status: int,
    words: str = "",
    written: Sequence[str] = (),
) -> Note:
    """The note of one request.

    Args:
        request: as it came.
        agent: who asked.
        moment: microseconds since 1970 UTC.
        status: what was answered.
        words: why it was refused, when it was.
        written: the versions that were stored, such as `Patient/1/_history/2`.
    """
    references = written or _asked(request)
    return _note(request, agent, (status, words), moment=moment, references=references, queried=(request,))


def note_of_reading(
    request: FhirRequest, agent: Agent, within: Sequence[FhirRequest], *, moment: int
) -> Note:
    """The note of what a bundle has read.

    Args:
        request: with the bundle.
        agent: who asked.
        within: what the bundle asks for.
        moment: microseconds since 1970 UTC.
    """
    references = [reference for one in within for reference in _asked(one)]
    return _note(request, agent, (200, ""), moment=moment, references=references, queried=within)


def _note(
    request: FhirRequest,
    agent: Agent,
    answered: tuple[int, str],
    *,
    moment: int,
    references: Sequence[str],
    queried: Sequence[FhirRequest],
) -> Note:
    status, words = answered
    interaction, action = _interaction(request)
    # PostgreSQL keeps no NUL, and what nobody could have stored has no name to be found by.
    references = [one for one in dict.fromkeys(references) if "\0" not in one]
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "type": _REST,
        "subtype": [{"system": _INTERACTIONS, "code": interaction}],
        "action": action,
        "recorded": position_instant(moment),
        "outcome": "0" if status < 400 else "4" if status < 500 else "8",
    }
    if words:
        event["outcomeDesc"] = words[:400]
    event["agent"] = [who(agent)]
    event["source"] = {"observer": {"display": OBSERVER}}
    entities: list[dict[str, Any]] = [
        {"what": {"reference": reference}, "type": _DATA, "role": _DOMAIN_RESOURCE}
        for reference in references
    ]
    for one in queried:
        if not one.query:
            continue
        query = f"{one.path}?{query_text(one.query)}".encode()
        entities.append({"type": _DATA, "role": _QUERY, "query": base64.b64encode(query[:4000]).decode()})
    if entities:
        event["entity"] = entities
    return Note(
        moment=moment,
        agent=agent.id,
        references=tuple(dict.fromkeys(one.partition("/_history/")[0] for one in references)),
        content=encode(event),
    )


def _asked(request: FhirRequest) -> list[str]:
    parts = [part for part in request.path.split("/") if part]
    found = (
        ["/".join(parts)[:LONGEST_REFERENCE]]
        if len(parts) >= 2 and not parts[1].startswith(("_", "$"))
        else []
    )
    return [*found, *_patients(request.query)]


def _patients(query: Iterable[tuple[str, str]]) -> list[str]:
    found = []
    for name, values in query:
        if name.partition(":")[0].partition(".")[0] in _ABOUT_PATIENTS:
            for value in values.split(","):
                whole = value if "/" in value else f"Patient/{value}"
                if whole.startswith("Patient/"):
                    found.append(whole[:LONGEST_REFERENCE])
    return found


def _interaction(request: FhirRequest) -> tuple[str, str]:  # noqa: PLR0911  (one return an interaction)
    parts = [part for part in request.path.split("/") if part]
    is_history = bool(parts) and "_history" in parts
    match request.method:
        case "POST" if not parts:
            return "transaction", "E"
        case "POST" if parts[-1] == "_search":
            return "search-type", "E"
        case "POST" if parts[-1].startswith("$"):
            return "operation", "E"
        case "POST":
            return "create", "C"
        case "PUT":
            return "update", "U"
        case "PATCH":
            return "patch", "U"
        case "DELETE":
            return "delete", "D"
    if is_history:
        level = ("system", "type", "instance")[min(parts.index("_history"), 2)]
        return ("vread", "R") if len(parts) == 4 else (f"history-{level}", "R")
    if parts and parts[-1].startswith("$"):
        return "operation", "E"
    return ("read", "R") if len(parts) == 2 else ("search-type", "E")
