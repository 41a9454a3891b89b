"""What a cloud says of itself: its environment and its practice, before anything is written to it."""

from urllib.parse import urlsplit

import requests

from legacy_bridge.errors import SideUnavailable

_TIMEOUT_SECONDS = 5.0
_NOT_FOUND = 404


def said_by(fhir: str) -> tuple[str | None, str | None]:
    """The environment and the practice that the cloud of a FHIR base names.

    Returns:
        environment and ODS code; None for what the server, another one perhaps, has no word for.

    Raises:
        SideUnavailable: nobody answers.
    """
    parts = urlsplit(fhir)
    address = f"{parts.scheme}://{parts.netloc}/functions.json"
    session = requests.Session()
    session.trust_env = False
    try:
        answer = session.get(address, timeout=_TIMEOUT_SECONDS)
        told = answer.json() if answer.status_code != _NOT_FOUND else {}
    except (requests.RequestException, ValueError) as error:
        raise SideUnavailable(
            f"The cloud at {parts.scheme}://{parts.netloc} does not answer: start it, or correct --fhir."
        ) from error
    finally:
        session.close()
    if not isinstance(told, dict):
        return None, None
    practice = told.get("practice")
    return told.get("environment"), practice.get("ods") if isinstance(practice, dict) else None
