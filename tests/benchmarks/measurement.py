"""One measured number beside its peer's, as people and as programs read it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A time or a rate of ours and, where somebody else does the same, theirs from the same run.

    Attributes:
        benchmark: what was done.
        metric: what was measured; the names stay from version to version.
        unit: s, ms or MB, of which less is better; or something a second ("/s"), of which more is.
        ours: the value.
        peer: who did the same; None: nobody here does.
        theirs: the peer's value.
    """

    benchmark: str
    metric: str
    unit: str
    ours: float
    peer: str | None = None
    theirs: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer: above 1 is ahead; None without one."""
        if self.theirs is None:
            return None
        is_rate = self.unit.endswith("/s")
        return round(self.ours / self.theirs if is_rate else self.theirs / self.ours, 3)

    def as_json(self) -> str:
        """One line for a program."""
        return json.dumps({**asdict(self), "ratio": self.ratio})


def beside(
    values: Mapping[str | None, float], *, benchmark: str, metric: str, unit: str
) -> list[Measurement]:
    """One measurement a peer, of values by who gave them; `None` is ours."""
    return [
        Measurement(benchmark=benchmark, metric=metric, unit=unit, ours=values[None], peer=name, theirs=value)
        for name, value in values.items()
        if name is not None
    ]


def table(measurements: Sequence[Measurement]) -> str:
    """All of them for a person."""
    rows = [("benchmark", "metric", "ours", "peer", "theirs", "times better")]
    rows += [
        (
            one.benchmark,
            one.metric,
            f"{one.ours:g} {one.unit}",
            one.peer or "–",
            "–" if one.theirs is None else f"{one.theirs:g} {one.unit}",
            "–" if one.ratio is None else f"{one.ratio:g}",
        )
        for one in measurements
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest measured value that at least this share of them does not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * round(share * 1000) // 1000) - 1)]
