"""A legacy practice, the FHIR store and the bridge between them, as the benchmark of the mirror asks."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Engine, create_engine, update

from demo.programs import Program, end, start
from legacy_bridge.legacy.database import open_database
from legacy_bridge.legacy.schema import METADATA
from tests.benchmarks.fhir_servers import Server, our_server
from tests.benchmarks.mirror_rows import (
    DRUGS,
    EDITS,
    ENTRIES,
    KEYS,
    PATIENTS,
    PEOPLE,
    TABLES,
    count,
    edit,
    guid,
    people,
    plus,
    rows_of,
    sizes,
    store,
)
from tests.legacy_bridge.support.clinical import add_codes
from tests.legacy_bridge.support.small_practice import ODS, SmallPractice
from tests.support.waiting import until
from web_modules.fhir.client import FhirClient, TransactionEntry
from web_modules.fhir.resource_json import Resource
from web_modules.fhir.systems import legacy_key
from web_modules.fhir.transport import HttpTransport

TYPES = {PATIENTS: "Patient", ENTRIES: "Observation", DRUGS: "MedicationRequest"}
FUNCTIONS = ("organisation", "patients", "consultations", "results", "prescribing")
_ORGANISATION, _DOCTOR = guid("org"), guid("ann")
_BRIDGE = (sys.executable, "-m", "legacy_bridge")
_A_TRANSACTION = 100
_FIRST_LOAD_SECONDS = 120.0
_REST_SECONDS = 120.0


@dataclass(slots=True, kw_only=True)
class OurPair:
    """See `tests.benchmarks.mirror.Pair`."""

    practice: Engine
    cloud: Engine
    fhir: FhirClient
    bridge: subprocess.Popen[bytes]
    server: Server
    patient: str
    rows: dict[str, int]
    edited: dict[str, int] = field(default_factory=dict)
    is_edited: bool = False
    since: int = 0
    versions: dict[str, int] = field(default_factory=dict)
    told: int = 0

    def pause(self) -> None:
        """See `Pair`."""
        self.bridge.send_signal(signal.SIGSTOP)
        self.since, self.versions, self.told = self._newest(), {}, 0

    def resume(self) -> None:
        """See `Pair`."""
        self.bridge.send_signal(signal.SIGCONT)

    def insert(self, name: str, here: range, there: range) -> None:
        """See `Pair`."""
        mine = rows_of(name, here, _ORGANISATION, _DOCTOR)
        store(self.practice, mine)
        self.rows = plus(self.rows, sizes(mine))
        self.versions = plus(self.versions, sizes(mine))
        self.is_edited = False
        if there:
            (pattern,) = self.fhir.search_page("Observation", {"_count": "1"})["entry"]
            left_out = {"id", "meta", "identifier"}
            made = {one: value for one, value in pattern["resource"].items() if one not in left_out}
            made["valueQuantity"] = {**made["valueQuantity"], "value": Decimal("60.000")}
            self._send([TransactionEntry(method="POST", url="Observation", resource=made) for _ in there])
            self.rows = plus(self.rows, {ENTRIES: len(there)})
            self.versions = plus(self.versions, {ENTRIES: len(there)})
            self.told += len(there)

    def edit(self, name: str, here: range, there: range) -> None:
        """See `Pair`."""
        mine, theirs = (rows_of(name, part, _ORGANISATION, _DOCTOR) for part in (here, there))
        edit(self.practice, mine)
        entries = []
        for table in TABLES:
            if wanted := [one[KEYS[table]] for one in theirs[table]]:
                resources = self._found(table, wanted)
                entries += [
                    TransactionEntry(method="PUT", url=f"{TYPES[table]}/{one['id']}", resource=_edited(one))
                    for one in resources
                ]
        self._send(entries)
        self.edited = plus(self.edited, sizes(mine, theirs))
        self.versions = plus(self.versions, sizes(mine, theirs))
        self.is_edited = True

    def has_arrived(self) -> bool:
        """See `Pair`; on the cloud each row that arrives is a version."""
        wanted = plus(self.edited if self.is_edited else self.rows, {})
        return self._is_told(0) and count(self.practice, edited=self.is_edited) == wanted

    def is_equal(self) -> bool:
        """See `Pair`."""
        is_there = count(self.practice) == plus(self.rows, {}) and self._on_cloud() == plus(self.rows, {})
        edited = plus(self.edited, {})
        return is_there and count(self.practice, edited=True) == edited and self._edited_on_cloud(edited)

    def rest(self) -> None:
        """See `Pair`: what was made in the cloud is told the key of its row, which is one version more."""
        until(
            lambda: self._is_told(self.told), "what was made in the cloud to be told", seconds=_REST_SECONDS
        )

    def commit(self, text: str) -> None:
        """See `Pair`."""
        table = METADATA.tables[PATIENTS]
        wanted = table.c[KEYS[PATIENTS]] == guid("known patient 0")
        with self.practice.begin() as connection:
            connection.execute(update(table).where(wanted).values(HomePhone=text))

    def shows(self, text: str) -> bool:
        """See `Pair`."""
        points = self.fhir.read("Patient", self.patient)["telecom"]
        return any(one["value"] == text for one in points)

    def _is_told(self, keys: int) -> bool:
        """Whether the cloud has the versions that were written, and those that tell so many keys."""
        wanted = plus(self.versions, {ENTRIES: keys})
        found = self._version_counts()
        return all(found[table] >= wanted[table] for table in TABLES)

    def _version_counts(self) -> dict[str, int]:
        """How many versions of each table's resources were made since the pause."""
        counting = "SELECT count(*) FROM version WHERE practice = ? AND type = ? AND updated > ?"
        with self.cloud.connect() as connection:
            return {
                table: int(connection.exec_driver_sql(counting, (ODS, kind, self.since)).scalar_one())
                for table, kind in TYPES.items()
            }

    def _newest(self) -> int:
        with self.cloud.connect() as connection:
            return int(connection.exec_driver_sql("SELECT max(updated) FROM version").scalar_one())

    def _on_cloud(self) -> dict[str, int]:
        return {
            table: int(self.fhir.search_page(kind, {"_summary": "count"})["total"])
            for table, kind in TYPES.items()
        }

    def _edited_on_cloud(self, wanted: dict[str, int]) -> bool:
        """Whether as many resources say what an update writes; what costs most is looked at last."""
        asked = {
            PATIENTS: {"phone": str(EDITS[PATIENTS]["HomePhone"])},
            ENTRIES: {"value-quantity": str(EDITS[ENTRIES]["Value"])},
        }
        for table, query in asked.items():
            page = self.fhir.search_page(TYPES[table], {**query, "_summary": "count"})
            if int(page["total"]) != wanted[table]:
                return False
        drugs = self.fhir.search("MedicationRequest", {"_count": "1000"}) if wanted[DRUGS] else []
        texts: list[object] = [one["dosageInstruction"][0]["text"] for one in drugs]
        return texts.count(EDITS[DRUGS]["Dosage"]) == wanted[DRUGS]

    def _found(self, table: str, keys: list[str]) -> list[Resource]:
        system = legacy_key(ODS, table)
        return [
            one
            for at in range(0, len(keys), 50)
            for one in self.fhir.search(
                TYPES[table],
                {
                    "identifier": ",".join(
                        f"{system}|{key.strip('{}').lower()}" for key in keys[at : at + 50]
                    ),
                    "_count": "200",
                },
            )
        ]

    def _send(self, entries: list[TransactionEntry]) -> None:
        for at in range(0, len(entries), _A_TRANSACTION):
            self.fhir.transaction(entries[at : at + _A_TRANSACTION])


@contextmanager
def our_mirror(folder: Path, bridge: Sequence[str] = _BRIDGE) -> Iterator[OurPair]:
    """A practice and a cloud that are equal, with the bridge at work.

    Args:
        folder: where they keep what they keep; it is made.
        bridge: the command that is the bridge.

    Raises:
        DemoError: a program does not start.
    """
    folder.mkdir()
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'practice.sqlite'}"
        made = open_database(url, must_exist=False)
        METADATA.create_all(made)
        made.dispose()
        practice = SmallPractice(url)
        stack.callback(practice.close)
        add_codes(practice)
        store(practice.engine, {PATIENTS: people(_ORGANISATION, _DOCTOR)})
        server = stack.enter_context(our_server("cloud", f"sqlite:///{folder / 'cloud.sqlite'}", folder))
        base = f"http://127.0.0.1:{server.port}/fhir"
        stages = [f"--stage={function}=lead" for function in FUNCTIONS]
        subprocess.run([*_BRIDGE, "flags", str(folder / "flags.json"), *stages], check=True)
        running = start(
            Program(
                name="bridge",
                command=[
                    *bridge,
                    "run",
                    f"--practice={ODS}",
                    f"--legacy={practice.url}",
                    f"--fhir={base}",
                    f"--flags={folder / 'flags.json'}",
                    f"--journal={folder / 'journal.sqlite'}",
                ],
                log=folder / "bridge.log",
            )
        )
        stack.callback(end, running)
        stack.callback(running.send_signal, signal.SIGCONT)
        transport = HttpTransport(base, timeout_seconds=60)
        stack.callback(transport.close)
        fhir = FhirClient(transport)
        number = f"{legacy_key(ODS, PATIENTS)}|{guid('known patient 0').strip('{}').lower()}"
        cloud = create_engine(f"sqlite:///{folder / 'cloud.sqlite'}")
        stack.callback(cloud.dispose)
        pair = OurPair(
            practice=practice.engine,
            cloud=cloud,
            fhir=fhir,
            bridge=running,
            server=server,
            patient="",
            rows=plus({PATIENTS: PEOPLE + 2}, {}),  # and the two of the small practice
        )
        until(pair.is_equal, "the first load", seconds=_FIRST_LOAD_SECONDS)
        (patient,) = fhir.search("Patient", {"identifier": number})
        pair.patient = str(patient["id"])
        yield pair


def _edited(resource: Resource) -> Resource:
    """The resource as somebody leaves it who changes what an update changes."""
    kind = resource["resourceType"]
    if kind == "Patient":
        points = [
            {**one, "value": str(EDITS[PATIENTS]["HomePhone"])} if one.get("use") == "home" else one
            for one in resource["telecom"]
        ]
        return {**resource, "telecom": points}
    if kind == "Observation":
        value = Decimal(str(EDITS[ENTRIES]["Value"]))
        return {**resource, "valueQuantity": {**resource["valueQuantity"], "value": value}}
    (dosage,) = resource["dosageInstruction"]
    return {**resource, "dosageInstruction": [{**dosage, "text": EDITS[DRUGS]["Dosage"]}]}
