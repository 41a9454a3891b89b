"""The count of both sides goes on between what people change, and holds up none of it."""

from collections.abc import Sequence

import pytest

from legacy_bridge.parity import Scan
from legacy_bridge.reconciler import Reconciler
from tests.simulation.world import World

REST_SECONDS = 0.5


def test_a_count_waits_for_a_rest_between_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(1, is_calm=True, is_counted=True)
    worked, counted = [0.0], list[float]()
    settle, step = Reconciler.settle, Scan.step

    def settled(self: Reconciler, visits: Sequence[object], *rest: object, **named: object) -> object:
        worked.append(world.clock.elapsed)
        return settle(self, visits, *rest, **named)  # type: ignore[arg-type]  # handed on as it came

    def stepped(self: Scan) -> bool:
        counted.append(world.clock.elapsed - worked[-1])
        return step(self)

    monkeypatch.setattr(Reconciler, "settle", settled)
    monkeypatch.setattr(Scan, "step", stepped)
    world.run()
    assert counted
    assert min(counted) >= REST_SECONDS
