"""Writes to a FHIR server as that server can: in transactions, in batches, or one after the other."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from legacy_bridge.cloud.abilities import Abilities, Tag
from web_modules.fhir import errors
from web_modules.fhir.client import FhirClient, TransactionEntry, version_of
from web_modules.fhir.resource_json import Resource

TOO_LARGE = 413
_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")
_ATTEMPTS = 3
"""At a step of several that belong together, when nobody knows what became of it."""
_FIRST_MOST = 1000
Done = Resource | errors.FhirError


class CloudWriter:
    """Writes with the guards that the server has, and makes good those that it lacks as far as can be."""

    def __init__(self, client: FhirClient, abilities: Callable[[], Abilities]) -> None:
        self._client = client
        self._abilities = abilities
        self._most = _FIRST_MOST

    @property
    def has_transaction(self) -> bool:
        """Whether several steps are all done or none."""
        return self._abilities().has_transaction

    def fits(self, steps: int) -> bool:
        """Whether the server takes so many steps at once, as far as is known."""
        return steps <= self._most

    def together(self, entries: Sequence[TransactionEntry]) -> list[Resource]:
        """Write steps that belong together: all or none; where the server cannot, in order until one fails.

        Raises:
            FhirError: why it, or one of them, was not done. With 413 it was too much at once: fewer may do.
        """
        if not self.has_transaction or not self.fits(len(entries)):
            return self._in_turn(entries)
        try:
            return self._client.transaction([self._guarded(one) for one in entries])
        except errors.FhirRefused as error:
            if error.status == TOO_LARGE:
                self._most = max(1, len(entries) // 2)
            raise

    def apart(self, entries: Sequence[TransactionEntry]) -> list[Done]:
        """Write steps that have nothing to do with one another: each is done, or tells why it was not."""
        if len(entries) == 1 or not all(map(self._fits_a_batch, entries)):
            return [self._one(one, {}) for one in entries]
        if self.fits(len(entries)):
            try:
                return self._client.batch([self._guarded(one) for one in entries])
            except errors.FhirRefused as error:
                if error.status != TOO_LARGE:
                    raise
                self._most = max(1, len(entries) // 2)
        middle = len(entries) // 2
        return [*self.apart(entries[:middle]), *self.apart(entries[middle:])]

    def every(self, entries: Sequence[TransactionEntry]) -> list[Resource]:
        """Write steps that have nothing to do with one another, in as few requests as the server takes.

        Raises:
            FhirError: one was not done.
        """
        if self.has_transaction and self.fits(len(entries)):
            try:
                return self.together(entries)
            except errors.FhirRefused as error:
                if error.status != TOO_LARGE or len(entries) == 1:
                    raise
        if self.has_transaction and len(entries) > 1:
            middle = len(entries) // 2
            return [*self.every(entries[:middle]), *self.every(entries[middle:])]
        return [_or_raise(one) for one in self.apart(entries)]

    def _fits_a_batch(self, entry: TransactionEntry) -> bool:
        abilities = self._abilities()
        is_guarded = abilities.tag in (Tag.WEAK, Tag.STRONG) and (
            entry.method != "DELETE" or abilities.guards_deletions
        )
        is_found = entry.method != "POST" or abilities.creates_conditionally
        return abilities.has_batch and is_guarded and is_found

    def _in_turn(self, entries: Sequence[TransactionEntry]) -> list[Resource]:
        links: dict[str, str] = {}
        done = []
        for entry in entries:
            stored = self._surely(entry, links)
            if entry.full_url is not None:
                links[entry.full_url] = f"{stored['resourceType']}/{stored['id']}"
            done.append(stored)
        return done

    def _surely(self, entry: TransactionEntry, links: Mapping[str, str]) -> Resource:
        """Do a step; when nobody knows what became of it, again: half a booking is no state to be in."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                done = self._one(entry, links)
            except errors.FhirUnavailable:
                if attempt == _ATTEMPTS:
                    raise
                continue
            if attempt > 1 and isinstance(done, errors.FhirConflict) and entry.method == "PUT":
                current = self._client.read(*entry.url.split("/"))
                if is_same(_linked(entry.resource, links), current):
                    return current  # the first attempt had arrived
            return _or_raise(done)
        raise AssertionError("the last attempt ends it")

    def _one(self, entry: TransactionEntry, links: Mapping[str, str]) -> Done:
        resource_type, _, resource_id = entry.url.partition("/")
        resource = _linked(entry.resource, links) or {}
        try:
            ready = self._guarded(entry)
            if entry.method == "POST":
                return self._created(resource_type, resource, entry.if_none_exist)
            if entry.method == "PUT":
                return self._client.update(resource, if_match=ready.if_match)
            self._client.delete(resource_type, resource_id, if_match=ready.if_match)
        except (errors.FhirBusy, errors.FhirUnavailable, errors.FhirForbidden):
            raise
        except errors.FhirError as error:
            return error
        return {}

    def _created(self, resource_type: str, resource: Resource, query: str | None) -> Resource:
        if query is not None and not self._abilities().creates_conditionally:
            found = self._client.search(resource_type, dict(parse_qsl(query)))
            if found:
                return found[0]
            query = None
        return self._client.create(resource, if_none_exist=query)

    def _guarded(self, entry: TransactionEntry) -> TransactionEntry:
        """A step whose version is checked, by the server or, just before, here.

        Raises:
            FhirConflict: the resource is not any more what was read.
        """
        abilities = self._abilities()
        if entry.if_match is None:
            return entry
        if abilities.tag is Tag.STRONG:
            entry = replace(entry, if_match=f'"{entry.if_match}"')
        is_unguarded = entry.method == "DELETE" and not abilities.guards_deletions
        if abilities.tag in (Tag.WEAK, Tag.STRONG) and not is_unguarded:
            return entry
        current, tag = self._client.read_tagged(*entry.url.split("/"))
        if entry.if_match is not None and version_of(current) != entry.if_match.strip('"'):
            raise errors.FhirConflict(f"{entry.url} was changed since it was read.", status=412)
        return replace(entry, if_match=tag) if abilities.tag is Tag.OPAQUE else entry


def _or_raise(done: Done) -> Resource:
    if isinstance(done, errors.FhirError):
        raise done
    return done


def _linked(value: Any, links: Mapping[str, str]) -> Any:
    """The same, with what was made before in place of its `urn:uuid:…`."""
    if isinstance(value, Mapping):
        return {name: _linked(one, links) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_linked(one, links) for one in value]
    return links.get(value, value) if isinstance(value, str) else value


def is_same(sent: Any, stored: Any) -> bool:
    """Whether a server stored what was sent; ids, versions and links within the transaction apart."""
    if sent == stored:
        return True
    if isinstance(sent, Mapping) and isinstance(stored, Mapping):
        names = {*sent, *stored} - {"id", "meta", "text"}
        return all(name in sent and name in stored and is_same(sent[name], stored[name]) for name in names)
    if isinstance(sent, list | tuple) and isinstance(stored, list | tuple):
        return len(sent) == len(stored) and all(map(is_same, sent, stored))
    if not isinstance(sent, str) or not isinstance(stored, str):
        return bool(sent == stored)
    is_absolute = "://" in stored and _REFERENCE.fullmatch(sent) and stored.endswith(f"/{sent}")
    return sent.startswith("urn:uuid:") or bool(is_absolute) or sent == stored
