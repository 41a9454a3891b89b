"""Remembers the versions that this bridge made itself, so that a feed's echo of them is known at a glance."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from web_modules.fhir.client import changed_at, version_of
from web_modules.fhir.history import Version


class OwnVersions:
    """The versions that this process wrote since its cloud feed was read last.

    Forgetting them, as a restart does, costs only time: each is then compared with what the journal knows.
    Several threads may call this.
    """

    def __init__(self) -> None:
        self._made: dict[Version, datetime] = {}
        self._guard = Lock()

    def add(self, stored: Iterable[Mapping[str, Any]]) -> None:
        """Remember resources as the server answered them when they were written.

        Not those that belong to several records: written for one, they are news to the others.
        """
        found: dict[Version, datetime] = {}
        for one in stored:
            if len(one.get("slot", ())) > 1:
                continue
            resource = dict(one)
            found[str(one["resourceType"]), str(one["id"]), version_of(resource)] = changed_at(resource)
        with self._guard:
            self._made |= found

    def since(self, moment: datetime | None) -> dict[Version, datetime]:
        """Those made at or after a moment; the earlier ones are forgotten."""
        with self._guard:
            if moment is not None:
                self._made = {name: at for name, at in self._made.items() if at >= moment}
            return dict(self._made)
