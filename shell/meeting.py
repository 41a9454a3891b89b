"""Meeting the cloud before there is a window: what it offers, and who signs in. No Qt.

By the standard library's client: the one that pools connections takes longer to load than all this.
"""

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
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
        provider: where people sign in with their browser when nobody can be chosen, or empty.
    """

    offer: CloudOffer
    person: Person | None = None
    candidates: Sequence[Candidate] = ()
    provider: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCode:
    """What a window goes by while its person signs in with a browser (RFC 8628).

    Attributes:
        device_code: the window's secret.
        user_code: what window and browser both show.
        address: where the browser goes, the code in it.
        plain_address: the same to be typed, without the code.
        interval: seconds from one look to the next.
    """

    device_code: str
    user_code: str
    address: str
    plain_address: str
    interval: float


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
    candidates, provider = _who_may(address, offer.practice)
    return Meeting(offer=offer, candidates=candidates, provider=provider)


def fetch(url: str) -> bytes:
    """Read an address of the cloud. Blocks.

    Raises:
        CloudError: it does not answer as it should.
    """
    try:
        answer = ask("GET", url, headers={"Accept": "application/json"})
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise CloudError(
            f"The cloud at {url} does not answer. Is it running, and is the address right?"
        ) from error
    if answer.status != http.client.OK:
        raise CloudError(f"The cloud answered {answer.status} to {url}. Is the address right?")
    return answer.content


def sign_in(cloud: str, person: str) -> Person:
    """Sign in at a development cloud. Blocks.

    Raises:
        CloudError: the cloud does not answer, or knows no such person.
    """
    status, said = _post(f"{cloud}/sign-in", {"person": person}, origin=cloud)
    if status != http.client.OK:
        raise CloudError(f"The cloud refused the sign-in of {person!r}: choose one of its people.")
    return _person(said)


def begin_sign_in(cloud: str) -> WindowCode:
    """Ask for a code with which the person signs this window in by their browser. Blocks.

    Raises:
        CloudError: the cloud does not answer as it should.
    """
    status, said = _post(f"{cloud}/sign-in/window", {}, origin=cloud)
    if status != http.client.OK:
        raise CloudError("The cloud gives this window no code to sign in with. Try again in a minute.")
    try:
        return WindowCode(
            device_code=said["device_code"],
            user_code=said["user_code"],
            address=_of_cloud(said["verification_uri_complete"], cloud),
            plain_address=said["verification_uri"],
            interval=float(said["interval"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CloudError("The cloud gives this window no code to sign in with.") from error


def finish_sign_in(cloud: str, code: WindowCode) -> Person | None:
    """Look whether the person has signed this window in; None: not yet. Blocks.

    Raises:
        CloudError: they said no, the code is over, or the cloud does not answer.
    """
    status, said = _post(f"{cloud}/sign-in/window/session", {"device_code": code.device_code}, origin=cloud)
    if status == http.client.OK:
        return _person(said)
    match said.get("error"):
        case "authorization_pending":
            return None
        case "access_denied":
            raise CloudError("In the browser somebody said that this is not their window.")
        case _:
            raise CloudError("The code is over. Ask for a new one.")


def _who_may(cloud: str, practice: str) -> tuple[list[Candidate], str]:
    """Whom one may choose to be, else where people sign in instead.

    Raises:
        CloudError: nobody can sign in.
    """
    try:
        said = json.loads(fetch(f"{cloud}/sign-in"))
        found = [Candidate(id=one["id"], name=one["name"], role=one["role"]) for one in said["people"]]
        provider = str(said["provider"])
    except (ValueError, KeyError, TypeError) as error:
        raise CloudError(f"The cloud at {cloud} does not say who may sign in.") from error
    if not found and not provider:
        raise CloudError(
            f"Nobody can sign in to {practice}: its cloud has no identity provider. "
            "Ask whoever runs the cloud to name one."
        )
    return found, provider


def _of_cloud(address: str, cloud: str) -> str:
    """An address that is the cloud's own: nothing else is opened in the person's browser."""
    told, own = urlsplit(address), urlsplit(cloud)
    if (told.scheme, told.netloc) != (own.scheme, own.netloc):
        raise ValueError(address)
    return address


def _person(said: Mapping[str, Any]) -> Person:
    try:
        who = said["person"]
        return Person(id=who["id"], name=who["name"], role=who["role"], session=said["session"])
    except (KeyError, TypeError) as error:
        raise CloudError("The cloud's answer to the sign-in cannot be read.") from error


def _post(url: str, form: Mapping[str, str], *, origin: str) -> tuple[int, dict[str, Any]]:
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": origin,
    }
    try:
        answer = ask("POST", url, body=urlencode(form), headers=headers)
        said = json.loads(answer.content)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise CloudError(f"The cloud at {origin} does not answer to the sign-in.") from error
    return answer.status, said if isinstance(said, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the cloud answered.

    Attributes:
        status: of HTTP.
        content: the body.
        location: where it sends whoever asked, or empty.
    """

    status: int
    content: bytes
    location: str


def ask(method: str, url: str, *, headers: Mapping[str, str], body: str | None = None) -> Answer:
    """One request without a proxy of the environment and without following anybody elsewhere. Blocks.

    Raises:
        OSError, ValueError, http.client.HTTPException: there is no answer.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT_SECONDS)
    try:
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request(method, path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        location = answer.getheader("Location", "")
        return Answer(status=answer.status, content=answer.read(), location=location)
    finally:
        connection.close()
