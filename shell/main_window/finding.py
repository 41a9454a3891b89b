"""What the palette knows without a screen: names easily taken for each other, what can be gone to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from unicodedata import category, combining, normalize

from shell.functions import CloudOffer
from shell.patient import Patient
from web_modules.decision.decision import Decision
from web_modules.decision.words import Function, View
from web_modules.fhir.patient_search import Wanted
from web_modules.fhir.similar_names import Name, similar_names

_VIEW_ACTIONS = (
    (View.LEGACY, "on the legacy screen", "legacy"),
    (View.SIDE_BY_SIDE, "side by side", "side-by-side"),
    (View.NEW, "on the new page", "new"),
)
_ALSO: Mapping[Function, str] = {
    Function.PATIENTS: "demographics address telephone registration contact details",
    Function.APPOINTMENTS: "diary day book booking clinic slots surgery",
    Function.CONSULTATIONS: "consulting encounters notes journal history problems record",
    Function.PRESCRIBING: "repeat prescriptions medications medicines drugs scripts issue",
    Function.RESULTS: "blood bloods tests pathology laboratory labs investigations",
    Function.DOCUMENTS: "letters scans scanned correspondence attachments sick fit notes certificates",
    Function.REFERRALS: "refer hospital letters two week wait 2ww",
    Function.TASKS: "messages workflow reminders to do",
    Function.ORGANISATION: "staff practice clinicians users rooms",
}
"""What people in a practice call a function, beside its name."""
APP_ICON = "apps"
"""What marks an action as an application's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something to do beside opening a patient.

    Attributes:
        id: such as `function:tasks`, `view:new`, `close`, `keys`.
        words: as shown.
        icon: of the sheet.
        key: that does the same, or empty.
        asked_by: the words that find it, where not all of the shown ones do.
        also: more words that find it.
    """

    id: str
    words: str
    icon: str
    key: str = ""
    asked_by: str = ""
    also: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Who was found for some words.

    Attributes:
        patients: no more than the window asks for.
        total: how many there are in all; None when that was not said, and there are more.
        is_withheld: the cloud knows of others, whom it does not show to this person.
    """

    patients: tuple[Patient, ...] = ()
    total: int | None = 0
    is_withheld: bool = False


def actions_for(
    offer: CloudOffer,
    title: str,
    decision: Decision,
    patient: Patient | None,
    apps: Sequence[Action] = (),
) -> list[Action]:
    """All that can be gone to, nearest first.

    Args:
        offer: the functions.
        title: of the function on the glass.
        decision: which views it has.
        patient: who is open.
        apps: what can be done with applications.
    """
    found = [
        Action(id=f"view:{view.value}", words=f"Show {title.lower()} {where}", icon=icon, key=f"Alt {number}")
        for number, (view, where, icon) in enumerate(_VIEW_ACTIONS, start=1)
        if view in decision.views and view is not decision.view
    ]
    found += [
        Action(
            id=f"function:{one.function.value}",
            words=one.title,
            icon=one.function.value,
            key=f"Ctrl {number}" if number < 10 else "",
            also=_ALSO[one.function],
        )
        for number, one in enumerate(offer.functions, start=1)
        if one.title != title
    ]
    found += apps
    if patient is not None:
        close = Action(
            id="close",
            words=f"Close {patient.short_name}",
            icon="patients",
            key="Ctrl Shift X",
            asked_by="close patient",  # who types a name looks for somebody
        )
        found.append(
            Action(id="differences", words=f"What differs on {patient.short_name}", icon="scales", key="")
        )
        found.append(close)
    where = Action(
        id="where", words="Show where this is on the other side", icon="side-by-side", key="Ctrl J"
    )
    found.append(where)
    found.append(Action(id="print", words="Print the new page", icon="print", key="Ctrl P"))
    found.append(Action(id="desk", words="Conflict desk", icon="scales", key="Ctrl Shift D"))
    found.append(Action(id="lock", words="Lock the window", icon="lock", key="Ctrl Shift L"))
    found.append(Action(id="keys", words="List every key", icon="information", key="Ctrl /"))
    return found


def matching(actions: Sequence[Action], words: str) -> list[Action]:
    """Those whose words begin with each typed word; all of them while nothing is typed."""
    wanted = words.lower().split()

    def fits(action: Action) -> bool:
        parts = f"{action.asked_by or action.words} {action.also}".lower().split()
        return all(any(part.startswith(one) for part in parts) for one in wanted)

    return [action for action in actions if fits(action)]


def is_too_little(wanted: Wanted) -> bool:
    """Whether nothing was typed but one letter of an alphabet, with which too many names begin.

    In scripts without capitals, such as Chinese, one sign can be a whole name.
    """
    letters = "".join((wanted.family, *wanted.names))
    is_name = len(letters) > 1 or (letters and category(letters) == "Lo")
    return not is_name and wanted == Wanted(family=wanted.family, names=wanted.names)


def found_words(shown: int, total: int | None) -> str:
    """How many are shown of how many there are; part of a list is never shown as the whole (hazard H04)."""
    if total is None:
        return f"the first {shown} · type more to find others"
    if shown < total:
        return f"the first {shown} of {total} · type more to find others"
    return f"{total} found"


def missing_words(found: Found, withheld: int) -> str:
    """What is said of patients who are not listed; empty when all are.

    Args:
        found: who was found.
        withheld: how many are on the legacy screen only.
    """
    said = []
    if found.is_withheld:
        said.append("Some patients are not shown to you because they are confidential.")
    if withheld:
        who = "1 confidential patient is" if withheld == 1 else f"{withheld} confidential patients are"
        said.append(f"{who} never listed here: look on the legacy screen too.")
    return " ".join(said)


def in_order(patients: Sequence[Patient], wanted: Wanted) -> list[Patient]:
    """Patients by name: first whose family name is as typed, then whose begins so, then all others."""
    typed = {_folded(one) for one in (wanted.family, *wanted.names, " ".join(wanted.names)) if one}

    def place(patient: Patient) -> tuple[bool, bool, str, str, str]:
        family = _folded(patient.family)
        begins = any(family.startswith(one) for one in typed)
        return family not in typed, not begins, family, _folded(patient.given), patient.born or ""

    return sorted(patients, key=place)


def similar(patients: Sequence[Patient]) -> int:
    """How many of the patients have a name that another of them could be taken for."""
    return len(similar_names([Name(family=one.family, given=one.given) for one in patients]))


def same_name(patient: Patient, others: Sequence[Patient]) -> list[Patient]:
    """The others whose family name and first given name are the patient's."""
    return [
        other for other in others if other.fhir_id != patient.fhir_id and _whole(other) == _whole(patient)
    ]


def _folded(name: str) -> str:
    """A name without capitals and accents, as it is looked for."""
    return "".join(letter for letter in normalize("NFKD", name).casefold() if not combining(letter))


def _whole(patient: Patient) -> str:
    return f"{patient.family}, {patient.given.split(' ')[0]}".lower()
