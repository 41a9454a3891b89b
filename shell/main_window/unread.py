"""Why the cloud showed nothing of what was asked, and what is said of it: silence is not refusal. No Qt."""

from enum import Enum

from shell.main_window.wording import role_words
from web_modules.decision.words import Environment
from web_modules.fhir.errors import FhirForbidden


class Unread(Enum):
    """Why something could not be read."""

    SILENT = "silent"
    """Nobody answered as they should: it may be asked again."""
    ROLE = "role"
    """The person's role may not see it: asking again changes nothing."""
    SIGNED_OUT = "signed-out"
    """The sign-in has ended: nothing is shown to anybody any more."""


def unread_of(error: Exception | None) -> Unread:
    """Why a read failed."""
    if not isinstance(error, FhirForbidden):
        return Unread.SILENT
    return Unread.SIGNED_OUT if error.is_signed_out else Unread.ROLE


def unread_words(why: Unread, role: str, environment: Environment) -> tuple[str, str]:
    """What is said where patients cannot be seen: what it is, and what to do.

    Args:
        why: they cannot.
        role: of the person, as the cloud names it.
        environment: of the cloud.
    """
    if why is Unread.SILENT:
        words = "The cloud does not answer. Find the patient on the legacy screen."
        return "Patients cannot be looked up now.", words
    if why is Unread.SIGNED_OUT:
        words = (
            "The new page shows and saves nothing more; the legacy screen works as usual. "
            "To sign in again, close Banyan and open it again."
        )
        return "Your sign-in has ended.", words
    if role == "trainer" and environment is not Environment.TRAINING:
        words = "A trainer opens patients in the training environment only: open Banyan with --training."
    else:
        words = "Everything that is not about patients works. Whoever gives out the roles can change yours."
    return f"You may not see patients: your role is {role_words(role)}.", words
