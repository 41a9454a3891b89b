"""sekmet-fhir, a hospital that others wrote, does its work on our store, on both databases."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from demo.programs import free_port
from tests.support.served_cloud import own_database, served_cloud

SCENARIOS = (
    "conformance_smoke",
    "clinical_documentation",
    "adt_admit_transfer_discharge",
    "adt_merge_update",
    "appointment_book_cancel",
    "medication_order_dispense",
    "lab_order_to_result",
    "rad_order_imaging_report",
    "billing_claim",
    "subscription_roundtrip",
)
NOT_OUR_PART = ("peer does not advertise format xml", "peer does not play role 'payer'")
"""Why a step may be left out: XML is not declared, and a store does not decide on claims."""


@pytest.fixture(params=["sqlite", "postgresql"])
def cloud_port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """Where a server of ours is, as a developer starts it."""
    with own_database(request.param, tmp_path) as database, served_cloud(database, tmp_path) as cloud:
        yield cloud.port


@pytest.mark.end_to_end
def test_every_step_of_every_scenario_passes(cloud_port: int, tmp_path: Path) -> None:
    assert _complaints(tmp_path, cloud_port, SCENARIOS) == ""


def _complaints(folder: Path, cloud_port: int, scenarios: Sequence[str]) -> str:
    """Let sekmet do them; every step that did not pass, with what was asked and answered."""
    own, data = free_port(), folder / "data"
    settings = {
        "base_url": f"http://127.0.0.1:{own}/fhir",
        "host": "127.0.0.1",
        "port": own,
        "data_dir": str(data),
        "peers": {"banyan": {"base_url": f"http://127.0.0.1:{cloud_port}/fhir"}},
    }
    (folder / "settings.yaml").write_text(json.dumps(settings))  # JSON is YAML
    command = [str(Path(sys.executable).with_name("sekmet")), "scenario", "run", *scenarios]
    command += ["--peer", "banyan", "--serve", "--config", "settings.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:  # 1: a scenario failed, of which the report tells
        raise RuntimeError(done.stderr)
    (found,) = folder.glob("reports/*/results.json")
    reports: list[dict[str, Any]] = json.loads(found.read_bytes())
    if len(reports) != len(scenarios):
        raise RuntimeError(done.stdout)
    with closing(sqlite3.connect(data / "sekmet.db")) as traffic:
        return "\n\n".join(
            f"{report['name']}: {step['name']}: {step['status']}: {step['message']}\n{_asked(traffic, step)}"
            for report in reports
            for step in report["steps"]
            if step["status"] != "passed" and not step["message"].startswith(NOT_OUR_PART)
        )


def _asked(traffic: sqlite3.Connection, step: dict[str, Any]) -> str:
    lines = []
    for number in step["traffic_ids"]:
        statement = "SELECT method, url, req_body, status, resp_body FROM traffic WHERE id = ?"
        (row,) = traffic.execute(statement, (number,)).fetchall()
        lines.append(" ".join(str(each) for each in row if each is not None))
    return "\n".join(lines)
