"""The feed of a cloud without a history: it searches for what changed, and looks for what is gone."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Protocol

from legacy_bridge.cloud.recognition import Recognition
from legacy_bridge.cloud.resources import translated
from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.sides.feeds import FeedBatch
from legacy_bridge.sides.links import Link
from web_modules.fhir import errors
from web_modules.fhir.client import FhirClient, changed_at, version_of
from web_modules.fhir.history import HistoryEntry, Version
from web_modules.fhir.mirror_status import FRESHNESS_IDENTIFIER
from web_modules.fhir.resource_json import Resource

OVERLAP = timedelta(seconds=10)
"""How far back each search looks again: longer than a server's transactions, and its index, take."""
ROUND_SECONDS = 300.0
"""From the end of one round, in which everything is looked at, to the next."""
BLIND_ROUND_SECONDS = 10.0
"""The same, where that is the only way to find what changed."""
_SHARE_SECONDS = 0.2
"""How long a poll looks around at most: a change waits no longer for it."""
_CHUNK = 50
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Links(Protocol):
    """What the journal knows of its links."""

    def known_keys(
        self, kind: Kind, *, after: str = "", limit: int, buried: bool = False
    ) -> Sequence[LinkKey]:
        """See `sides.Journal`."""

    def identities(self, keys: Collection[LinkKey]) -> Mapping[LinkKey, Link]:
        """See `sides.Journal`."""


class SearchFeed:
    """The feed of one FHIR base; see `sides.ChangeFeed`. One thread.

    What changed is found by `_lastUpdated`, where the server has it; beside that, round after round and a
    little at each poll, everything there is looked at, and every link is looked for: that finds deletions,
    and whatever a search has left out. That the server came back from a backup is seen by the bridge's own
    word on how fresh the mirror is: nobody deletes that, and it is never younger than it was.
    """

    def __init__(
        self,
        client: FhirClient,
        recognition: Recognition,
        links: Links,
        *,
        finds_changed: bool,
        finds_beside: bool = False,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        """Look at a server.

        Args:
            client: the server.
            recognition: tells records apart.
            links: the journal.
            finds_changed: whether it can be searched by `_lastUpdated`.
            finds_beside: whether what lies beside records can be searched for, too.
            seconds: seconds that only ever go forward.
        """
        self._client = client
        self._recognition = recognition
        self._links = links
        skipped = () if finds_beside else recognition.beside
        self._searched = [one for one in recognition.resource_types if one not in skipped]
        self._finds_changed = finds_changed
        self._seconds = seconds
        self._round: Iterator[Sequence[HistoryEntry]] | None = None
        self._round_at = float("-inf")
        self._told: dict[Version, datetime] = {}
        self._handed: str | None = None

    def poll(self, checkpoint: str | None) -> FeedBatch:
        """See `sides.ChangeFeed`; a checkpoint is up to when was searched, and the bridge's own last word."""
        if checkpoint != self._handed:
            self._told.clear()
            self._round = None
            self._round_at = float("-inf")
        since, witness = _read_checkpoint(checkpoint)
        with translated():
            came_back = witness is not None and self._has_come_back(*witness)
            asked = None if since is None or came_back else since - OVERLAP
            changed = self._changed(asked) if self._finds_changed else []
            seen = [*changed, *self._look_around()]
            spoken = self._own_word(changed, witness)
        new = [one for one in seen if one.version not in self._told]
        reached = max([since or _BEGINNING, *(one.changed_at for one in changed)])
        self._handed = " ".join(
            [reached.isoformat(), *(() if spoken is None else (spoken[0], spoken[1].isoformat()))]
        )
        if self._handed != checkpoint or not new:
            recent = {one.version: one.changed_at for one in changed}
            self._told = {
                name: at for name, at in {**self._told, **recent}.items() if at >= reached - OVERLAP
            }
        batch = self._recognition.batch(new, self._handed)
        if not came_back:
            return batch
        return FeedBatch(
            touched=batch.touched,
            adopted=batch.adopted,
            strays=batch.strays,
            ended=batch.ended,
            checkpoint=batch.checkpoint,
            has_gap=True,
            came_back_from=since,
        )

    def _changed(self, since: datetime | None) -> list[HistoryEntry]:
        """What there is that changed since a moment."""
        query = {"_count": "200"}
        if since is not None:
            query["_lastUpdated"] = f"ge{since.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}"
        found = [
            _entry(one)
            for resource_type in (*self._searched, "Basic")
            for one in self._client.search(resource_type, query)
        ]
        return sorted(found, key=lambda one: one.changed_at)

    def _look_around(self) -> list[HistoryEntry]:
        """The next part of the round: what is there, and, as deletions, links of which nothing is."""
        began = self._seconds()
        if self._round is None:
            if began < self._round_at:
                return []
            self._round = self._all()
        found: list[HistoryEntry] = []
        for part in self._round:
            found.extend(part)
            if self._seconds() - began > _SHARE_SECONDS:
                return found
        self._round = None
        self._round_at = self._seconds() + (ROUND_SECONDS if self._finds_changed else BLIND_ROUND_SECONDS)
        return found

    def _all(self) -> Iterator[Sequence[HistoryEntry]]:
        if not self._finds_changed:
            for resource_type in self._searched:
                for page in self._client.pages(resource_type, {"_count": "200"}):
                    yield [_entry(one) for one in page]
        for kind in Kind:
            keys = self._links.known_keys(kind, limit=_CHUNK)
            while keys:
                yield self._gone(keys)
                keys = self._links.known_keys(kind, after=keys[-1].key, limit=_CHUNK)

    def _gone(self, keys: Sequence[LinkKey]) -> list[HistoryEntry]:
        """A deletion for each resource of some links that is not there any more."""
        wanted: dict[str, list[str]] = {}
        for link in self._links.identities(keys).values():
            for resource_type, resource_id in link.ids.items():
                if resource_type not in self._searched:
                    continue
                wanted.setdefault(resource_type, []).append(resource_id)
        gone = []
        for resource_type, ids in wanted.items():
            query = {"_id": ",".join(ids), "_elements": "id", "_count": "200"}
            there = {str(one["id"]) for one in self._client.search(resource_type, query)}
            gone += [_deletion(resource_type, one) for one in ids if one not in there]
        return gone

    def _has_come_back(self, resource_id: str, spoken_at: datetime) -> bool:
        try:
            return changed_at(self._client.read("Basic", resource_id)) < spoken_at
        except (errors.FhirNotFound, errors.FhirGone):
            return True

    def _own_word(
        self, changed: Sequence[HistoryEntry], before: tuple[str, datetime] | None
    ) -> tuple[str, datetime] | None:
        """The bridge's last word on how fresh the mirror is."""
        for one in reversed(changed):
            identifiers = (one.resource or {}).get("identifier", [])
            if one.resource_type == "Basic" and any(
                name.get("system") == FRESHNESS_IDENTIFIER for name in identifiers
            ):
                return one.resource_id, one.changed_at
        return before


def _entry(resource: Resource) -> HistoryEntry:
    return HistoryEntry(
        resource_type=str(resource["resourceType"]),
        resource_id=str(resource["id"]),
        version_id=version_of(resource),
        changed_at=changed_at(resource),
        resource=resource,
    )


def _deletion(resource_type: str, resource_id: str) -> HistoryEntry:
    return HistoryEntry(
        resource_type=resource_type,
        resource_id=resource_id,
        version_id="",
        changed_at=_BEGINNING,
        resource=None,
    )


def _read_checkpoint(text: str | None) -> tuple[datetime | None, tuple[str, datetime] | None]:
    if text is None:
        return None, None
    reached, *word = text.split(" ")
    witness = (word[0], datetime.fromisoformat(word[1])) if len(word) == 2 else None
    return datetime.fromisoformat(reached), witness
