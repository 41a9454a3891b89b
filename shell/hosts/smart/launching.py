"""Asks the cloud for a launch, and takes an application's authorisation request there for the person. No Qt.

The person's session never enters the application's browser: where the application sends people to be let in,
the window asks in its place, and only the answer goes back.
"""

import http.client
import json
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from shell.errors import CloudError
from shell.functions import AppOffer, CloudOffer
from shell.hosts.walls import origin_of
from shell.meeting import ask, fetch

_SIGNED_OUT = "You are signed out. Close Banyan and open it again to sign in."
_SILENT = "The cloud does not answer. The legacy screen works as usual."


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchWish:
    """An application that is to be opened.

    Attributes:
        app: which one.
        patient: FHIR id of who is open, or None.
        theme: light, dark or contrast.
        handle: by which its messages are known.
    """

    app: AppOffer
    patient: str | None
    theme: str
    handle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppLaunch:
    """A launch that the cloud has granted.

    Attributes:
        wish: what was wished for.
        address: where the application begins, with `iss` and `launch`.
        launch: the opaque value.
        authorize: where the application will ask to be let in.
    """

    wish: LaunchWish
    address: str
    launch: str
    authorize: str


def launch(offer: CloudOffer, session: str, wish: LaunchWish) -> AppLaunch:
    """Get a launch from the cloud, for the person of a session. Blocks.

    Raises:
        CloudError: there is none, in words for the person.
    """
    form = {
        "client": wish.app.id,
        "patient": wish.patient or "",
        "need_patient_banner": "false" if wish.patient else "true",
        "style": wish.theme,
        "messaging_handle": wish.handle,
    }
    headers = _headers(session) | {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        answer = ask("POST", offer.launch or "", body=urlencode(form), headers=headers)
        said = json.loads(answer.content)
        if answer.status == http.client.UNAUTHORIZED:
            raise CloudError(_SIGNED_OUT)
        if answer.status != http.client.CREATED:
            raise CloudError(f"{wish.app.name} cannot be opened. {said['error']}")
        found = json.loads(fetch(f"{offer.fhir}/.well-known/smart-configuration"))
        made = AppLaunch(
            wish=wish,
            address=str(said["url"]),
            launch=str(said["launch"]),
            authorize=str(found["authorization_endpoint"]),
        )
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException) as error:
        raise CloudError(_SILENT) from error
    if origin_of(made.authorize) != origin_of(offer.fhir):
        raise CloudError("The cloud names another server for sign-in. Tell whoever runs the cloud.")
    return made


def is_of_launch(made: AppLaunch, address: str) -> bool:
    """Whether an application asks to be let in for this very launch, and as itself."""
    asked = parse_qs(urlsplit(address).query)
    return (
        asked.get("launch") == [made.launch]
        and asked.get("client_id") == [made.wish.app.id]
        and address.partition("?")[0] == made.authorize
    )


def let_in(made: AppLaunch, session: str, address: str) -> str:
    """Take an application's request to be let in to the cloud, as the person of a session. Blocks.

    Returns:
        where the application goes on, with its code or with why not; an address of its own.

    Raises:
        CloudError: it is not let in, in words for the person.
    """
    try:
        answer = ask("GET", address, headers=_headers(session))
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise CloudError(_SILENT) from error
    name = made.wish.app.name
    if answer.status == http.client.SEE_OTHER:
        raise CloudError(_SIGNED_OUT)
    if answer.status == http.client.OK:
        raise CloudError(f"{name} asks for a patient. Open one, then open it again.")
    is_own = answer.location.startswith(tuple(f"{one}/" for one in made.wish.app.origins))
    if answer.status != http.client.FOUND or not is_own:
        raise CloudError(f"{name} was not let in: what it asked for is not as it is registered. Tell IT.")
    return answer.location


def _headers(session: str) -> dict[str, str]:
    return {"Accept": "application/json", "Authorization": f"Bearer {session}"}
