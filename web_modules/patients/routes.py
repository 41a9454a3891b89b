"""The pages of patients: find, demographics, and the form for contact details."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web_modules.fhir.client import version_of
from web_modules.fhir.errors import FhirConflict
from web_modules.fhir.patient_search import read_wanted
from web_modules.fhir.resource_json import Resource
from web_modules.identity.services import Services
from web_modules.pages.answering import Form, page_route
from web_modules.pages.changes import change_route
from web_modules.pages.drawing import NavigationItem, Pages, now_words
from web_modules.pages.finding import MOST_SHOWN, Found, find_patients
from web_modules.pages.unsettled import read_unsettled
from web_modules.patients.contact import (
    FIELDS,
    LABELS,
    POINTS,
    Values,
    changed_fields,
    form_values,
    mistakes,
    typed_values,
    with_contact,
)
from web_modules.patients.demographics import demographics, namesakes

FUNCTION = "patients"
PAGE = "patients"
PATIENT_PAGE = "patients/{patient}"
_BEFORE = "was_"
"""Prefix of the hidden fields that hold what was recorded when the form was drawn."""

_TRIES = 3
"""Somebody else commits between our read and our write: seldom once, hardly ever twice."""


def routes(services: Services, navigation: Sequence[NavigationItem]) -> Sequence[Route]:
    """The routes of this module."""
    pages = PatientPages(Pages(services, FUNCTION, navigation))
    return (*pages.routes(), change_route(services))


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherChange:
    """A field that somebody else changed while the form was open.

    Attributes:
        label: of the field.
        before: what was recorded when the form was drawn.
        now: what is recorded now.
        typed: what the person wants.
        is_mine_too: whether the person changed it as well, so that one of the two is lost.
    """

    label: str
    before: str
    now: str
    typed: str
    is_mine_too: bool


class PatientPages:
    """Answers for the pages of patients. Handlers block and run in worker threads."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """What is served."""
        return (
            page_route(self._pages, PAGE, self._find, "GET", "POST"),
            page_route(self._pages, PATIENT_PAGE, self._show),
            page_route(self._pages, f"{PATIENT_PAGE}/edit", self._edit),
            page_route(self._pages, f"{PATIENT_PAGE}/edit", self._save, "POST"),
        )

    def _find(self, request: Request, form: Form) -> Response:
        """What was typed comes in the body: a name or a birth date has no place in an address."""
        typed = form.get("q", "").strip()
        services = self._pages.services
        today = services.today()
        wanted = read_wanted(typed, today)
        reader = self._pages.reader(request)
        found = find_patients(reader, services.practice, wanted, today) if typed else Found()
        values = {"typed": typed, "wanted": wanted, "found": found, "most": MOST_SHOWN, "watch": ("Patient",)}
        return self._pages.draw(request, "patients/find.html", values)

    def _show(self, request: Request, _form: Form) -> Response:
        services, today = self._pages.services, self._pages.services.today()
        reader = self._pages.reader(request)
        resource = self._read(request)
        values = {
            "shown": demographics(reader, resource, services.practice, today),
            "namesakes": namesakes(reader, resource, services.practice, today),
            "unsettled": read_unsettled(reader, resource["id"]),
            "done": request.query_params.get("done", ""),
            "done_at": request.query_params.get("at", "")[: len("10:12:05")],
            "patient_id": resource["id"],
            "watch": ("Patient", "Practitioner", "Organization", "Task"),
        }
        return self._pages.draw(request, "patients/demographics.html", values)

    def _edit(self, request: Request, _form: Form) -> Response:
        resource = self._read(request)
        known = form_values(resource)
        return self._form(request, resource, before=known, typed=known)

    def _save(self, request: Request, form: Form) -> Response:
        before, typed = typed_values(form, prefix=_BEFORE), typed_values(form)
        changed = changed_fields(before, typed)
        wrong = mistakes(before, typed)
        resource = self._read(request)
        if wrong:
            return self._form(request, resource, before=before, typed=typed, wrong=wrong, status=422)
        writer = self._pages.writer(request)
        for _ in range(_TRIES):
            now = form_values(resource)
            others = _other_changes(before, typed, now)
            if any(other.is_mine_too for other in others):
                return self._other_was_first(request, resource, typed=typed, changed=changed, others=others)
            wanted = with_contact(resource, typed, changed)
            if wanted == resource:
                return self._done(request, resource, "nothing")
            try:
                writer.update(wanted, if_match=version_of(resource))
            except FhirConflict:
                resource = self._read(request)
                continue
            return self._done(request, resource, "saved")
        return self._form(request, resource, before=before, typed=typed, is_busy=True, status=409)

    def _other_was_first(
        self,
        request: Request,
        resource: Resource,
        *,
        typed: Values,
        changed: Sequence[str],
        others: Sequence[OtherChange],
    ) -> Response:
        """Draw the form again: what was typed stays, the rest is as recorded now, and a person decides."""
        now = form_values(resource)
        kept = {name: typed[name] if name in changed else now[name] for name in FIELDS}
        return self._form(request, resource, before=now, typed=kept, others=others, status=409)

    def _done(self, request: Request, resource: Resource, word: str) -> Response:
        return self._pages.go(request, f"patients/{resource['id']}", done=word, at=now_words())

    def _form(
        self,
        request: Request,
        resource: Resource,
        *,
        before: Values,
        typed: Values,
        status: int = 200,
        **more: object,
    ) -> Response:
        services, today = self._pages.services, self._pages.services.today()
        reader = self._pages.reader(request)
        values: dict[str, object] = {
            "shown": demographics(reader, resource, services.practice, today),
            "namesakes": namesakes(reader, resource, services.practice, today),
            "before": before,
            "typed": typed,
            "labels": LABELS,
            "points": POINTS,
            "wrong": {},
            "others": (),
            "is_busy": False,
            "at_time": now_words(),
            "patient_id": resource["id"],
            "watch": ("Patient",),
        }
        return self._pages.draw(request, "patients/edit.html", values | more, status=status)

    def _read(self, request: Request) -> Resource:
        return self._pages.reader(request).read("Patient", request.path_params["patient"])


def _other_changes(
    before: Mapping[str, str], typed: Mapping[str, str], now: Mapping[str, str]
) -> tuple[OtherChange, ...]:
    """What somebody else changed; where both now say the same, nothing is at odds."""
    return tuple(
        OtherChange(
            label=LABELS[name],
            before=_words(name, before[name]),
            now=_words(name, now[name]),
            typed=_words(name, typed[name]),
            is_mine_too=typed[name] != before[name],
        )
        for name in FIELDS
        if now[name] not in (before[name], typed[name])
    )


def _words(name: str, text: str) -> str:
    """A field's value as it is shown: the preferred contact is a field's name inside the form."""
    return LABELS.get(text, text) if name == "preferred" else text
