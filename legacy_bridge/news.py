"""Puts together what the board is to show, from what the journal remembers."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from legacy_bridge.entering import enterable
from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.sides.links import links_in
from legacy_bridge.sides.listings import ListedConflict, News, Quarantined
from legacy_bridge.sides.stores import Journal
from legacy_bridge.wording import names_of
from web_modules.decision.words import Authority, Function

TASKS_A_TIME = 100
"""What is shown anew at once, of conflicts and of what is held back."""


def news_of(
    journal: Journal,
    *,
    ods: str,
    functions: Mapping[Function, tuple[Authority, bool]],
    known: datetime,
    now: datetime,
    stopped: str,
) -> News:
    """How the mirror stands, and what waits for a person that the board does not show as it is.

    Args:
        journal: the bridge's memory.
        ods: the practice.
        functions: see `News`.
        known: see `News`.
        now: see `News`.
        stopped: see `News`.
    """
    conflicts, held = journal.unpublished(TASKS_A_TIME)
    return News(
        functions=functions,
        standing=journal.standing(),
        known=known,
        now=now,
        conflicts=tuple(conflicts),
        quarantined=tuple(held),
        patients=_patient_ids(journal, conflicts, held),
        names=_names(journal, conflicts, held),
        stopped=stopped,
        enterable={one.digest: enterable(one, ods) for one in conflicts},
    )


def _names(
    journal: Journal, conflicts: Sequence[ListedConflict], held: Sequence[Quarantined]
) -> Mapping[LinkKey, str]:
    """What the records are called of which some lists speak."""
    kinds = {kind.value for kind in Kind}
    keys = {LinkKey.parse(one.subject) for one in held if one.subject.partition("/")[0] in kinds}
    for one in conflicts:
        said = one.conflict
        values = (*said.base.values(), *said.legacy.values(), *said.cloud.values())
        keys |= {one.link, *links_in(values)}
    return names_of(journal.links, keys) if keys else {}


def _patient_ids(
    journal: Journal, conflicts: Sequence[ListedConflict], held: Sequence[Quarantined]
) -> Mapping[str, str]:
    """The Patient ids of those whom some listed records concern; none of a patient who is withheld."""
    named = {str(key) for one in conflicts for key in one.patients()}
    named.update(name for one in held for name in one.patients)
    on_cloud = {name for name in named if name.startswith("Patient/")}
    links = journal.links([LinkKey.parse(name) for name in named - on_cloud])
    return {name: name.removeprefix("Patient/") for name in on_cloud} | {
        str(key): link.ids["Patient"] for key, link in links.items() if "Patient" in link.ids
    }
