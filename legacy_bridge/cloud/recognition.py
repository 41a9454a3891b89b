"""Recognises what a cloud's feed tells: which links to look at, what is new, what has no counterpart."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from legacy_bridge.mapping.booking import patients_of
from legacy_bridge.mapping.field import relative
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.records import CLINICAL, Kind, LinkKey
from legacy_bridge.sides.feeds import FeedBatch, Stray
from legacy_bridge.sides.links import Link
from web_modules.fhir.history import HistoryEntry

_NAMESPACE = UUID("0b6d1a52-2f5c-4c55-9c39-8c2ad1a7f8e4")
_PEOPLE_MAKE = frozenset({"Patient", "Slot", "Schedule", "Appointment"})
"""Types of which one that legacy does not have is worth a word; servers have Practitioners of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the journal knows.

    Attributes:
        keys_of: its `keys_of`.
        identities: its `identities`: a version that was agreed on tells nothing new.
    """

    keys_of: Callable[[Collection[str]], Mapping[str, LinkKey]]
    identities: Callable[[Collection[LinkKey]], Mapping[LinkKey, Link]]


class Recognition:
    """Tells one practice's records from one another; see the module."""

    def __init__(self, mappings: Mapping[Kind, ResourceMapping], ods: str, known: Known) -> None:
        self._ods = ods
        self._known = known
        self._beside = sorted({name for one in mappings.values() for name in one.beside})
        self._mappings: dict[str, list[ResourceMapping]] = {}
        for mapping in mappings.values():
            for resource_type in mapping.resource_types:
                self._mappings.setdefault(resource_type, []).append(mapping)

    @property
    def beside(self) -> Collection[str]:
        """Those of them that lie beside a record; a server may not find them by a search."""
        return self._beside

    @property
    def resource_types(self) -> Sequence[str]:
        """What is of interest, parents first."""
        return (*self._mappings, "Appointment", *self._beside)

    def batch(self, entries: Sequence[HistoryEntry], checkpoint: str) -> FeedBatch:
        """What some versions are, where the journal does not know of them yet."""
        adopted = self._adopt(entries)
        touched, strays = self._sort(entries, adopted)
        return FeedBatch(
            touched=tuple(dict.fromkeys(touched)),
            adopted=adopted,
            strays=tuple(one for one in strays.values() if one is not None),
            ended=tuple(reference for reference, one in strays.items() if one is None),
            checkpoint=checkpoint,
        )

    def _mapping_of(self, entry: HistoryEntry) -> ResourceMapping | None:
        resource = entry.resource
        of_type = self._mappings.get(entry.resource_type, []) if resource is not None else []
        return next((one for one in of_type if resource is not None and one.claims(resource)), None)

    def _is_clinical(self, resource_type: str) -> bool:
        return any(one.kind in CLINICAL for one in self._mappings.get(resource_type, ()))

    def _adopt(self, entries: Iterable[HistoryEntry]) -> dict[str, LinkKey]:
        """What has a link: by the legacy key that it bears, or, of what was made in the cloud, by its id.

        That key follows from the practice and the resource's id alone: whoever asks again, after a crash or
        with an empty journal, gets the same one, and no second row is made.
        """
        found: dict[str, LinkKey] = {}
        for one in entries:
            mapping = self._mapping_of(one)
            if mapping is None or one.resource is None:
                continue
            reference = f"{one.resource_type}/{one.resource_id}"
            key = mapping.key_of(one.resource, self._ods)
            if key is not None:
                found[reference] = key
            elif mapping.kind in CLINICAL:
                made = str(uuid5(_NAMESPACE, f"{self._ods}/{reference}"))
                found.setdefault(reference, LinkKey(kind=mapping.kind, key=made))
        return found

    def _sort(
        self, entries: Sequence[HistoryEntry], adopted: Mapping[str, LinkKey]
    ) -> tuple[list[LinkKey], dict[str, Stray | None]]:
        """The links to look at, and what is a stray now, or is none any more (None)."""
        ours = [one for one in entries if one.resource_type in self.resource_types]
        if not ours:
            return [], {}
        wanted = {f"{one.resource_type}/{one.resource_id}" for one in ours}
        slots = {reference for one in ours for reference in _slots_of(one)}
        known = {**adopted, **self._known.keys_of(wanted | slots)}
        links = self._known.identities(set(known.values()))
        touched: list[LinkKey] = []
        strays: dict[str, Stray | None] = {}
        for one in ours:
            reference = f"{one.resource_type}/{one.resource_id}"
            found = [known[name] for name in (reference, *_slots_of(one)) if name in known]
            for key in dict.fromkeys(found):
                if links[key].versions.get(reference) != one.version_id:
                    touched.append(key)
            if one.resource_type in _PEOPLE_MAKE or self._is_clinical(one.resource_type):
                is_stray = not found and one.resource is not None
                strays[reference] = _stray(reference, one.resource or {}) if is_stray else None
        return touched, strays


def _slots_of(entry: HistoryEntry) -> list[str]:
    if entry.resource_type != "Appointment" or entry.resource is None:
        return []
    return [relative(str(one.get("reference", ""))) for one in entry.resource.get("slot", [])]


def _stray(reference: str, resource: Mapping[str, Any]) -> Stray:
    resource_type = reference.partition("/")[0]
    patients = {reference} if resource_type == "Patient" else patients_of(resource)
    return Stray(
        reference=reference,
        reason="only-in-cloud",
        patients=tuple(sorted(patients)),
        words=(
            f"This {resource_type} was made in the cloud and the legacy program has no counterpart: "
            "enter it there, or remove it from the cloud."
        ),
    )
