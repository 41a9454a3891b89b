"""Keeps two servers from telling each other the same for ever. RFC 9110, section 7.6.3: Via.

What a Subscription sends names this server. A change that comes from a server which is itself told of such
changes is refused: stored, it would be told there, and come back from there, without end.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.refusals import IssueCode, refuse
from web_modules.fhir_store.subscriptions.ledger import Ledger
from web_modules.fhir_store.subscriptions.wanted import LOOPBACK, Channel

_TOLD = re.compile(r"1\.1 ([A-Za-z0-9.\-\[\]:]{1,255}) \(Banyan\)", re.ASCII)


def via(address: str) -> str:
    """What a notification from under an address says of its way."""
    return f"1.1 {_place(address)} (Banyan)"


def told_by(header: str) -> frozenset[str]:
    """The servers of ours whose notification a request is, by its header `Via`."""
    return frozenset(_TOLD.findall(header))


def check_no_circle(session: Session, practice: str, senders: frozenset[str], resource_type: str) -> None:
    """Look whether who tells us of a type is told of it by us.

    Raises:
        Refusal: 409, it is.
    """
    ledger = Ledger(session, practice)
    for standing in ledger.all():
        details = ledger.details(standing) if standing.channel == Channel.REST_HOOK else None
        if details is not None and _tells(decode(details[1]), resource_type) in senders:
            words = (
                f"Subscription/{standing.id} tells the sender of such changes of every {resource_type}, so "
                "this one would go round in a circle: turn one of the two Subscriptions off."
            )
            raise refuse(409, IssueCode.CONFLICT, words)


def _tells(subscription: dict[str, Any], resource_type: str) -> str | None:
    """Where one that is followed sends resources of a type to."""
    is_of_type = subscription["criteria"].partition("?")[0] == resource_type
    channel = subscription["channel"]
    return _place(channel["endpoint"]) if is_of_type and channel.get("payload") else None


def _place(address: str) -> str:
    """Host and port; this machine has many names."""
    seen = urlsplit(address)
    host = f"[{seen.hostname}]" if ":" in (seen.hostname or "") else str(seen.hostname)
    port = seen.port or (443 if seen.scheme == "https" else 80)
    return f"{'localhost' if host in LOOPBACK else host}:{port}"
