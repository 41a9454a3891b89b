"""Bugs planted in the bridge, one at a time: what a first design gets wrong, and a few more."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from legacy_bridge import echoes, reconciler, service, withdrawal
from legacy_bridge.cloud import feed, resources
from legacy_bridge.errors import SideUnavailable
from legacy_bridge.legacy_restore import LegacyRestore
from legacy_bridge.merge import three_way, visit
from legacy_bridge.merge.presence import presence
from legacy_bridge.merge.visit import Visit
from legacy_bridge.sides.links import LinkState, Settlement
from legacy_bridge.sides.wishes import Wish
from legacy_bridge.sides.writes import Outcome, OutcomeKind
from tests.simulation.journal import SimulatedJournal
from tests.simulation.lease import SimulatedLease
from tests.simulation.legacy import SimulatedDatabase, SimulatedOutbox, SimulatedRows

Plant = Callable[[pytest.MonkeyPatch], None]


def _empty_beats_a_value(patch: pytest.MonkeyPatch) -> None:
    """1. "Never agreed" is taken for "agreed on what legacy says"."""
    right = three_way.merge

    def wrong(units: Any, base: Any, legacy: Any, cloud: Any, **named: Any) -> Any:
        names = [name for unit in units for name in unit.fields]
        return right(units, {**{name: legacy.get(name) for name in names}, **base}, legacy, cloud, **named)

    patch.setattr(reconciler, "merge", wrong)


def _loser_is_not_told(patch: pytest.MonkeyPatch) -> None:
    """2. The side whose value lost keeps it."""
    right = three_way.merge

    def wrong(units: Any, *positional: Any, **named: Any) -> Any:
        merged = right(units, *positional, **named)
        decided = {one.unit for one in merged.decided}
        names = {name for unit in units if unit.name in decided for name in unit.fields}
        return replace(merged, to_legacy=merged.to_legacy - names, to_cloud=merged.to_cloud - names)

    patch.setattr(reconciler, "merge", wrong)


def _legacy_is_not_guarded(patch: pytest.MonkeyPatch) -> None:
    """4, 5. A row is written whatever it has become."""
    right = SimulatedRows.write

    def wrong(self: SimulatedRows, changes: Any) -> Any:
        now = [replace(one, digest=found.digest) for one in changes if (found := self._group(one.link))]
        return right(self, now)

    patch.setattr(SimulatedRows, "write", wrong)


def _cloud_is_not_guarded(patch: pytest.MonkeyPatch) -> None:
    """8. Updates without If-Match."""
    right = resources._entry
    patch.setattr(resources, "_entry", lambda step: right(replace(step, if_match=None)))


def _restore_is_not_doubted(patch: pytest.MonkeyPatch) -> None:
    """6. After a restore, what the cloud says differently is taken for an edit."""
    patch.setattr(reconciler.Reconciler, "_doubted", lambda _self, one, _since: one)
    patch.setattr(Visit, "is_older_than_agreed", False)


def _quarantine_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """7. The checkpoint moves on over a poisonous record, and nobody is told."""
    right = SimulatedJournal.settle

    def wrong(self: SimulatedJournal, settlements: Any, now: Any) -> None:
        right(self, [replace(one, quarantine=None) for one in settlements], now)

    patch.setattr(SimulatedJournal, "settle", wrong)


def _ids_are_read_in_order(patch: pytest.MonkeyPatch) -> None:
    """10. The feed reads past transactions that are still open, and misses no number."""
    right = SimulatedOutbox.poll
    patch.setattr(SimulatedDatabase, "fence", lambda self: self.content.last_number)
    patch.setattr(SimulatedOutbox, "poll", lambda self, after: replace(right(self, after), has_gap=False))


def _gap_is_skipped(patch: pytest.MonkeyPatch) -> None:
    """I23: a feed that has lost something goes on as if it had not."""
    patch.setattr(service, "mark_everything", lambda *_, **__: 0)


def _decided_is_not_listed(patch: pytest.MonkeyPatch) -> None:
    """I4: the value that lost is nowhere."""
    right = SimulatedJournal.begin
    patch.setattr(
        SimulatedJournal,
        "begin",
        lambda self, pending, _decided, now, **named: right(self, pending, [], now, **named),
    )


def _lost_reply_is_success(patch: pytest.MonkeyPatch) -> None:
    """I8, I11: what was not acknowledged counts as written."""
    right = resources.CloudResources.write

    def wrong(self: resources.CloudResources, changes: Any) -> Mapping[Any, Outcome]:
        try:
            return right(self, changes)
        except SideUnavailable:
            return {one.link: Outcome(kind=OutcomeKind.WRITTEN) for one in changes}

    patch.setattr(resources.CloudResources, "write", wrong)


def _create_is_unconditional(patch: pytest.MonkeyPatch) -> None:
    """I8: a create whose reply was lost is sent again."""
    right = resources._entry
    patch.setattr(resources, "_entry", lambda step: right(replace(step, if_none_exist=None)))


def _changed_is_done(patch: pytest.MonkeyPatch) -> None:
    """A write that was refused because somebody was quicker is not tried again."""
    right = visit.settle

    def wrong(one: Any, on_cloud: Any, on_legacy: Any) -> Settlement:
        return right(one, on_cloud and replace(on_cloud, kind=OutcomeKind.WRITTEN), on_legacy)

    patch.setattr(reconciler, "settle", wrong)


def _feed_forgets_that_nothing_was_saved(patch: pytest.MonkeyPatch) -> None:
    """I11: what was told once is not told again, though the journal did not take it."""
    right = feed.HistoryFeed.poll

    def wrong(self: feed.HistoryFeed, checkpoint: str | None) -> Any:
        self._handed = checkpoint
        return right(self, checkpoint)

    patch.setattr(feed.HistoryFeed, "poll", wrong)


def _checkpoint_before_the_work(patch: pytest.MonkeyPatch) -> None:
    """I11: half of what a feed tells is dropped, and the checkpoint moves on."""
    right = SimulatedJournal.absorb

    def wrong(self: SimulatedJournal, name: str, batch: Any, now: Any) -> None:
        right(self, name, replace(batch, touched=batch.touched[: (len(batch.touched) + 1) // 2]), now)

    patch.setattr(SimulatedJournal, "absorb", wrong)


def _bookings_go_with_their_patient(patch: pytest.MonkeyPatch) -> None:
    """A patient is withdrawn with bookings that legacy has not heard of."""
    patch.setattr(withdrawal.Withdrawal, "_not_agreed", lambda *_: ([], False))


def _clock_is_believed(patch: pytest.MonkeyPatch) -> None:
    """I19: what was put off to a time that a wrong clock named waits for it."""
    patch.setattr(SimulatedJournal, "hasten", lambda _self, _now: None)


def _both_bridges_write(patch: pytest.MonkeyPatch) -> None:
    """H12: the lease is not asked, and rows are not guarded."""
    patch.setattr(SimulatedLease, "check", lambda _: None)
    _legacy_is_not_guarded(patch)


def _everything_is_agreed(patch: pytest.MonkeyPatch) -> None:
    """The baseline holds what is still asked about."""
    right = three_way.merge

    def wrong(units: Any, base: Any, legacy: Any, cloud: Any, **named: Any) -> Any:
        merged = right(units, base, legacy, cloud, **named)
        asked = {
            name for one in merged.open for unit in units if unit.name == one.unit for name in unit.fields
        }
        return replace(merged, agreed={**merged.agreed, **{name: cloud.get(name) for name in asked}})

    patch.setattr(reconciler, "merge", wrong)


def _feed_is_deaf(patch: pytest.MonkeyPatch) -> None:
    """The legacy feed's last page is never read."""
    right = SimulatedOutbox.upto
    patch.setattr(SimulatedOutbox, "upto", lambda self: max(0, right(self) - 1))


def _forms_are_believed(patch: pytest.MonkeyPatch) -> None:
    """11. What a form that was opened earlier puts back is taken for an edit."""
    patch.setattr(reconciler, "put_back", lambda *_: frozenset())


def _decisions_are_not_guarded(patch: pytest.MonkeyPatch) -> None:
    """A decision is carried out although a side has changed since the person looked."""
    patch.setattr(Wish, "stands", lambda *_: True)


def _older_rows_count_as_edits(patch: pytest.MonkeyPatch) -> None:
    """6. What a legacy database says that came back from a backup is taken for what people did."""
    patch.setattr(LegacyRestore, "doubts", lambda *_: {})


def _missing_in_a_backup_counts_as_deleted(patch: pytest.MonkeyPatch) -> None:
    """What a backup lacks is removed from the cloud as if somebody had removed it."""
    right = presence

    def wrong(kind: Any, state: Any, base: Any, legacy: Any, *rest: Any, doubt: Any, **named: Any) -> Any:
        return right(kind, state, base, legacy, *rest, doubt=doubt if legacy else None, **named)

    patch.setattr(reconciler, "presence", wrong)


def _hidden_is_shown_by_a_backup(patch: pytest.MonkeyPatch) -> None:
    """Who was withheld is shown because a backup does not know it."""
    right = presence

    def wrong(kind: Any, state: Any, *positional: Any, doubt: Any, **named: Any) -> Any:
        is_hidden = state is LinkState.WITHHELD
        return right(kind, state, *positional, doubt=None if is_hidden else doubt, **named)

    patch.setattr(reconciler, "presence", wrong)


def _echoes_are_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    """Whatever legacy tells of a record that the bridge wrote last is taken for the bridge's own write."""

    def wrong(self: echoes.FeedWithoutEchoes, checkpoint: str | None) -> Any:
        batch = self._feed.poll(checkpoint)
        own = self._own.taken(batch.touched)
        return replace(batch, touched=tuple(key for key in batch.touched if key not in own))

    patch.setattr(echoes.FeedWithoutEchoes, "poll", wrong)


def _hidden_too_early_stays_hidden(patch: pytest.MonkeyPatch) -> None:
    """A record that was hidden before its patient was looked at stays hidden when they are shown again."""
    patch.setattr(reconciler.Reconciler, "_is_hidden_early", lambda *_positional: False)


def _merged_patients_are_booked(patch: pytest.MonkeyPatch) -> None:
    """Legacy is told of a patient whom it has merged into another."""
    patch.setattr(reconciler, "lacks_patient", lambda _fields, _there: False)


PLANTED: Mapping[str, Plant] = {
    plant.__name__.strip("_").replace("_", " "): plant
    for plant in (
        _empty_beats_a_value,
        _loser_is_not_told,
        _legacy_is_not_guarded,
        _cloud_is_not_guarded,
        _restore_is_not_doubted,
        _quarantine_is_forgotten,
        _ids_are_read_in_order,
        _gap_is_skipped,
        _decided_is_not_listed,
        _lost_reply_is_success,
        _create_is_unconditional,
        _changed_is_done,
        _feed_forgets_that_nothing_was_saved,
        _checkpoint_before_the_work,
        _bookings_go_with_their_patient,
        _clock_is_believed,
        _both_bridges_write,
        _everything_is_agreed,
        _feed_is_deaf,
        _forms_are_believed,
        _decisions_are_not_guarded,
        _older_rows_count_as_edits,
        _missing_in_a_backup_counts_as_deleted,
        _hidden_is_shown_by_a_backup,
        _echoes_are_not_looked_at,
        _merged_patients_are_booked,
        _hidden_too_early_stays_hidden,
    )
}

TROUBLES: Mapping[str, str] = {
    "gap is skipped": "log prefix dropped",
    "feed forgets that nothing was saved": "disk full",
    "restore is not doubted": "cloud restored",
    "clock is believed": "clock jumps",
    "both bridges write": "two bridges",
    "older rows count as edits": "legacy came back",
    "missing in a backup counts as deleted": "legacy came back",
    "hidden is shown by a backup": "legacy came back",
}
"""The trouble without which a bug does not show."""


def without_a_write_ahead(patch: pytest.MonkeyPatch) -> None:
    """3. What is about to be agreed is not saved: the bridge's own write looks like an edit."""
    right = SimulatedJournal.begin
    patch.setattr(
        SimulatedJournal,
        "begin",
        lambda self, _pending, decided, now, **named: right(self, {}, decided, now, **named),
    )
