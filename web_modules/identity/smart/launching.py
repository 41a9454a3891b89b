"""The launch: what an application is told of the window that opens it (SMART App Launch 2.2, EHR launch)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.rfc6749 import OAuth2Error
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from web_modules.fhir.errors import FhirError
from web_modules.identity.admission import Admission
from web_modules.identity.auditing import Happening, IdentityAudit
from web_modules.identity.database.tickets import TicketKind
from web_modules.identity.doors import Door, Doors
from web_modules.identity.drawing import IdentityPages
from web_modules.identity.sessions import Session, Sessions
from web_modules.identity.smart.patients import PatientFinder
from web_modules.identity.smart.requests import Raw, read_raw
from web_modules.identity.smart.server import SmartServer
from web_modules.identity.smart.styles import STYLES, style_path
from web_modules.security import bearer_of, is_own_origin

LAUNCH_SECONDS = 300
"""The application has to begin within five minutes of its launch."""

_HANDLE = re.compile(r"^[A-Za-z0-9_-]{22,128}$")
"""At least 128 bits in base64url: whoever knows it may speak to the window."""

_BANNER = {"": True, "true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """What was kept with a launch.

    Attributes:
        person: who launched; nobody else's sign-in goes with it.
        patient: id of the patient who is open, or None.
        client: the only application that it is for, or empty.
        told: what the token answer says of the window, such as `need_patient_banner`.
    """

    person: str
    patient: str | None
    client: str
    told: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For the database."""
        return {"person": self.person, "patient": self.patient, "client": self.client, "told": self.told}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Launched":
        """From the database."""
        return cls(**found)

    def is_for(self, session: Session, client: str) -> bool:
        """Whether this person may use it for this application."""
        return self.person == session.person.id and self.client in {"", client}

    def told_of(self, plain: tuple[str, ...], patient: str | None) -> dict[str, Any]:
        """What is told with these plain scopes for a patient.

        The window has the banner of its own patient only, and hears no application that may not speak to it.
        """
        told = dict(self.told)
        if patient != self.patient:
            told.pop("need_patient_banner", None)
            told.pop("encounter", None)
        if not any(one.startswith("messaging/") for one in plain):
            told.pop("smart_web_messaging_handle", None)
            told.pop("smart_web_messaging_origin", None)
        return told


NOT_LAUNCHED = Launched(person="", patient=None, client="")
"""An application that came by itself."""


class Launching:
    """Answers `/launch` of one practice."""

    def __init__(  # noqa: PLR0913  (what it brings together)
        self,
        server: SmartServer,
        *,
        sessions: Sessions,
        admission: Admission,
        finder: PatientFinder,
        pages: IdentityPages,
        audit: IdentityAudit,
        doors: Doors,
    ) -> None:
        self._server = server
        self._sessions = sessions
        self._admission = admission
        self._finder = finder
        self._pages = pages
        self._audit = audit
        self._doors = doors

    async def launch(self, request: Request) -> Response:
        """Make the opaque value with which an application is opened for a patient (EHR launch)."""
        if bearer_of(request) is None and not is_own_origin(request):
            return JSONResponse({"error": "This did not come from one of our pages."}, status_code=403)
        try:
            raw = await read_raw(request, f"{self._server.desk.issuer}/launch")
        except OAuth2Error:
            return JSONResponse({"error": "The request cannot be read."}, status_code=400)
        return await run_in_threadpool(self._launched, request, raw)

    def _launched(self, request: Request, raw: Raw) -> Response:
        session = self._sessions.session_of(request)
        form = dict(raw.form)
        patient, client_id = form.get("patient") or None, form.get("client", "")
        if session is None:
            self._audit.refused(request, Happening.LAUNCH, "Nobody is signed in.")
            self._doors.failed(request, Door.AUTHORIZE)
            return JSONResponse({"error": "Sign in first."}, status_code=401)
        client = self._server.query_client(client_id) if client_id else None
        try:
            told = self._told(form)
            missing = "" if client is not None or not client_id else "application"
            missing = missing or self._missing(session, patient, form.get("encounter", ""))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        except FhirError:
            return JSONResponse({"error": "The records cannot be reached."}, status_code=503)
        if missing:
            self._refused(request, session, f"There is no such {missing} for them.", client_id)
            return JSONResponse({"error": f"There is no such {missing} for you."}, status_code=404)
        desk = self._server.desk
        kept = Launched(person=session.person.id, patient=patient, client=client_id, told=told)
        launch = desk.tickets.issue(TicketKind.LAUNCH, kept.as_json(), seconds=LAUNCH_SECONDS)
        self._audit.done(request, Happening.LAUNCH, session.person, client=client_id, patient=patient)
        answer = {"launch": launch, "iss": desk.fhir_base, "expires_in": LAUNCH_SECONDS}
        address = client.launch_url if client is not None else ""
        if address:
            parted = "&" if "?" in address else "?"
            answer["url"] = f"{address}{parted}{urlencode({'iss': desk.fhir_base, 'launch': launch})}"
            if "text/html" in request.headers.get("accept", ""):
                return self._pages.onward(str(answer["url"]))
        return JSONResponse(answer, status_code=201)

    def _told(self, form: Mapping[str, str]) -> dict[str, Any]:
        """What the application will be told of the window.

        Raises:
            ValueError: it is not as it should be; in words.
        """
        issuer = self._server.desk.issuer
        banner = _BANNER.get(form.get("need_patient_banner", ""))
        style, handle = form.get("style", ""), form.get("messaging_handle", "")
        if banner is None:
            raise ValueError("need_patient_banner must be true or false.")
        if style and style not in STYLES:
            raise ValueError(f"There is no such style; there are {', '.join(STYLES)}.")
        if handle and not _HANDLE.match(handle):
            raise ValueError("messaging_handle must be 22 to 128 signs of base64url.")
        told: dict[str, Any] = {"need_patient_banner": banner}
        if form.get("encounter"):
            told["encounter"] = form["encounter"]
        if style:
            told["smart_style_url"] = f"{issuer}{style_path(style)}"
        if handle:
            parts = urlsplit(issuer)
            origin = f"{parts.scheme}://{parts.netloc}"
            told |= {"smart_web_messaging_handle": handle, "smart_web_messaging_origin": origin}
        return told

    def _missing(self, session: Session, patient: str | None, encounter: str) -> str:
        """What of the context this person may not open; empty when they may open all of it."""
        access = self._admission.access_of_person(session.person)
        if patient is not None and not self._finder.is_there(patient, access):
            return "patient"
        is_there = not encounter or self._finder.is_encounter_of(encounter, patient or "", access)
        return "" if is_there else "encounter"

    def _refused(self, request: Request, session: Session, words: str, client: str) -> None:
        named = "".join(sign for sign in client[:200] if sign.isprintable())
        self._audit.done(request, Happening.LAUNCH, session.person, client=named, refused=words)
