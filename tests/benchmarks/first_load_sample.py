"""How much memory a first load takes, of a small practice and of one ten times as large: it is to be flat.

The same thousand people, with ever fuller records. Told is the most that the bridge's process ever held, and
beside it the most of the cloud's (its store on SQLite); and how many records a second came to be there.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, func, select

from demo.errors import ProgramFailed
from legacy_bridge.legacy.schema import METADATA
from tests.benchmarks.fhir_servers import our_server
from tests.benchmarks.first_load import FUNCTIONS, PRACTICE, run_program, variables
from tests.benchmarks.measurement import Measurement

_PATIENTS = 1000
_FULL = {"20k": 0.0115, "200k": 0.156}
"""How full records are so that the practice has about as many rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    rows: int
    records: int
    seconds: float
    bridge_megabytes: float
    cloud_megabytes: float


def measure_sample() -> Iterator[Measurement]:
    """Mirror a practice of about 20,000 rows, then one of about 200,000.

    Raises:
        DemoError: a program does not start or does not do what is asked.
    """
    for size, density in _FULL.items():
        with tempfile.TemporaryDirectory(prefix="banyan-first-load-") as name:
            load = _load(Path(name), density)
        print(f"first_load_sample: {load}", file=sys.stderr, flush=True)
        yield Measurement(
            benchmark="first_load_sample",
            metric=f"memory_{size}",
            unit="MB",
            ours=load.bridge_megabytes,
            peer="the cloud",
            theirs=load.cloud_megabytes,
        )
        yield Measurement(
            benchmark="first_load_sample",
            metric=f"first_load_{size}",
            unit="records/s",
            ours=round(load.records / load.seconds, 1),
        )


def _load(folder: Path, density: float) -> _Load:
    database = f"sqlite:///{folder / 'practice.db'}"
    practice = "legacy_bridge.reference_practice"
    run_program(practice, "create", "--database", database)
    wanted = (f"--patients={_PATIENTS}", f"--density={density}")
    run_program(practice, "generate", "--database", database, *wanted)
    stages = [f"--stage={function}=mirror" for function in FUNCTIONS]
    run_program("legacy_bridge", "flags", str(folder / "flags.json"), *stages)
    with our_server("mirrored", f"sqlite:///{folder / 'mirrored.sqlite'}", folder) as server:
        began = time.perf_counter()
        records, megabytes = _mirror(folder, database, server.port)
        seconds = time.perf_counter() - began
        of_cloud = _most_megabytes(server.process)
    return _Load(
        rows=_rows(database),
        records=records,
        seconds=round(seconds, 1),
        bridge_megabytes=megabytes,
        cloud_megabytes=of_cloud,
    )


def _mirror(folder: Path, database: str, port: int) -> tuple[int, float]:
    """Records on the cloud, and the most megabytes that the bridge ever held."""
    command = [
        *(sys.executable, "-m", "legacy_bridge", "once", f"--practice={PRACTICE}", f"--legacy={database}"),
        *(f"--fhir=http://127.0.0.1:{port}/fhir", f"--flags={folder / 'flags.json'}"),
        *(f"--journal={folder / 'journal.sqlite'}", "--json"),
    ]
    told, said = folder / "told.json", folder / "said.txt"
    with told.open("wb") as out, said.open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env=variables())
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ProgramFailed(f"legacy_bridge once failed: {said.read_text(errors='replace')[-600:]}")
    return int(json.loads(told.read_text())["written_to_cloud"]), round(used.ru_maxrss / 1024, 1)


def _most_megabytes(process: int | None) -> float:
    """The most memory that a process that runs ever held (Linux)."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise ProgramFailed("The system does not say how much memory the cloud took.")


def _rows(database: str) -> int:
    engine = create_engine(database)
    with engine.connect() as connection:
        counted = [
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in METADATA.tables.values()
        ]
    engine.dispose()
    return sum(counted)
