"""`python -m tests.benchmarks [NAME]`: measures, prints JSON lines, and a table for people."""

import sys
from collections.abc import Callable, Sequence

from demo.errors import DemoError
from tests.benchmarks.lag import measure_lag
from tests.benchmarks.measurement import Measurement, table
from tests.benchmarks.start import measure_start
from tests.benchmarks.switch import measure_switch
from tests.benchmarks.world import World, reference_world

BENCHMARKS: dict[Callable[[World], list[Measurement]], tuple[str, ...]] = {
    measure_start: ("start_usable",),
    measure_switch: ("switch_function",),
    measure_lag: ("lag_p50", "lag_p99"),
}
"""Each benchmark and the metrics that it measures."""


def main(names: Sequence[str]) -> int:
    """Measure what was asked for, or all.

    Returns:
        The exit status.
    """
    known = [metric for metrics in BENCHMARKS.values() for metric in metrics]
    if unknown := set(names) - set(known):
        print(
            f"bench: there is no {', '.join(sorted(unknown))}; there are {', '.join(known)}.", file=sys.stderr
        )
        return 2
    wanted = set(names) or set(known)
    measured: list[Measurement] = []
    try:
        with reference_world() as world:
            for measure, metrics in BENCHMARKS.items():
                if wanted.intersection(metrics):
                    found = [one for one in measure(world) if one.metric in wanted]
                    measured += found
                    for one in found:
                        print(one.as_json(), flush=True)
    except DemoError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(table(measured), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
