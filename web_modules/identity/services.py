"""What a module is given to work with. It knows nothing else of the cloud.

A module's pages read and write records with the eyes of whoever asks, `services.fhir_for(person_of(request))`
(`Pages.reader` and `Pages.writer` do it); every route that the catalogue lists is reached only by someone who
is signed in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from starlette.requests import HTTPConnection

from web_modules.decision.words import Environment
from web_modules.fhir.transport import Transport
from web_modules.fhir_store.changes import ChangeSignal
from web_modules.identity.database.contexts import Contexts
from web_modules.identity.people import Person

_PERSON = "person"
_SESSION = "session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The practice as a module sees it.

    Attributes:
        practice: its ODS code; a module's routes begin with `/{practice}/`.
        practice_name: as shown.
        environment: live, reference or training.
        today: answers the day that pages take for today (Europe/London).
        fhir: the practice's records, without limits, for what no person asks: health, changes, freshness.
        fhir_for: the practice's records as one person may see and change them; for one request, as
            permissions change. It and what it answers block and raise `FhirError`.
        changes: wakes when the practice's records change; see `web_modules.fhir_store.changes`.
        contexts: which context each window is in.
        why_stopped: what to say of a function, by its id, whose pages may only be read now; None of one
            whose pages may write. May block.
    """

    practice: str
    practice_name: str
    environment: Environment
    today: Callable[[], date]
    fhir: Transport
    fhir_for: Callable[[Person], Transport]
    changes: ChangeSignal
    contexts: Contexts
    why_stopped: Callable[[str], str | None]


def person_of(request: HTTPConnection) -> Person:
    """Who asks, in an endpoint that the catalogue lists."""
    person = getattr(request.state, _PERSON)
    if not isinstance(person, Person):
        raise TypeError("this route is not behind the sign-in")
    return person


def session_of(request: HTTPConnection) -> str:
    """The token of the session in which somebody asks, in an endpoint that the catalogue lists."""
    return str(getattr(request.state, _SESSION))


def remember_person(request: HTTPConnection, person: Person, session: str) -> None:
    """Keep who asks, and in which session, with the request; done by the wall before a module's endpoint."""
    setattr(request.state, _PERSON, person)
    setattr(request.state, _SESSION, session)
