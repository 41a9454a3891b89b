"""One FHIR server and what it can do: asked once, tried out where it is not the embedded one."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from typing import Protocol

from legacy_bridge.cloud.abilities import REASONS, Abilities, abilities_of
from legacy_bridge.cloud.feed import HistoryFeed
from legacy_bridge.cloud.own import OwnVersions
from legacy_bridge.cloud.probe import probed
from legacy_bridge.cloud.recognition import Known, Recognition
from legacy_bridge.cloud.resources import translated
from legacy_bridge.cloud.search_feed import OVERLAP, Links, SearchFeed
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.sides.feeds import ChangeFeed, FeedBatch
from web_modules.fhir.client import FhirClient
from web_modules.fhir.resource_json import Resource

SAID_OF_ITSELF = frozenset({"Basic", "Task"})
"""What the bridge publishes."""


class CloudServer:
    """A FHIR base; see the module. One thread asks first."""

    def __init__(
        self, client: FhirClient, mappings: Mapping[Kind, ResourceMapping], *, trusts_promises: bool = False
    ) -> None:
        """Reach a base.

        Args:
            client: carries the requests.
            mappings: what is to be kept there.
            trusts_promises: whether what it promises need not be tried out.
        """
        self._client = client
        types = {name for one in mappings.values() for name in one.resource_types}
        self._resource_types = frozenset({*types, "Appointment", *SAID_OF_ITSELF})
        self._trusts_promises = trusts_promises
        self._statement: Resource | None = None
        self._found = Abilities()

    def abilities(self) -> Abilities:
        """What it can do.

        Raises:
            SideUnavailable: it does not answer.
            CloudUnfit: no record may be mirrored to it.
        """
        if self._statement is None:
            self.look()
        return self._found

    def look(self) -> Iterator[tuple[str, str | None]]:
        """Ask it again, for it may be another by now.

        Returns:
            for each thing that a server may lack, its reason, and the words where it does.

        Raises:
            SideUnavailable: it does not answer.
            CloudUnfit: no record may be mirrored to it.
        """
        with translated():
            statement = {**self._client.capabilities(), "date": None}
            if statement != self._statement:
                found = abilities_of(statement, self._resource_types)
                is_ours = found.is_ordered or self._trusts_promises
                self._found = found if is_ours else probed(self._client, found)
                self._statement = statement
        lacks = dict(self._found.lacks())
        return iter([(reason, lacks.get(reason)) for reason in REASONS])


class JournalLinks(Links, Protocol):
    """What a feed asks the journal."""

    def keys_of(self, references: Collection[str]) -> Mapping[str, LinkKey]:
        """See `sides.Journal`."""


class ServerFeed:
    """The feed that fits a server; see `sides.ChangeFeed`. One thread."""

    def __init__(
        self,
        client: FhirClient,
        mappings: Mapping[Kind, ResourceMapping],
        ods: str,
        *,
        journal: JournalLinks,
        own: OwnVersions,
        abilities: Callable[[], Abilities],
    ) -> None:
        self._client = client
        self._mappings = mappings
        self._ods = ods
        self._journal = journal
        self._own = own
        self._abilities = abilities
        self._fitting: tuple[Abilities, ChangeFeed] | None = None

    def poll(self, checkpoint: str | None) -> FeedBatch:
        """See `sides.ChangeFeed`."""
        abilities = self._abilities()
        if self._fitting is None or self._fitting[0] != abilities:
            self._fitting = abilities, self._made(abilities)
        return self._fitting[1].poll(checkpoint)

    def _made(self, abilities: Abilities) -> ChangeFeed:
        if abilities.has_history:
            return HistoryFeed(
                self._client,
                self._mappings,
                self._ods,
                keys_of=self._journal.keys_of,
                identities=self._journal.identities,
                own=self._own,
                overlap=timedelta(0) if abilities.is_ordered else OVERLAP,
            )
        known = Known(keys_of=self._journal.keys_of, identities=self._journal.identities)
        kept = {
            kind: one
            for kind, one in self._mappings.items()
            if abilities.keeps_no.isdisjoint(one.resource_types)
        }
        recognition = Recognition(kept, self._ods, known)
        return SearchFeed(
            self._client,
            recognition,
            self._journal,
            finds_changed=abilities.finds_changed,
            finds_beside=abilities.keeps_binaries,
        )
