"""`python -m tests.benchmarks [NAME]`: measures, prints JSON lines, and a table for people."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence

from demo.errors import DemoError
from tests.benchmarks.capture_overhead import measure_capture_overhead
from tests.benchmarks.fhir import measure_fhir
from tests.benchmarks.fhir_curve import measure_curve
from tests.benchmarks.first_load import measure_first_load
from tests.benchmarks.first_load_sample import measure_sample
from tests.benchmarks.lag import measure_lag
from tests.benchmarks.measurement import Measurement, table
from tests.benchmarks.memory import measure_memory
from tests.benchmarks.mirror import measure_mirror
from tests.benchmarks.mirror_profile import measure_mirror_profile
from tests.benchmarks.stalls import measure_stalls
from tests.benchmarks.start import measure_start
from tests.benchmarks.switch import measure_switch
from tests.benchmarks.world import World, reference_world

ON_A_SCREEN: dict[Callable[[World], list[Measurement]], tuple[str, ...]] = {
    measure_start: ("start_usable",),
    measure_switch: ("switch_function", "switch_patient"),
    measure_memory: ("memory",),
    measure_lag: ("lag_p50", "lag_p99"),
    measure_stalls: ("stalls",),
}
"""Each benchmark that needs the whole of Banyan on a screen, and the metrics that it measures."""

WITHOUT_A_SCREEN: dict[str, Callable[[], Iterable[Measurement]]] = {
    "fhir": measure_fhir,
    "fhir_curve": measure_curve,
    "first_load": measure_first_load,
    "first_load_sample": measure_sample,
    "capture_overhead": measure_capture_overhead,
    "mirror": measure_mirror,
    "mirror_profile": measure_mirror_profile,
}
"""Each benchmark that needs no screen, by its name; its metrics are many."""

SHELL = frozenset({"start_usable", "switch_function", "switch_patient", "memory"})
"""What `shell` stands for."""

TAKES_LONG = frozenset({"fhir_curve", "first_load_sample", "mirror", "mirror_profile", "stalls"})
"""Only when asked for: `mirror` needs Bucardo, which nothing else does."""


def main(names: Sequence[str]) -> int:
    """Measure what was asked for, or all that does not take long.

    Returns:
        The exit status.
    """
    known = [metric for metrics in ON_A_SCREEN.values() for metric in metrics] + list(WITHOUT_A_SCREEN)
    if unknown := set(names) - set(known) - {"shell"}:
        print(
            f"bench: there is no {', '.join(sorted(unknown))}; there are shell, {', '.join(known)}.",
            file=sys.stderr,
        )
        return 2
    wanted = (set(names) - {"shell"}) | (SHELL if "shell" in names else set())
    measured: list[Measurement] = []
    print(_load("before"), file=sys.stderr, flush=True)
    try:
        for one in _measure(wanted or set(known) - TAKES_LONG):
            measured.append(one)
            print(one.as_json(), flush=True)
    except DemoError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(table(measured), file=sys.stderr)
    print(_load("afterwards"), file=sys.stderr)
    return 0


def _load(when: str) -> str:
    # Numbers from a busy machine are not those of an idle one.
    return f"bench: {os.cpu_count()} processors; load average {when}: {os.getloadavg()[0]:.1f}"


def _measure(wanted: set[str]) -> Iterator[Measurement]:
    # The cloud's clients are forks of this process, which is to be small and without a screen by then.
    for name, measure_whole in WITHOUT_A_SCREEN.items():
        if name in wanted:
            yield from measure_whole()
    if not wanted - set(WITHOUT_A_SCREEN):
        return
    with reference_world() as world:
        for measure, metrics in ON_A_SCREEN.items():
            if wanted.intersection(metrics):
                yield from (one for one in measure(world) if wanted & {one.metric, one.benchmark})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
