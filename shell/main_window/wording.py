"""What the window says in words, decided without a screen: titles, strips, questions of identity."""

from datetime import UTC, date, datetime
from html import escape

from shell.context.hub import Dispute
from shell.context.shown import Shown, ShownState, Side
from shell.functions import CloudOffer
from shell.main_window.freshness import PRACTICE_ZONE, MirrorLine, ago
from shell.patient import Patient
from web_modules.decision.decision import Decision
from web_modules.decision.words import Authority, Environment, View
from web_modules.fhir.mirror_tasks import Unsettled

_READ_LONG_AGO_SECONDS = 60
NO_FLAGS = (
    "No flag file was named, so nothing has begun to move here. "
    "Name it with --flags FILE and open Banyan again."
)
UNREADABLE_FLAGS = (
    "The last edit of the rollout cannot be read. Every function stays at the stage it had. "
    "Tell whoever made the edit."
)
FAILED_IN_DISPUTE = "Put the legacy screen back, save the work, then change patient."
_VIEW_PLACES = {
    View.LEGACY: "on the legacy screen",
    View.SIDE_BY_SIDE: "side by side",
    View.NEW: "in the new view",
}
_LEADERS = {Authority.LEGACY: "legacy screen", Authority.CLOUD: "cloud"}
_ROLES = {"gp": "GP", "it": "IT"}


def window_title(offer: CloudOffer) -> str:
    """The title, which also names the environment in the task switcher."""
    if offer.environment is Environment.TRAINING:
        return f"TRAINING – Banyan – {offer.practice} (practice data)"
    if offer.environment is Environment.REFERENCE:
        return f"Banyan – {offer.practice}, reference practice, nothing here is real"
    return f"Banyan – {offer.practice}"


def role_words(role: str) -> str:
    """A role as a person says it."""
    return _ROLES.get(role, role.replace("-", " ").capitalize())


def strip_words(side: Side, shown: Shown | None, patient: Patient | None) -> tuple[str, bool]:
    """Whom a pane shows, by its own read-back.

    Returns:
        the words, with <b>…</b>, and whether they warn.
    """
    if shown is None:
        return "not open yet", False
    if shown.state is ShownState.UNKNOWN:
        return "does not say whom it shows", True
    unsaved = " · not saved yet" if shown.unsaved else ""
    if shown.state is ShownState.NOBODY:
        return f"no patient{unsaved}", False
    mine = None
    if patient is not None:
        mine = patient.patient_number if side is Side.LEGACY else patient.fhir_id
    number = f"{escape(shown.identifier or '')} = " if side is Side.LEGACY else ""
    if patient is None or shown.identifier != mine:
        return f"{number}another patient{unsaved}", True
    return f"{number}<b>{escape(patient.short_name)}</b>{unsaved}", False


def strip_right(side: Side, shown: Shown | None, line: MirrorLine, now: datetime) -> str:
    """What stands at the right end of a strip: when it was read, or who leads and how fresh it is."""
    if side is Side.CLOUD:
        return f"{line.leads.removeprefix('Both ways · ')} · {line.fresh}"
    if shown is None:
        return ""
    if (now - shown.read_at).total_seconds() < _READ_LONG_AGO_SECONDS:
        return f"read back {ago(shown.read_at, now)}"
    return f"read back at {shown.read_at.astimezone(PRACTICE_ZONE):%H:%M:%S}"


def strip_in_dispute(side: Side, dispute: Dispute) -> tuple[str, str]:
    """A strip's words and its right end while the panes are about two patients."""
    if side is Side.CLOUD:
        return "covered", "writing is stopped"
    who = escape(dispute.theirs.short_name) if dispute.theirs else "not known"
    number = f"{escape(dispute.number)} = " if dispute.number else ""
    return f"{number}<b>{who}</b>", "another patient"


def disagreement_words(dispute: Dispute) -> tuple[str, str]:
    """That the panes disagree: as a heading, and with what follows from it."""
    if dispute.mine is not None and dispute.theirs is not None:
        return "Two different patients", "The panes show two patients; writing is stopped"
    return "Not the same patient", "The panes do not show the same patient; writing is stopped"


def dispute_choices(dispute: Dispute) -> list[tuple[str, str]]:
    """What can be chosen while the panes are about two patients: names and words."""
    mine = dispute.mine.short_name if dispute.mine else "no patient"
    choices = [("back", f"Put the legacy screen back to {mine}")]
    if not dispute.words:
        other = f"Open {dispute.theirs.short_name} in both" if dispute.theirs else "Close the patient"
        choices.append(("follow", other))
    return choices


def late_words(side: Side, patient: Patient | None) -> tuple[str, str]:
    """What is said of a pane that does not come to show the patient: the title and the rest."""
    who = patient.short_name if patient else "that no patient is open"
    where = "legacy screen" if side is Side.LEGACY else "new page"
    words = "It stays covered until it does."
    if side is Side.LEGACY:
        words += " The legacy program may be waiting for an answer in a window of its own."
    return f"The {where} does not show {who}", words


def gone_words(
    reason: str,
    held: Shown | None,
    patient: Patient | None,
    decision: Decision | None,
    *,
    is_cloud_silent: bool,
    draft: str = "",
) -> tuple[str, str]:
    """What is said of a side that ended: what happened, what may be lost, what still works.

    Args:
        reason: of its host.
        held: what it was last seen to show; None when it showed nothing yet.
        patient: the window's.
        decision: of the function on the glass; None for a page, whose host says what still works.
        is_cloud_silent: whether the new pages cannot be reached either.
        draft: what is kept of what was typed; empty: nothing is.

    Returns:
        the title and the rest.
    """
    title, _, more = reason.partition(". ")
    said = [more] if more else []
    if draft:
        said.append(draft)
    elif held is not None and held.unsaved:
        is_mine = patient is not None and held.identifier in (patient.patient_number, patient.fhir_id)
        whom = f" on {patient.short_name}" if patient is not None and is_mine else ""
        said.append(f"Work{whom} was not saved in it and may be lost: check it once it is open again.")
    elif held is not None:
        said.append("What was typed in it and not saved may be lost.")
    if decision is None:
        pass
    elif View.NEW not in decision.views:
        said.append("There is no new page for this: it waits until the program is open again.")
    elif not is_cloud_silent:
        works = "works as usual" if decision.module_may_write else "can be read"
        said.append(f"The new page {works}{': Alt 3 opens it' if decision.view is View.LEGACY else ''}.")
    return title if title.endswith(".") else f"{title}.", "\n".join(said)


def dispute_words(dispute: Dispute, today: date) -> str:
    """What the banner says while the panes are about two patients."""
    if dispute.words:
        shows = dispute.words
    elif dispute.theirs is None:
        shows = "The legacy screen shows no patient."
    else:
        other = dispute.theirs
        shows = f"The legacy screen shows {other.name}, born {other.born_words(today)}."
    return f"{shows} The page is covered until both agree."


def silence_words(title: str, since: datetime, *, as_at: datetime | None, has_page: bool) -> str:
    """What is said while the cloud cannot be reached: what happened, what still works, what does not.

    Args:
        title: of the function on the glass.
        since: when the cloud was last heard; aware.
        as_at: up to when the page holds what the legacy side recorded; aware, None when not known.
        has_page: whether a page is on the glass.
    """
    at = since.astimezone(PRACTICE_ZONE)
    when = (
        "at a time that is not known" if as_at is None else f"{as_at.astimezone(PRACTICE_ZONE):at %H:%M:%S}"
    )
    shown = (
        f" This page shows {escape(title.lower())} <b>as they were {when}</b>, and nothing can be "
        "saved on it until the cloud is back."
        if has_page
        else ""
    )
    return (
        f"<b>The cloud cannot be reached since {at:%H:%M}.</b> The legacy screen works as usual and "
        f"everything can be done there.{shown} What is entered on the legacy screen crosses by itself."
    )


def unsettled_words(waits: Unsettled, silent_since: datetime | None) -> tuple[str, str]:
    """What the banner says of the open patient's changes that wait for a person: how many, and what to do.

    Args:
        waits: what waits, of this patient.
        silent_since: when the cloud was last heard; aware, None while it answers.

    Returns:
        the lead and the rest; both empty while nothing waits.
    """
    if not waits.sentence:
        return "", ""
    as_of = "" if silent_since is None else f"As of {silent_since.astimezone(PRACTICE_ZONE):%H:%M}, "
    begin = "" if waits.conflicts + waits.held_back == 1 else "Begin with the oldest: "
    return f"{as_of}{waits.sentence}.", f"{begin}{waits.oldest}"


def waiting_words(title: str, now: Decision, then: Decision) -> str:
    """What is said of an edit of the rollout that waits until the open patient is closed.

    Args:
        title: of the function on the glass.
        now: what the window goes by.
        then: what it will go by.
    """
    if then.view is now.view:
        words = f"A change of {title.lower()} takes effect with the next patient."
    else:
        words = f"{title} will open {_VIEW_PLACES[then.view]} for the next patient."
    if then.authority is not now.authority:
        words += f" The {_LEADERS[then.authority]} leads already."
    if now.is_mirrored and not then.is_mirrored:
        words += " It is not mirrored any more: what one side records does not reach the other."
    elif then.is_mirrored and not now.is_mirrored:
        words += " It is mirrored already."
    return words


def window_notes(*, has_sandbox: bool, ends_all: bool) -> list[str]:
    """What is to be known of this window: that it is less safe than others, else what closing it does."""
    if not has_sandbox:
        return ["Run as root: the browser has no sandbox."]
    return ["Close the window to end everything"] if ends_all else []


def utc_now() -> datetime:
    """The clock of the glass."""
    return datetime.now(UTC)
