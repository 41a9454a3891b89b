"""Which draft is offered: one of exactly this patient and function that nobody is typing. Pure."""

from collections.abc import Callable, Collection, Iterable

from shell.drafts.draft import Draft


def offered(
    drafts: Iterable[Draft],
    *,
    patient: str,
    function: str,
    live: Collection[str],
    is_elsewhere: Callable[[str], bool],
) -> list[Draft]:
    """The drafts to offer, the newest first.

    Args:
        drafts: of one person at one practice in one environment.
        patient: the FHIR id of the open patient; empty for nobody.
        function: on the glass.
        live: the ids of drafts that are on the glass as they are typed.
        is_elsewhere: whether another window, named as in `Draft.window`, is open and has it on its glass.
    """
    found = [
        draft
        for draft in drafts
        if (draft.patient, draft.function) == (patient, function)
        and draft.id not in live
        and not is_elsewhere(draft.window)
    ]
    return sorted(found, key=lambda draft: draft.typed_at, reverse=True)
