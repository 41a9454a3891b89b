"""What stands beside the book: the chosen time, and what is coming up for the patient."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from web_modules.appointments.book import Book, Column
from web_modules.appointments.cells import Cell, Occupant
from web_modules.appointments.reading import by_ids, id_of, participants, referred
from web_modules.appointments.states import ON_THE_DAY, State, is_active, slot_type
from web_modules.fhir.client import FhirClient
from web_modules.fhir.searchset import matches
from web_modules.pages.patient import person_words
from web_modules.pages.words import PRACTICE_ZONE, clock_words, day_words

_MOST_COMING = 6
_LOOKED_AT = "200"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The chosen time.

    Attributes:
        column: whose it is.
        cell: the time.
        occupant: whose appointment is shown, or None.
        is_theirs: whether it is the appointment of the patient in context.
        when: such as 10:15 today, 15 min.
    """

    column: Column
    cell: Cell
    occupant: Occupant | None
    is_theirs: bool
    when: str

    @property
    def can_cancel(self) -> bool:
        """Whether the patient in context can give this time back."""
        return self.is_theirs and self.occupant is not None and self.occupant.state is State.BOOKED

    @property
    def made(self) -> str:
        """When it was booked, such as 05-Nov-2026 14:20, or empty."""
        made = self.occupant.made if self.occupant else ""
        if "T" not in made:
            return ""
        moment = datetime.fromisoformat(made)
        return f"{day_words(moment.astimezone(PRACTICE_ZONE).date())} {clock_words(moment)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """An appointment that is still to come.

    Attributes:
        slot: the id of its Slot, or empty.
        iso: the day, ISO 8601.
        when: such as 24-Nov-2026 09:10.
        what: the reason, or empty.
        who: with whom.
    """

    slot: str
    iso: str
    when: str
    what: str
    who: str


def chosen_time(book: Book, slot: str, patient: str, today: date) -> Chosen | None:
    """The chosen time; without a choice the patient's own appointment of that day."""
    found = book.cell(slot or (book.first_of(patient) if patient else ""))
    if found is None:
        return None
    column, cell = found
    mine = cell.occupant_of(patient) if patient else None
    day = "today" if book.day == today else f"on {day_words(book.day)}"
    return Chosen(
        column=column,
        cell=cell,
        occupant=mine or next(iter(cell.occupants), None),
        is_theirs=mine is not None,
        when=f"{cell.clock} {day}, {cell.minutes}\N{NO-BREAK SPACE}min",
    )


def coming_up(client: FhirClient, patient: str, since: datetime) -> tuple[Coming, ...]:
    """What a patient has from a moment (aware) on, soonest first. Blocks."""
    query = {
        "patient": f"Patient/{patient}",
        "date": f"ge{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "_sort": "date",
        "_count": _LOOKED_AT,
    }
    found = [one for one in client.search("Appointment", query) if is_active(one) and one.get("start")]
    soonest = found[:_MOST_COMING]
    actors = (referred(one.get("actor")) for made in soonest for one in made["participant"])
    people = by_ids(client, "Practitioner", actors)
    coming: list[Coming] = []
    for one in soonest:
        starts = datetime.fromisoformat(one["start"])
        day = starts.astimezone(PRACTICE_ZONE).date()
        names = (people.get(found, {}).get("name") for found in participants(one, "Practitioner"))
        coming.append(
            Coming(
                slot=next((id_of(slot, "Slot") for slot in one.get("slot") or []), ""),
                iso=day.isoformat(),
                when=f"{day_words(day)} {clock_words(starts)}",
                what=str(one.get("description") or ""),
                who=" and ".join(person_words(name) for name in names if name),
            )
        )
    return tuple(coming)


def next_free(client: FhirClient, since: datetime, today: date) -> tuple[date, str] | None:
    """The first bookable time from a moment (aware) on: its day and slot. Blocks.

    Times that are held for calls on the day count only today.
    """
    query = {
        "status": "free",
        "start": f"ge{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "_sort": "start",
        "_count": _LOOKED_AT,
    }
    for slot in matches(client.search_page("Slot", query)):
        day = datetime.fromisoformat(slot["start"]).astimezone(PRACTICE_ZONE).date()
        if day == today or slot_type(slot).lower() != ON_THE_DAY:
            return day, str(slot["id"])
    return None


def search_start(book_day: date, chosen: datetime | None, now: datetime) -> datetime:
    """From when the next free time is looked for: after the chosen one, from now on, or that day's start."""
    if chosen is not None:
        return max(now, chosen + timedelta(minutes=1))
    return max(now, datetime.combine(book_day, time(), PRACTICE_ZONE))
