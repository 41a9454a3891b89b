"""What a request to the FHIR store costs with 1,000, 10,000 and 50,000 patients in it; takes long.

With four readings a patient the last is a quarter of a million resources. A cost that is the same at three
sizes is taken to be the same at twelve million.
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.benchmarks.fhir_client import run_load
from tests.benchmarks.fhir_loads import OPERATIONS, Loads, MakeLoad, fill
from tests.benchmarks.fhir_servers import our_servers
from tests.benchmarks.measurement import Measurement

SIZES = (1_000, 10_000, 50_000)
SECONDS = 4.0
CURVE: Mapping[str, MakeLoad] = {
    "create": OPERATIONS["create"],
    "read": OPERATIONS["read"],
    "search": OPERATIONS["search"],
    "observations": Loads.observations,
    "transaction20": OPERATIONS["transaction20"],
}
_BAR = 12
"""Columns of the curve that stand for the cost at the smallest size."""


def measure_curve() -> Iterator[Measurement]:
    """Fill ours on both databases step by step, and ask with one client at each.

    Raises:
        DemoError: a server does not start or does not do what is asked.
    """
    costs: dict[str, dict[int, float]] = {}
    with tempfile.TemporaryDirectory(prefix="banyan-fhir-") as name, our_servers(Path(name)) as servers:
        loads, filled = Loads(known=SIZES[0]), 0
        for size in SIZES:
            loads = Loads(known=size, new=loads.new)
            for server in servers:
                fill(server.port, range(filled, size))
                server.settle()
                for operation, make in CURVE.items():
                    cost = round(run_load(server.port, make(loads, 1), SECONDS).milliseconds, 3)
                    costs.setdefault(f"{operation}_{server.name}", {})[size] = cost
                    metric = f"{operation}_{server.name}_{size}"
                    yield Measurement(benchmark="fhir_curve", metric=metric, unit="ms", ours=cost)
            filled = size
    print(curve(costs), file=sys.stderr)


def curve(costs: Mapping[str, Mapping[int, float]]) -> str:
    """The costs as bars, the smallest size's as long for every kind of request."""
    lines = []
    for name, of_sizes in costs.items():
        least = of_sizes[min(of_sizes)]
        for size, cost in of_sizes.items():
            bar = "█" * max(1, round(_BAR * cost / least))
            lines.append(f"{name:<26} {size:>7,} patients {cost:>9.3f} ms  {bar} {cost / least:.2f}")
    return "\n".join(lines)
