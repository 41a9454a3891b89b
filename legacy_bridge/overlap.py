"""Begins the next batch while the one before it is on its way to the cloud."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from legacy_bridge.merge.visit import Carried, Report, Visit
from legacy_bridge.reconciler import Reconciler
from legacy_bridge.records import LinkKey
from legacy_bridge.sides.links import Dirty


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A batch that is being written.

    Attributes:
        visits: what was begun.
        carried: how its writes end.
        arrived: see `Reconciler.settle`.
    """

    visits: Sequence[Visit]
    carried: Future[Carried]
    arrived: Collection[LinkKey]


class Overlap:
    """Reconciles batch after batch; of one kind, the reading of one goes beside the writing of another.

    That is all the overlap there is: what only makes new records on the cloud is written on the carrier's
    thread, everything else is done here in turn. One thread calls this.
    """

    def __init__(self, reconciler: Reconciler, carrier: Executor) -> None:
        self._reconciler = reconciler
        self._carrier = carrier
        self._flight: Flight | None = None

    def under_way(self) -> frozenset[LinkKey]:
        """The links that are being written."""
        return frozenset(one.link.key for one in self._flight.visits) if self._flight else frozenset()

    def next_of(self, found: Sequence[Dirty], most: int) -> Sequence[Dirty]:
        """The links to begin with, of those that are not under way: as many as may be held at once."""
        going = self.under_way()
        waiting = [one for one in found if one.key not in going]
        return waiting[: waiting[0].key.kind.at_once(most)] if waiting else ()

    def fits(self, batch: Sequence[Dirty]) -> bool:
        """Whether a batch may be begun now: a child needs to know where its parent is."""
        kinds = {one.key.kind for one in batch} | {key.kind for key in self.under_way()}
        return len(kinds) == 1

    def reconcile(
        self, batch: Sequence[Dirty], *, total: Callable[[], int], between: Callable[[], None]
    ) -> Report:
        """Begin a batch, end the one before it, and let this one go.

        Args:
            batch: see `Reconciler.reconcile`.
            total: the same.
            between: done when the one before is settled and this one is not written: nothing is under way and
                where everything is on the cloud is known.

        Returns:
            what the one before came to; if this one has to be done in turn, with it.

        Raises:
            SideUnavailable: a side or the journal did not answer; the links stay dirty.
            MirrorStopped: a guard stopped it.
        """
        visits = self._reconciler.begin(batch, total=total)
        done, arrived = Report(), frozenset[LinkKey]()
        if self._flight is not None:
            arrived = frozenset(self._flight.carried.result().on_cloud)
            done = self.end()
            between()
        if all(one.only_makes for one in visits):
            going = self._carrier.submit(self._reconciler.carry, visits)
            self._flight = Flight(visits=visits, carried=going, arrived=arrived)
            return done
        ended = self._reconciler.settle(visits, self._reconciler.carry(visits), arrived=arrived)
        return done.plus(ended)

    def end(self) -> Report:
        """End what is under way."""
        if self._flight is None:
            return Report()
        flight, carried = self._flight, self._flight.carried.result()
        self._flight = None
        return self._reconciler.settle(flight.visits, carried, arrived=flight.arrived)

    def wait(self) -> None:
        """Let nothing be under way, however it ends: its links stay dirty."""
        if self._flight is not None:
            self._flight.carried.exception()
            self._flight = None
