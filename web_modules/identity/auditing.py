"""Puts into the practice's audit who signs in and out, lets applications in, and is refused."""

import time
from enum import Enum
from ipaddress import ip_address, ip_network

from starlette.requests import HTTPConnection

from web_modules.fhir_store.access import Agent
from web_modules.fhir_store.audit.events import happening_note
from web_modules.fhir_store.audit.trail import AuditTrail
from web_modules.fhir_store.audit.turned_away import TurnedAway
from web_modules.identity.people import Person

_DICOM = "http://dicom.nema.org/resources/ontology/DCM"


def _code(code: str, display: str) -> dict[str, str]:
    return {"system": _DICOM, "code": code, "display": display}


_AUTHENTICATION = _code("110114", "User Authentication")


class Happening(Enum):
    """What identity notes: type and subtype of the AuditEvent (FHIR R4, audit-event-type and -sub-type)."""

    SIGN_IN = (_AUTHENTICATION, _code("110122", "Login"))
    SIGN_OUT = (_AUTHENTICATION, _code("110123", "Logout"))
    PROOF = (_AUTHENTICATION, _code("110126", "Node Authentication"))
    """Of a program, or of whoever brings a token."""
    CONSENT = (_code("110113", "Security Alert"), _code("110137", "User Security Attributes Changed"))
    """A person lets an application see what they may see."""
    LAUNCH = (_code("110100", "Application Activity"), _code("110120", "Application Start"))


class IdentityAudit:
    """The audit as identity writes it. Safe from every thread; never told a secret or a token."""

    def __init__(self, trail: AuditTrail, *, is_behind_proxy: bool) -> None:
        """Write to a practice's audit.

        Args:
            trail: of the practice.
            is_behind_proxy: whether requests come through a proxy that names their address.
        """
        self._trail = trail
        self._is_behind_proxy = is_behind_proxy

    def done(
        self,
        request: HTTPConnection,
        happening: Happening,
        person: Person,
        *,
        client: str = "",
        patient: str | None = None,
        refused: str = "",
    ) -> None:
        """Note what somebody known did, or why it was `refused`.

        Raises:
            DatabaseSilent: nothing can be noted now.
        """
        kind, subtype = happening.value
        agent = Agent(id=person.id, name=person.name, role=person.role.value, client=client)
        self._trail.note(
            happening_note(
                (kind, subtype),
                agent,
                moment=time.time_ns() // 1000,
                address=self.address_of(request),
                patient=patient,
                refused=refused,
            )
        )

    def refused(self, request: HTTPConnection, happening: Happening, words: str, named: str = "") -> None:
        """Note that somebody unknown was refused; see `TurnedAway`. Raises as `done`."""
        self._trail.turn_away(self.turned_away(request, happening, words, named))

    def turned_away(
        self, request: HTTPConnection, happening: Happening, words: str, named: str = ""
    ) -> TurnedAway:
        """What `refused` notes, for the store to note."""
        kind, subtype = happening.value
        address = self.address_of(request)
        return TurnedAway(type=kind, subtype=subtype, address=address, words=words, named=named)

    def address_of(self, request: HTTPConnection) -> str:
        """Whence a request comes: its IPv4 address or IPv6 network of /64, which is one subscriber's."""
        told = request.client.host if request.client is not None else ""
        if self._is_behind_proxy:  # the last one is the proxy's own word, whatever the client wrote before
            told = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip() or told
        try:
            address = ip_address(told.partition("%")[0])
        except ValueError:
            return ""
        mapped = getattr(address, "ipv4_mapped", None)
        if address.version == 4 or mapped is not None:
            return str(mapped or address)
        return str(ip_network((address, 64), strict=False))
