"""How much the FHIR store does in a second, beside sekmet-fhir in the same run with the same requests.

Validation, audit and search index are on, as they always are. Every kind of request is sent by one client and
by eight, to each server in turn while the others rest. Of batches and transactions the resources are
counted, so that a transaction of 200 stands beside 200 creates.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.fhir_client import Load, run_load
from tests.benchmarks.fhir_loads import OPERATIONS, Loads, fill
from tests.benchmarks.fhir_servers import PEER, Server, our_servers, peer_server
from tests.benchmarks.measurement import Measurement

KNOWN = 400
"""Patients who are there before anything is measured, with their readings."""
CLIENTS = (1, 8)
SECONDS = 3.0
"""For each kind of request, number of clients and server; the whole run is to take less than six minutes."""


def measure_fhir() -> Iterator[Measurement]:
    """Fill three servers alike, then ask each the same.

    Raises:
        DemoError: a server does not start or does not do what is asked.
    """
    loads = Loads(known=KNOWN)
    with (
        tempfile.TemporaryDirectory(prefix="banyan-fhir-") as name,
        our_servers(Path(name)) as ours,
        peer_server(Path(name)) as peer,
    ):
        for server in (*ours, peer):
            fill(server.port, range(KNOWN))
            server.settle()
        for operation, make in OPERATIONS.items():
            for clients in CLIENTS:
                yield from _measure(f"{operation}_{clients}", make(loads, clients), ours, peer)


def _measure(metric: str, load: Load, ours: list[Server], peer: Server) -> Iterator[Measurement]:
    theirs = run_load(peer.port, load, SECONDS).per_second
    for server in ours:
        yield Measurement(
            benchmark="fhir",
            metric=f"{metric}_{server.name}",
            unit="ops/s" if load.resources == 1 else "resources/s",
            ours=round(run_load(server.port, load, SECONDS).per_second, 1),
            peer=PEER,
            theirs=round(theirs, 1),
        )
