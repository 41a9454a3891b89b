"""What the commands about conflicts and quarantine share: names of records, and finding one by its number."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from legacy_bridge.errors import SettingsWrong
from legacy_bridge.journal.journal import SqlJournal
from legacy_bridge.merge.identity import told_fields
from legacy_bridge.records import Kind, LinkKey, value_to_json
from legacy_bridge.sides.links import links_in
from legacy_bridge.sides.listings import ListedConflict, Quarantined
from legacy_bridge.wording import Names, age_in_words, names_of, side_in_words, unit_in_words


class Desk:
    """Tells of what waits, in the words of the practice."""

    def __init__(self, book: SqlJournal) -> None:
        self._book = book
        self._now = datetime.now(UTC)

    def names(self, keys: Collection[LinkKey]) -> Names:
        """What records are called, by what was last agreed on of them."""
        return names_of(self._book.links, keys)

    def conflict(self, number: int) -> ListedConflict:
        """The conflict of a number.

        Raises:
            SettingsWrong: there is none.
        """
        for one in self._book.conflicts(decided=True):
            if one.number == number:
                return one
        raise SettingsWrong(f"There is no conflict {number}: banyan-bridge conflicts lists them.")

    def held(self, number: int) -> Quarantined:
        """What is in quarantine under a number.

        Raises:
            SettingsWrong: there is none.
        """
        for one in self._book.quarantined():
            if one.number == number:
                return one
        raise SettingsWrong(f"Nothing is in quarantine as {number}: banyan-bridge quarantine lists it.")

    def told_of_conflict(self, one: ListedConflict) -> dict[str, Any]:
        """A conflict, for a list or as JSON."""
        said = one.conflict
        values = [*said.base.values(), *said.legacy.values(), *said.cloud.values()]
        names = self.names({one.link, *links_in(values)})
        fields = told_fields(one.link.kind, said) or tuple(sorted({*said.legacy, *said.cloud}))
        since = one.since.replace(tzinfo=UTC)
        wish = self._book.last_wish(one.link, said.unit)
        return {
            "number": one.number,
            "id": one.digest,
            "record": str(one.link),
            "who": names.get(one.link, str(one.link)),
            "unit": said.unit,
            "what": unit_in_words(said.unit),
            "state": one.state,
            "winner": None if said.winner is None else said.winner.value,
            "since": since.isoformat(),
            "age": age_in_words(since, self._now),
            "owner": one.owner,
            "urgent": one.is_escalated,
            "legacy_says": side_in_words(said.legacy, fields, names),
            "cloud_says": side_in_words(said.cloud, fields, names),
            "agreed_before": side_in_words(
                {n: said.base[n] for n in fields if n in said.base}, fields, names
            ),
            "decision": None if wish is None else _decision(*wish),
            "base": _plain(said.base),
            "legacy": _plain(said.legacy),
            "cloud": _plain(said.cloud),
        }

    def told_of_held(self, one: Quarantined) -> dict[str, Any]:
        """A record in quarantine, for a list or as JSON."""
        since = one.since.replace(tzinfo=UTC)
        who = one.subject
        if one.subject.partition("/")[0] in {kind.value for kind in Kind}:
            key = LinkKey.parse(one.subject)
            who = self.names([key]).get(key, who)
        patients = [LinkKey.parse(name) for name in one.patients if name.startswith("patient/")]
        return {
            "number": one.number,
            "record": one.subject,
            "who": who,
            "patients": list(self.names(patients).values()) or list(one.patients),
            "reason": one.reason,
            "words": one.words,
            "owner": one.owner,
            "since": since.isoformat(),
            "age": age_in_words(since, self._now),
            "urgent": one.is_escalated,
        }


def _decision(wish: Any, state: str, words: str) -> dict[str, Any]:
    keep = "a third value" if wish.keep is None else f"keep {wish.keep.value}"
    return {"what": keep, "by": wish.by, "at": wish.at.isoformat(), "state": state, "words": words}


def _plain(values: Any) -> dict[str, Any]:
    return {name: value_to_json(value) for name, value in values.items()}
