"""Draws pages: the templates, what every page is told, and where a page is reached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import ChainableUndefined, ChoiceLoader, FileSystemLoader, PackageLoader
from jinja2 import Environment as Templates
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from web_modules.fhir.client import FhirClient
from web_modules.fhir.one_line import one_line
from web_modules.fhir.searchset import SUPPRESSED, Told
from web_modules.fhir.transport import Transport
from web_modules.identity.services import Services, person_of
from web_modules.pages.freshness import read_freshness, shown_freshness
from web_modules.pages.permits import (
    ANSWER_SECONDS,
    CONTEXT,
    PermittedTransport,
    ReadingTransport,
    context_of,
    now_milliseconds,
    permit_of,
)
from web_modules.pages.words import clock_words

SHELL = "BanyanShell/"
"""In the browser's name when the shell draws title, banner and freshness around the page."""

_RECORDS = "records"
_TOLD = "told"
_TEMPLATES = Path(__file__).resolve().parents[1] / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class NavigationItem:
    """One function in the header of a page that runs alone: its title, and its path below `/{practice}/`."""

    title: str
    page: str


class Pages:
    """Draws one function's pages. Blocks; safe from every thread."""

    def __init__(self, services: Services, function: str, navigation: Sequence[NavigationItem]) -> None:
        """Draw for one practice.

        Args:
            services: the practice.
            function: the id of the function whose pages these are.
            navigation: what the header offers when there is no shell.
        """
        self.services = services
        self.function = function
        self._mirror = FhirClient(ReadingTransport(services.fhir))
        self._navigation = tuple(navigation)
        self._templates = Templates(
            loader=ChoiceLoader([FileSystemLoader(_TEMPLATES), PackageLoader("nhsuk_frontend_jinja")]),
            autoescape=True,
            undefined=ChainableUndefined,  # the NHS design system's macros ask for what was not given
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["one_line"] = one_line

    def reader(self, request: Request) -> FhirClient:
        """The client by which one request looks, with the eyes of whoever asks; `draw` says what it hides."""
        return FhirClient(ReadingTransport(self._records(request)), _told_to(request).append)

    def writer(self, request: Request) -> FhirClient:
        """The client by which who asks may write: in time and in the request's context; see `permits`."""
        permit = permit_of(request, self.services.contexts, self.services.why_stopped(self.function))
        return FhirClient(PermittedTransport(self._records(request), permit), _told_to(request).append)

    def draw(
        self, request: Request, template: str, values: Mapping[str, Any], *, status: int = 200
    ) -> Response:
        """Draw a page.

        Args:
            request: tells the person, the shell and the context.
            template: its name below `templates/`.
            values: what it shows; `patient_id` names whom it is about, `watch` the types that renew it.
            status: of the answer.
        """
        is_alone = SHELL not in request.headers.get("user-agent", "")
        context = context_of(request)
        known: dict[str, Any] = {
            "practice": self.services.practice,
            "practice_name": self.services.practice_name,
            "environment": self.services.environment.value,
            "function": self.function,
            "is_alone": is_alone,
            "person": person_of(request),
            "navigation": self._navigation,
            "freshness": None,
            "context": context,
            "at": self.address_maker(context),
            "patient_id": "",
            "watch": (),
            "served_at": now_milliseconds(),
            "answer_seconds": ANSWER_SECONDS,
            "is_withheld": any(told.code == SUPPRESSED for told in _told_to(request)),
        }
        if is_alone:
            freshness = read_freshness(self._mirror, self.function)
            known["freshness"] = shown_freshness(freshness, datetime.now(UTC))
        page = self._templates.get_template(template).render(known | dict(values))
        return HTMLResponse(page, status_code=status)

    def say(self, request: Request, *, title: str, words: str, status: int, **values: Any) -> Response:
        """Draw a page that only says something: what happened, what still works, what to do."""
        told = {"title": title, "words": words, "status": status, **values}
        return self.draw(request, "message.html", told, status=status)

    def go(self, request: Request, path: str, **query: str) -> Response:
        """Send the browser on after a form, within the same context."""
        return RedirectResponse(self.address_maker(context_of(request))(path, **query), status_code=303)

    def address_maker(self, context: str) -> "AddressMaker":
        """Makes addresses below `/{practice}/` that stay in a context."""
        return AddressMaker(practice=self.services.practice, context=context)

    def _records(self, request: Request) -> Transport:
        """The records as who asks may see them, the same for all of one request."""
        records: Transport | None = getattr(request.state, _RECORDS, None)
        if records is None:
            records = self.services.fhir_for(person_of(request))
            setattr(request.state, _RECORDS, records)
        return records


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressMaker:
    """Makes addresses of one practice's pages.

    Attributes:
        practice: the ODS code.
        context: of the shell, or empty.
    """

    practice: str
    context: str

    def __call__(self, path: str, **query: str) -> str:
        """The address of a path below `/{practice}/`; empty values are left out."""
        kept = {name: value for name, value in query.items() if value}
        if self.context:
            kept[CONTEXT] = self.context
        return f"/{self.practice}/{path}" + (f"?{urlencode(kept)}" if kept else "")


def now_words() -> str:
    """The time at the practice, with seconds: what was done is said with it."""
    now = datetime.now(UTC)
    return f"{clock_words(now)}:{now.second:02d}"


def _told_to(request: Request) -> list[Told]:
    """What the store said of the searches of one request so far."""
    if not hasattr(request.state, _TOLD):
        setattr(request.state, _TOLD, [])
    told: list[Told] = getattr(request.state, _TOLD)
    return told
