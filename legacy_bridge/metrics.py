"""What is counted for whoever watches the bridge: Prometheus metrics, never about a patient."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from legacy_bridge.errors import BridgeError, MirrorStopped, SettingsWrong, SideUnavailable
from legacy_bridge.merge.visit import Visit
from legacy_bridge.records import Kind
from legacy_bridge.sides.links import Settlement
from legacy_bridge.sides.listings import Standing

_PREFIX = "banyan_bridge"
_LAG_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 14400)
"""From below the target's median (0.1 s) to an outage of four hours."""


class Metrics:
    """The metrics of one bridge. Several threads may call this."""

    def __init__(self, standing: Callable[[], Standing] | None = None) -> None:
        """Begin to count.

        Args:
            standing: how the mirror stands by its journal; asked at each scrape, on the server's thread.
        """
        self.registry = CollectorRegistry()
        self._lag = Histogram(
            f"{_PREFIX}_lag_seconds",
            "From a change being noticed, some 25 ms after its commit, to both sides being settled.",
            ["function"],
            buckets=_LAG_SECONDS,
            registry=self.registry,
        )
        self._writes = Counter(
            f"{_PREFIX}_writes", "Records written.", ["side", "function"], registry=self.registry
        )
        self._errors = Counter(
            f"{_PREFIX}_errors", "What interrupted the mirror, by class.", ["error"], registry=self.registry
        )
        self._looked = Gauge(
            f"{_PREFIX}_last_look_timestamp_seconds",
            "When a side was last looked at with success.",
            ["side"],
            registry=self.registry,
        )
        self._stopped = Gauge(
            f"{_PREFIX}_stopped",
            "1 while a guard has stopped the mirror until a person has looked.",
            ["guard"],
            registry=self.registry,
        )
        if standing is not None:
            self.registry.register(_Standing(standing))

    def settled(self, visits: Sequence[Visit], settlements: Sequence[Settlement], now: datetime) -> None:
        """Count how a batch ended."""
        for visit, one in zip(visits, settlements, strict=True):
            function = one.link.key.kind.function.value
            if one.retry_after_seconds is None:
                self._lag.labels(function).observe(max(0.0, (now - visit.dirty.since).total_seconds()))
            for deed in one.deeds:
                for side in deed.sides:
                    self._writes.labels(side, function).inc()

    def looked(self, side: str, moment: datetime) -> None:
        """Note that a side answered."""
        self._looked.labels(side).set(moment.timestamp())

    def failed(self, error: BridgeError) -> None:
        """Count what interrupted the mirror."""
        self._errors.labels(type(error).__name__).inc()

    def stopped(self, error: MirrorStopped | None) -> None:
        """Note which guard has stopped the mirror; None: it goes on."""
        self._stopped.clear()
        if error is not None:
            self._stopped.labels(type(error).__name__).set(1)

    def serve(self, host: str, port: int) -> Callable[[], None]:
        """Answer `GET /metrics` on a thread of its own.

        Returns:
            what ends it.

        Raises:
            SettingsWrong: the port cannot be taken.
        """
        try:
            server, thread = start_http_server(port, addr=host, registry=self.registry)
        except OSError as error:
            raise SettingsWrong(
                f"Metrics cannot be served on {host}:{port} ({error.strerror}): choose another metrics_port."
            ) from error

        def end() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return end


class _Standing(Collector):
    """How the mirror stands by its journal, at the moment of a scrape."""

    def __init__(self, standing: Callable[[], Standing]) -> None:
        self._standing = standing

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """See `Collector`; nothing while the journal does not answer."""
        try:
            standing = self._standing()
        except SideUnavailable:
            return []
        now = datetime.now(UTC)
        dirty_for = now - min(standing.oldest.values(), default=now)
        held_for = now - (standing.oldest_held or now)
        return [
            _by_kind("dirty", "Records still to be looked at.", standing.waiting),
            _single("oldest_dirty_seconds", "How long the oldest of them waits.", dirty_for.total_seconds()),
            _by_kind("open_conflicts", "Conflicts that wait for a person.", standing.conflicts),
            _by_name("quarantined", "Records that cannot be carried.", standing.quarantined),
            _single(
                "oldest_quarantined_seconds",
                "How long the oldest of them waits.",
                held_for.total_seconds(),
            ),
            _by_kind("withheld", "Confidential records that are not on the cloud.", standing.withheld),
            _by_kind("linked", "Records on both sides.", standing.linked),
            *_parity(standing),
        ]


def _single(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{_PREFIX}_{name}", words, value=max(0.0, value))


def _by_kind(name: str, words: str, found: Mapping[Kind, int]) -> GaugeMetricFamily:
    return _by_name(name, words, {kind.value: found.get(kind, 0) for kind in Kind})


def _by_name(name: str, words: str, found: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{_PREFIX}_{name}", words, labels=["kind"])
    for kind, count in found.items():
        family.add_metric([kind], count)
    return family


def _parity(standing: Standing) -> list[GaugeMetricFamily]:
    """Of each function the share of records that were equal at the last count, and when that was."""
    share = GaugeMetricFamily(
        f"{_PREFIX}_parity_ratio", "Records equal on both sides at the last count.", labels=["function"]
    )
    counted_at = GaugeMetricFamily(
        f"{_PREFIX}_parity_timestamp_seconds", "When that was counted.", labels=["function"]
    )
    for function in dict.fromkeys(kind.function for kind in standing.counted):
        found = [one for kind, one in standing.counted.items() if kind.function is function]
        total = sum(one.total for one in found)
        share.add_metric([function.value], sum(one.matched for one in found) / total if total else 1.0)
        counted_at.add_metric([function.value], min(one.at for one in found).timestamp())
    return [share, counted_at]
