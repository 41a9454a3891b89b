"""How often each fault and each rare state was reached: `python -m tests.simulation.report 300`."""

import logging
import sys
from collections import Counter
from collections.abc import Iterable

from tests.simulation.world import World

FAULTS = (
    *("cloud request lost", "cloud reply lost", "cloud duplicate", "cloud late", "cloud slow"),
    *("cloud 409", "cloud 410", "cloud 412", "cloud 422", "cloud 429", "cloud 500", "cloud 503"),
    *("cloud token expired", "cloud partial bundle", "cloud killed before", "cloud killed after"),
    *("legacy fails", "legacy answer lost", "legacy killed before", "legacy killed after"),
    *("journal fails", "journal answer lost", "journal killed before", "journal killed after"),
    *("cloud unreachable", "cloud answers lost", "legacy unreachable", "disk full writes"),
    *("clock jumps", "rollout changes", "cloud restored", "journal restored", "schema drifts"),
    *(
        "log prefix dropped",
        "legacy came back",
        "legacy released",
        "two bridges",
        "killed",
        "transaction held over a poll",
    ),
)
STATES = (
    *("poisonous record", "mended record", "made confidential", "shown again", "slot deleted"),
    *("patients merged", "patients taken apart", "rows handed over", "entry deleted", "held: patient-gone"),
    *("conflict open", "conflict decided", "conflict settled", "link withheld", "link tombstone"),
    *("decided by a person", "decision carried out", "decision refused"),
    *("old value put back by a form", "form saved whole"),
    *("held: was-withheld", "held: not-in-backup"),
    *("held: slot-without-length", "held: death-without-date", "edit on legacy", "edit on cloud"),
)


def reached(seeds: Iterable[int]) -> Counter[str]:
    """Run some afternoons, and count."""
    found: Counter[str] = Counter()
    for seed in seeds:
        found.update(World(seed).run().reached())
    return found


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    for name, count in sorted(reached(range(int(sys.argv[1]))).items()):
        print(f"{count:8} {name}")
