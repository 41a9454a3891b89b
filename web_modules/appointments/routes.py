"""The pages of appointments: a day's book, booking a time, cancelling a booking."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web_modules.appointments.book import Book, make_book
from web_modules.appointments.booking import MOST_LETTERS, CancelReason, Refusal, Wish, book, cancel
from web_modules.appointments.days import month_of, read_day
from web_modules.appointments.panel import Chosen, chosen_time, coming_up, next_free, search_start
from web_modules.appointments.reading import read_day as read_records
from web_modules.identity.services import Services
from web_modules.pages.answering import Form, page_route
from web_modules.pages.drawing import NavigationItem, Pages
from web_modules.pages.patient import ShownPatient, shown_patient
from web_modules.pages.words import PRACTICE_ZONE, day_words

FUNCTION = "appointments"
PAGE = "appointments"
PATIENT_PAGE = "appointments/patients/{patient}"
_WATCH = ("Slot", "Appointment", "Schedule", "Patient", "Practitioner", "PractitionerRole", "Location")


def routes(services: Services, navigation: Sequence[NavigationItem]) -> Sequence[Route]:
    """The routes of this module."""
    return BookPages(Pages(services, FUNCTION, navigation)).routes()


class BookPages:
    """Answers for the pages of the book. Handlers block and run in worker threads."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """What is served."""
        return (
            page_route(self._pages, PAGE, self._show),
            page_route(self._pages, f"{PAGE}/next-free", self._next_free),
            page_route(self._pages, PATIENT_PAGE, self._show),
            page_route(self._pages, f"{PATIENT_PAGE}/next-free", self._next_free),
            page_route(self._pages, f"{PATIENT_PAGE}/book", self._show),  # a page that was refused is renewed
            page_route(self._pages, f"{PATIENT_PAGE}/book", self._book, "POST"),
            page_route(self._pages, f"{PATIENT_PAGE}/cancel", self._show),
            page_route(self._pages, f"{PATIENT_PAGE}/cancel", self._cancel, "POST"),
        )

    def _show(self, request: Request, _form: Form) -> Response:
        return self._draw(request, day=self._day(request), slot=request.query_params.get("slot", ""))

    def _next_free(self, request: Request, _form: Form) -> Response:
        day, reader = self._day(request), self._pages.reader(request)
        chosen = None
        slot = request.query_params.get("slot", "")
        if slot:
            chosen = datetime.fromisoformat(reader.read("Slot", slot)["start"])
        found = next_free(reader, search_start(day, chosen, self._now()), self._pages.services.today())
        asked = {"book": request.query_params.get("book", "")}
        if found is None:
            asked |= {"date": day.isoformat(), "slot": slot, "done": "none-free", "book": ""}
        else:
            asked |= {"date": found[0].isoformat(), "slot": found[1]}
        return self._pages.go(request, self._path(request), **asked)

    def _book(self, request: Request, form: Form) -> Response:
        patient = self._patient(request)
        slot, reason = form.get("slot", ""), form.get("reason", "").strip()
        if patient is None or patient.died:
            return self._draw(request, day=self._day(request, form), slot=slot, status=409)
        wish = Wish(
            slot=slot,
            starts=form.get("starts", ""),
            patient=patient.id,
            reason=reason,
            at=datetime.now(UTC) if self._is_now_today() else self._now(),
        )
        refusal = book(self._pages.writer(request), wish)
        return self._answer(request, form, slot=slot, done="booked", refusal=refusal, typed=reason)

    def _cancel(self, request: Request, form: Form) -> Response:
        slot, patient = form.get("slot", ""), request.path_params["patient"]
        reason = next((one for one in CancelReason if one.code == form.get("why")), None)
        refusal: Refusal | None = Refusal.NO_REASON
        if reason is not None:
            writer = self._pages.writer(request)
            refusal = cancel(writer, form.get("appointment", ""), patient, reason)
        asks = refusal is Refusal.NO_REASON
        return self._answer(request, form, slot=slot, done="cancelled", refusal=refusal, asks_cancel=asks)

    def _answer(
        self, request: Request, form: Form, *, slot: str, done: str, refusal: Refusal | None, **more: object
    ) -> Response:
        day = self._day(request, form)
        if refusal is not None:
            return self._draw(request, day=day, slot=slot, status=409, refusal=refusal, **more)
        return self._pages.go(request, self._path(request), date=day.isoformat(), slot=slot, done=done)

    def _draw(
        self,
        request: Request,
        *,
        day: date,
        slot: str,
        status: int = 200,
        refusal: Refusal | None = None,
        **more: object,
    ) -> Response:
        services = self._pages.services
        today, now, asked = services.today(), self._now(), request.query_params
        reader = self._pages.reader(request)
        records = read_records(reader, day)
        shown = make_book(records, day, services, now)
        patient = self._patient(request)
        patient_id = patient.id if patient else ""
        chosen = chosen_time(shown, slot, patient_id, today)
        values: dict[str, object] = {
            "book": shown,
            "month": month_of(day),
            "today": today.isoformat(),
            "patient": patient,
            "patient_id": patient_id,
            "path": self._path(request),
            "chosen": chosen,
            "coming": coming_up(reader, patient_id, now) if patient else (),
            "refusal": refusal.value if refusal else "",
            "said": "" if refusal else _said(asked.get("done", ""), chosen, shown, day),
            "typed": "",
            "wants_book": bool(asked.get("book")),
            "asks_cancel": bool(asked.get("cancel")),
            "cancel_reasons": tuple(CancelReason),
            "most_letters": MOST_LETTERS,
            "not_a_day": asked.get("date", "") if self._asked_day(request) is None else "",
            "watch": _WATCH,
        }
        return self._pages.draw(request, "appointments/book.html", values | more, status=status)

    def _patient(self, request: Request) -> ShownPatient | None:
        wanted = request.path_params.get("patient")
        if wanted is None:
            return None
        services = self._pages.services
        found = self._pages.reader(request).read("Patient", wanted)
        return shown_patient(found, services.practice, services.today())

    def _path(self, request: Request) -> str:
        patient = request.path_params.get("patient")
        return PATIENT_PAGE.format(patient=patient) if patient else PAGE

    def _day(self, request: Request, form: Form | None = None) -> date:
        asked = read_day((form or {}).get("date", ""), self._pages.services.today())
        return asked or self._asked_day(request) or self._pages.services.today()

    def _asked_day(self, request: Request) -> date | None:
        """The day of the address; today when it names none, None when it names nothing that is a day."""
        today = self._pages.services.today()
        words = request.query_params.get("date", "")
        return read_day(words, today) if words else today

    def _now(self) -> datetime:
        """The clock's time on the practice's today, which the training environments keep still."""
        return datetime.combine(self._pages.services.today(), datetime.now(PRACTICE_ZONE).timetz())

    def _is_now_today(self) -> bool:
        return datetime.now(PRACTICE_ZONE).date() == self._pages.services.today()


def _said(done: str, chosen: Chosen | None, shown: Book, day: date) -> str:
    """What was done, as long as the book still says so."""
    if done == "none-free":
        return f"There is no free time after {shown.title}."
    if chosen is None:
        return ""
    clock, title = chosen.cell.clock, chosen.column.title
    on = "" if shown.is_today else f" on {day_words(day)}"
    if done == "booked" and chosen.is_theirs:
        return f"Booked: {clock}{on} with {title}"
    if done == "cancelled" and not chosen.is_theirs:
        return f"Cancelled: {clock}{on} with {title}. The time is free again."
    return ""
