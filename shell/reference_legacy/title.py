"""The title bar: which screen, which patient, whether work is unsaved, which practice."""

from enum import StrEnum

from shell.reference_legacy.plain_text import plain_line

PRODUCT = "Halden GP 5.31"


class Screen(StrEnum):
    """A screen of the program; the value is the word in the title."""

    PATIENTS = "Patients"
    APPOINTMENTS = "Appointments"


def window_title(*, screen: Screen, patient: str | None, is_unsaved: bool, practice: str) -> str:
    """Return the title, such as `Halden GP 5.31 - [Patients - Patient 104417 *] - FERNBROOK SURGERY`.

    Args:
        screen: the screen that is shown.
        patient: the open patient as the practice numbers it, None when nobody is open.
        is_unsaved: whether something was typed that is not in the database.
        practice: the practice's name.
    """
    who = "No patient" if patient is None else f"Patient {patient}"
    mark = " *" if is_unsaved else ""
    return f"{PRODUCT} - [{screen} - {who}{mark}] - {plain_line(practice).upper()}"
