"""Meeting the cloud before there is a window: what it offers, and who signs in. No Qt.

By the standard library's client: the one that pools connections takes longer to load than all this.
"""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from shell.errors import CloudError
from shell.functions import CloudOffer, read_offer

_TIMEOUT_SECONDS = 5.0
NOBODY_NAME = "Not signed in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is signed in, and the session that pages and FHIR reads go by."""

    id: str
    name: str
    role: str
    session: str


def meet(cloud: str, *, is_training: bool, sign_in_as: str) -> tuple[CloudOffer, Person]:
    """Ask what the cloud offers and sign in, in this order. Blocks; any thread.

    Args:
        cloud: its address.
        is_training: whether the shell was started for training; a cloud of another environment is refused
            before anybody signs in.
        sign_in_as: a person of a development cloud, or empty for nobody.

    Raises:
        CloudError: it does not answer as it should, or knows no such person.
    """
    address = cloud.rstrip("/")
    offer = read_offer(fetch(f"{address}/functions.json"), is_training=is_training)
    if not sign_in_as:
        return offer, Person(id="", name=NOBODY_NAME, role="", session="")
    return offer, sign_in(address, sign_in_as)


def fetch(url: str) -> bytes:
    """Read an address of the cloud. Blocks.

    Raises:
        CloudError: it does not answer as it should.
    """
    try:
        status, content = _ask("GET", url, body=None, headers={})
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
