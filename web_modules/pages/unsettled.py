"""Says what of one patient waits for a person, from the Tasks that the mirror publishes (hazard H14)."""

from collections.abc import Sequence
from dataclasses import dataclass

from web_modules.fhir.client import FhirClient
from web_modules.fhir.mirror_tasks import OPEN_STATUSES, task_of, unsettled
from web_modules.pages.words import PRACTICE_ZONE, clock_words, day_words


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownUnsettled:
    """What waits.

    Attributes:
        sentence: how many; empty while nothing waits.
        items: what happened to each and what to do, with since when it waits and who looks after it; the
            oldest first.
    """

    sentence: str
    items: Sequence[tuple[str, str]]


def read_unsettled(client: FhirClient, patient: str) -> ShownUnsettled:
    """What waits of a Patient, by its id. Blocks.

    Raises:
        FhirError: the records cannot be asked.
    """
    found = map(task_of, client.search("Task", {"patient": patient, "status": ",".join(OPEN_STATUSES)}))
    tasks = sorted((one for one in found if one is not None), key=lambda one: (one.since, one.key))
    return ShownUnsettled(
        sentence=unsettled(tasks).sentence,
        items=[
            (
                one.words,
                f"Since {day_words(one.since.astimezone(PRACTICE_ZONE).date())} {clock_words(one.since)}"
                + (f", with {one.owner}" if one.owner else ""),
            )
            for one in tasks
        ],
    )
