"""How fast a practice's whole record is mirrored for the first time, beside the store without a bridge.

`banyan-bridge once` carries a generated practice to a store on SQLite, as a practice would begin: the clock
runs from the start of the command to its end. The yardstick is the store alone: the very resources that came
of it, with their ids, in plain transactions of as many, made beforehand and sent by one client. So the ratio
is what the reading, mapping, journal and conditions of a mirror leave of the store's own speed.
"""

import json
import os
import resource as process_resources
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from demo.errors import ProgramFailed
from tests.benchmarks.fhir_client import Connection, request
from tests.benchmarks.fhir_servers import our_server
from tests.benchmarks.measurement import Measurement
from web_modules.fhir.client import FhirClient
from web_modules.fhir.resource_json import Resource, serialise
from web_modules.fhir.transport import HttpTransport

PATIENTS = 2000
"""Some 36,000 records: starting the program is a small part of it."""
A_TRANSACTION = 200
FUNCTIONS = (
    "organisation",
    "patients",
    "appointments",
    "consultations",
    "results",
    "referrals",
    "prescribing",
)
PRACTICE = "Y99002"
_OURS = frozenset({"Basic", "Task"})
"""What the bridge says of itself: no record."""


def measure_first_load() -> Iterator[Measurement]:
    """Mirror a practice, then send the same resources without a bridge.

    Raises:
        DemoError: a program does not start or does not do what is asked.
    """
    with tempfile.TemporaryDirectory(prefix="banyan-first-load-") as name:
        folder = Path(name)
        (folder / "mirrored").mkdir()
        (folder / "plain").mkdir()
        database = f"sqlite:///{folder / 'practice.db'}"
        run_program("legacy_bridge.reference_practice", "create", "--database", database)
        run_program(
            "legacy_bridge.reference_practice", "generate", "--database", database, f"--patients={PATIENTS}"
        )
        stages = [f"--stage={function}=mirror" for function in FUNCTIONS]
        run_program("legacy_bridge", "flags", str(folder / "flags.json"), *stages)
        with our_server("mirrored", f"sqlite:///{folder / 'mirrored.sqlite'}", folder / "mirrored") as server:
            fhir = f"http://127.0.0.1:{server.port}/fhir"
            seconds, processor_seconds, records = _mirror(folder, database, fhir)
            resources = _stored(fhir)
        with our_server("plain", f"sqlite:///{folder / 'plain.sqlite'}", folder / "plain") as server:
            plain_seconds = _send(server.port, resources)
    yield Measurement(
        benchmark="first_load",
        metric="first_load",
        unit="records/s",
        ours=round(records / seconds, 1),
        peer="the store alone",
        theirs=round(len(resources) / plain_seconds, 1),
    )
    yield Measurement(
        benchmark="first_load",
        metric="first_load_processor",
        unit="us a record",
        ours=round(1_000_000 * processor_seconds / records, 1),
    )
    most = process_resources.getrusage(process_resources.RUSAGE_CHILDREN).ru_maxrss / 1024
    yield Measurement(
        benchmark="first_load", metric="first_load_memory_at_most", unit="MB", ours=round(most, 1)
    )


def _mirror(folder: Path, database: str, fhir: str) -> tuple[float, float, int]:
    """Seconds, seconds of processor of the bridge, and how many records came to be on the cloud."""
    began, used = time.perf_counter(), _processor_seconds()
    told = run_program(
        "legacy_bridge",
        "once",
        f"--practice={PRACTICE}",
        f"--legacy={database}",
        f"--fhir={fhir}",
        f"--flags={folder / 'flags.json'}",
        f"--journal={folder / 'journal.sqlite'}",
        "--json",
    )
    seconds = time.perf_counter() - began
    return seconds, _processor_seconds() - used, int(json.loads(told)["written_to_cloud"])


def _stored(fhir: str) -> list[Resource]:
    """Every record's resource as it is stored, in the order of making."""
    transport = HttpTransport(fhir)
    versions = FhirClient(transport).history_since(None)
    transport.close()
    latest = {(one.resource_type, one.resource_id): one.resource for one in versions}
    return [one for one in latest.values() if one is not None and one["resourceType"] not in _OURS]


def _send(port: int, resources: Sequence[Resource]) -> float:
    """Seconds that a store takes for resources in plain transactions."""
    messages = [
        request("POST", "", serialise(_transaction(resources[at : at + A_TRANSACTION])))
        for at in range(0, len(resources), A_TRANSACTION)
    ]
    connection = Connection(port)
    try:
        began = time.perf_counter()
        for message in messages:
            connection.send(message)
        return time.perf_counter() - began
    finally:
        connection.close()


def _transaction(resources: Sequence[Resource]) -> dict[str, Any]:
    entries = [
        {
            "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"},
            "resource": {name: value for name, value in one.items() if name != "meta"},
        }
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def run_program(module: str, *arguments: str) -> str:
    """What a program of ours prints, with no settings of this machine.

    Raises:
        DemoError: it fails.
    """
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables())
    if done.returncode:
        raise ProgramFailed(f"{module} {arguments[0]} failed: {done.stderr.strip()[-600:]}")
    return done.stdout


def variables() -> dict[str, str]:
    """The environment without settings of a bridge or a practice."""
    mine = ("BANYAN_BRIDGE_", "BANYANPRACTICE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(mine)}


def _processor_seconds() -> float:
    used = process_resources.getrusage(process_resources.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
