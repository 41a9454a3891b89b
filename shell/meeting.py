"""Meeting the cloud before there is a window: what it offers, and who signs in. No Qt.

By the standard library's client: the one that pools connections takes longer to load than all this.
"""

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from shell.errors import CloudError
from shell.functions import CloudOffer, read_offer

_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Whom one may say to be at a cloud that asks for no password."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Candidate):
    """Who is signed in, and the session that pages and FHIR reads go by."""

    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A cloud as it was met.

    Attributes:
        offer: what it offers.
        person: who signed in; None: it is still to be asked who.
        candidates: whom one may choose to be then.
    """

    offer: CloudOffer
    person: Person | None = None
    candidates: Sequence[Candidate] = ()


def meet(cloud: str, *, is_training: bool, sign_in_as: str) -> Meeting:
    """Ask what the cloud offers and sign in, in this order. Blocks; any thread.

    Args:
        cloud: its address.
        is_training: whether the shell was started for training; a cloud of another environment is refused
            before anybody signs in.
        sign_in_as: a person of a development cloud, or empty to be asked.

    Raises:
        CloudError: it does not answer as it should, knows no such person, or lets nobody choose.
    """
    address = cloud.rstrip("/")
    offer = read_offer(fetch(f"{address}/functions.json"), is_training=is_training)
    if sign_in_as:
        return Meeting(offer=offer, person=sign_in(address, sign_in_as))
    return Meeting(offer=offer, candidates=_candidates(address, offer.practice))


def fetch(url: str) -> bytes:
    """Read an address of the cloud. Blocks.

    Raises:
        CloudError: it does not answer as it should.
    """
    try:
        status, content = _ask("GET", url, body=None, headers={"Accept": "application/json"})
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise CloudError(
            f"The cloud at {url} does not answer. Is it running, and is the address right?"
        ) from error
    if status != http.client.OK:
        raise CloudError(f"The cloud answered {status} to {url}. Is the address right?")
    return content


def sign_in(cloud: str, person: str) -> Person:
    """Sign in at a development cloud. Blocks.

    Raises:
        CloudError: the cloud does not answer, or knows no such person.
    """
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": cloud,
    }
    try:
        status, content = _ask(
            "POST", f"{cloud}/sign-in", body=urlencode({"person": person}), headers=headers
        )
        said = json.loads(content) if status == http.client.OK else None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise CloudError(f"The cloud at {cloud} does not answer to the sign-in.") from error
    if said is None:
        raise CloudError(f"The cloud refused the sign-in of {person!r}: choose one of its people.")
    who = said["person"]
    return Person(id=who["id"], name=who["name"], role=who["role"], session=said["session"])


def _candidates(cloud: str, practice: str) -> list[Candidate]:
    """Whom one may choose to be.

    Raises:
        CloudError: nobody can be chosen; the message says where people sign in instead.
    """
    try:
        said = json.loads(fetch(f"{cloud}/sign-in"))
        found = [Candidate(id=one["id"], name=one["name"], role=one["role"]) for one in said["people"]]
        provider = said["provider"]
    except (ValueError, KeyError, TypeError) as error:
        raise CloudError(f"The cloud at {cloud} does not say who may sign in.") from error
    if not found and provider:
        raise CloudError(
            f"People sign in to {practice} at {provider}, which this window cannot do yet: "
            f"open {cloud} in a browser."
        )
    if not found:
        raise CloudError(
            f"Nobody can sign in to {practice}: its cloud has no identity provider. "
            "Ask whoever runs the cloud to name one."
        )
    return found


def _ask(method: str, url: str, *, body: str | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """One request without a proxy of the environment and without following anybody elsewhere."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT_SECONDS)
    try:
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request(method, path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
