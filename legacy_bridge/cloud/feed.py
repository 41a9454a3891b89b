"""The cloud's feed: `_history?_since`, inclusive, each version told once."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from legacy_bridge.cloud.own import OwnVersions
from legacy_bridge.cloud.resources import translated
from legacy_bridge.mapping.booking import patients_of
from legacy_bridge.mapping.field import relative
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.records import CLINICAL, Kind, LinkKey
from legacy_bridge.sides.feeds import FeedBatch, Stray
from legacy_bridge.sides.links import Link
from web_modules.fhir.client import FhirClient
from web_modules.fhir.history import HistoryEntry, Version

_NAMESPACE = UUID("0b6d1a52-2f5c-4c55-9c39-8c2ad1a7f8e4")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_PEOPLE_MAKE = frozenset({"Patient", "Slot", "Schedule", "Appointment"})
"""Types of which one that legacy does not have is worth a word; servers have Practitioners of their own."""


class HistoryFeed:
    """The feed of one FHIR base; see `sides.ChangeFeed`. One thread.

    Args:
        client: the server.
        mappings: which resource types are of interest.
        ods: the practice.
        keys_of: the journal's `keys_of`.
        identities: the journal's `identities`: a version that was agreed on tells nothing new.
        own: the versions that this bridge made: each is gone past by its name.
        overlap: how far back each poll looks again. A server that numbers its versions under a lock, as the
            embedded one does, needs none; one whose transactions commit out of order needs their longest.
    """

    def __init__(  # noqa: PLR0913 - what it works with, by name
        self,
        client: FhirClient,
        mappings: Mapping[Kind, ResourceMapping],
        ods: str,
        *,
        keys_of: Callable[[Collection[str]], Mapping[str, LinkKey]],
        identities: Callable[[Collection[LinkKey]], Mapping[LinkKey, Link]],
        own: OwnVersions,
        overlap: timedelta = timedelta(0),
    ) -> None:
        self._client = client
        self._ods = ods
        self._keys_of = keys_of
        self._identities = identities
        self._own = own
        self._overlap = overlap
        self._mappings: dict[str, list[ResourceMapping]] = {}
        for mapping in mappings.values():
            for resource_type in mapping.resource_types:
                self._mappings.setdefault(resource_type, []).append(mapping)
        self._told: dict[Version, datetime] = {}
        self._handed: str | None = None

    def poll(self, checkpoint: str | None) -> FeedBatch:
        """See `sides.ChangeFeed`; a checkpoint is the last version told: its `lastUpdated` and its name."""
        if checkpoint != self._handed:
            self._told.clear()  # what was told last was not saved: it is told again
        since, last = _read_checkpoint(checkpoint)
        asked = None if since is None else since - self._overlap
        own = self._own.since(asked)
        with translated():
            entries = self._client.history_since(asked, is_known=lambda name, at: own.get(name) == at)
        came_back = last is not None and not _is_still_known(last, since, entries)
        if came_back:
            self._told.clear()  # version ids are used again
        new = [
            one for one in entries if one.version not in self._told and own.get(one.version) != one.changed_at
        ]
        reached = max([since or _BEGINNING, *(entry.changed_at for entry in entries)])
        adopted = self._adopt(new)
        touched, strays = self._sort(new, adopted)
        self._handed = _checkpoint(reached, entries)
        if self._handed != checkpoint or not new:  # else nobody could tell whether it was saved
            self._remember(entries, reached)
        return FeedBatch(
            touched=tuple(dict.fromkeys(touched)),
            adopted=adopted,
            strays=tuple(one for one in strays.values() if one is not None),
            ended=tuple(reference for reference, one in strays.items() if one is None),
            checkpoint=self._handed,
            has_gap=came_back,
            came_back_from=since if came_back else None,
        )

    def _remember(self, entries: Iterable[HistoryEntry], reached: datetime) -> None:
        # what is not asked for again need not be remembered: the memory is as long as the overlap
        self._told.update({entry.version: entry.changed_at for entry in entries})
        from_here = reached - self._overlap
        self._told = {name: at for name, at in self._told.items() if at >= from_here}

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
        self, entries: list[HistoryEntry], adopted: Mapping[str, LinkKey]
    ) -> tuple[list[LinkKey], dict[str, Stray | None]]:
        """The links to look at, and what is a stray now, or is none any more (None)."""
        ours = [one for one in entries if one.resource_type in {*self._mappings, "Appointment"}]
        if not ours:
            return [], {}
        wanted = {f"{one.resource_type}/{one.resource_id}" for one in ours}
        slots = {reference for one in ours for reference in _slots_of(one)}
        known = {**adopted, **self._keys_of(wanted | slots)}
        links = self._identities(set(known.values()))
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


def _checkpoint(reached: datetime, entries: Sequence[HistoryEntry]) -> str:
    last = next((one for one in reversed(entries) if one.changed_at == reached), None)
    return " ".join([reached.isoformat(), *(() if last is None else last.version)])


def _read_checkpoint(text: str | None) -> tuple[datetime | None, Version | None]:
    if text is None:
        return None, None
    moment, *name = text.split(" ")
    known = (name[0], name[1], name[2]) if len(name) == 3 else None
    return datetime.fromisoformat(moment), known


def _is_still_known(last: Version, since: datetime | None, entries: Sequence[HistoryEntry]) -> bool:
    """Whether a server still knows the last version that it told, or a later one that took its place.

    One that came back from a backup does not, or has given its number to something else since.
    """
    resource_type, resource_id, version = last
    for one in entries:
        if (one.resource_type, one.resource_id) == (resource_type, resource_id):
            if one.version_id == version:
                return one.changed_at == since
            if not (version.isdigit() and one.version_id.isdigit()) or int(one.version_id) > int(version):
                return True  # that history was removed up to here
    return False


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
