"""Whether what a pane was seen to show agrees with the current context. Pure."""

from enum import Enum

from shell.context.shown import Shown, ShownState, Side
from shell.patient import Patient


class Agreement(Enum):
    """What a read-back means beside the current context."""

    AGREES = "agrees"
    SILENT = "silent"
    """It does not say whom it shows: to be treated like a wrong patient."""
    OTHER = "other"
    """It shows somebody else, or somebody where nobody is open, or nobody where somebody is."""


def agreement(side: Side, shown: Shown, patient: Patient | None, token: str) -> Agreement:
    """Compare a read-back with the context.

    Args:
        side: whose read-back it is.
        shown: what the pane was seen to show.
        patient: the patient of the current context, or None.
        token: the context's token; a page opened under another one shows the past.
    """
    if shown.state is ShownState.UNKNOWN:
        return Agreement.SILENT
    if side is Side.CLOUD and shown.context_token != token:
        return Agreement.SILENT
    if patient is None:
        return Agreement.AGREES if shown.state is ShownState.NOBODY else Agreement.OTHER
    mine = patient.patient_number if side is Side.LEGACY else patient.fhir_id
    if shown.state is ShownState.NOBODY:
        # A patient whom the legacy program does not know is nobody there: that is the best it can show.
        return Agreement.AGREES if mine is None else Agreement.OTHER
    return Agreement.AGREES if shown.identifier == mine else Agreement.OTHER
