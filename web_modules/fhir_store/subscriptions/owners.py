"""Keeps what somebody may do as text, so that it outlives their request: a subscription shows no more."""

from collections.abc import Callable
from typing import Any

from web_modules.fhir_store.access import READING, Access, Agent, AgentKind, Grant, Interaction
from web_modules.fhir_store.documents import decode, encode

Renewed = Callable[[Access], Access | None]
"""What is left today of what somebody might do once; None when they are not known any more. May block."""

LEFT = (
    "Whoever asked for this may not know of it any more: nothing is told from now on. "
    "Somebody who may has to ask for it again."
)


def has_left(owner: Access | None, resource_type: str) -> bool:
    """Whether somebody is not known here any more, or may not follow a type on any terms."""
    return owner is None or not all(owner.may(one, resource_type) for one in READING)


def write_access(access: Access) -> str:
    """As JSON."""
    agent = access.agent
    told = {
        "agent": [agent.id, agent.name, agent.role, agent.client, agent.kind.value, agent.registration],
        "grants": [
            [grant.resource_type, "".join(sorted(grant.interactions)), grant.query, grant.patient]
            for grant in access.grants
        ],
        "clearance": sorted(access.clearance),
        "relationships": None if access.relationships is None else sorted(access.relationships),
    }
    return encode(told).decode()


def read_access(text: str) -> Access:
    """What `write_access` wrote."""
    told: dict[str, Any] = decode(text.encode())
    name, shown, role, client, kind, registration = told["agent"]
    known = told["relationships"]
    return Access(
        agent=Agent(
            id=name, name=shown, role=role, client=client, kind=AgentKind(kind), registration=registration
        ),
        grants=tuple(
            Grant(
                resource_type=resource_type,
                interactions=frozenset(Interaction(letter) for letter in letters),
                query=tuple((one, value) for one, value in query),
                patient=patient,
            )
            for resource_type, letters, query, patient in told["grants"]
        ),
        clearance=frozenset(told["clearance"]),
        relationships=None if known is None else frozenset(known),
    )
