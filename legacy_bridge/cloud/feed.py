"""The cloud's feed: `_history?_since`, inclusive, each version told once."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from legacy_bridge.cloud.own import OwnVersions
from legacy_bridge.cloud.recognition import Known, Recognition
from legacy_bridge.cloud.resources import translated
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.sides.feeds import FeedBatch
from legacy_bridge.sides.links import Link
from web_modules.fhir import errors
from web_modules.fhir.client import FhirClient
from web_modules.fhir.history import HistoryEntry, Version

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


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
        self._recognition = Recognition(mappings, ods, Known(keys_of=keys_of, identities=identities))
        self._own = own
        self._overlap = overlap
        self._told: dict[Version, datetime] = {}
        self._handed: str | None = None

    def poll(self, checkpoint: str | None) -> FeedBatch:
        """See `sides.ChangeFeed`; a checkpoint is the last version told: its `lastUpdated` and its name."""
        if checkpoint != self._handed:
            self._told.clear()  # what was told last was not saved: it is told again
        since, last = _read_checkpoint(checkpoint)
        asked = None if since is None else since - self._overlap
        own = self._own.since(asked)
        try:
            with translated(errors.FhirGone):
                entries = self._client.history_since(asked, is_known=lambda name, at: own.get(name) == at)
        except errors.FhirGone:  # so long ago is not kept
            return self._begun_anew()
        came_back = last is not None and not _is_still_known(last, since, entries)
        if came_back:
            self._told.clear()  # version ids are used again
        new = [
            one for one in entries if one.version not in self._told and own.get(one.version) != one.changed_at
        ]
        reached = max([since or _BEGINNING, *(entry.changed_at for entry in entries)])
        self._handed = _checkpoint(reached, entries)
        if self._handed != checkpoint or not new:  # else nobody could tell whether it was saved
            self._remember(entries, reached)
        batch = self._recognition.batch(new, self._handed)
        return replace(batch, has_gap=came_back, came_back_from=since if came_back else None)

    def _begun_anew(self) -> FeedBatch:
        """The server has lost what came after the checkpoint: everything is compared, from now on."""
        with translated():
            latest = self._client.latest()
        began = datetime.now(UTC) if latest is None else latest.changed_at
        handed = _checkpoint(began, [] if latest is None else [latest])
        self._told.clear()
        return FeedBatch(touched=(), strays=(), checkpoint=handed, has_gap=True)

    def _remember(self, entries: Iterable[HistoryEntry], reached: datetime) -> None:
        # what is not asked for again need not be remembered: the memory is as long as the overlap
        self._told.update({entry.version: entry.changed_at for entry in entries})
        from_here = reached - self._overlap
        self._told = {name: at for name, at in self._told.items() if at >= from_here}


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
