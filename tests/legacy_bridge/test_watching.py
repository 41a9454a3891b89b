"""What whoever watches the bridge is told: numbers by Prometheus, events in the log; nothing of a patient."""

import json
import logging
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import requests
from prometheus_client import generate_latest
from sqlalchemy import text
from typer.testing import CliRunner

from legacy_bridge.commands.logs import JsonLines
from legacy_bridge.errors import SettingsWrong, SideUnavailable
from legacy_bridge.metrics import Metrics
from legacy_bridge.reference_practice.__main__ import app as practice_app
from legacy_bridge.sides.listings import Standing
from tests.legacy_bridge.support.mirror import Mirror, stages
from tests.legacy_bridge.support.small_practice import PracticeDatabase, SmallPractice
from web_modules.decision.words import Stage
from web_modules.fhir_store.service import FhirService


def scraped(mirror: Mirror) -> str:
    metrics = mirror.service._parts.metrics
    return generate_latest(metrics.registry).decode()


def test_lag_writes_queue_conflicts_quarantine_parity_looks_and_errors_are_scraped(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "mary", HomePhone="01632 333333")
    mirror.practice.edit("Appointment_Slot", "slot0", PlannedDurationInMinutes=-15)
    mirror.practice.edit("Admin_Patient", "omar", IsConfidential=True)
    mirror.drain()
    mirror.service.count()
    mirror.service._parts.metrics.failed(SideUnavailable("x"))
    found = scraped(mirror)
    for line in (
        'banyan_bridge_writes_total{function="patients",side="cloud"}',
        'banyan_bridge_lag_seconds_bucket{function="patients",le="0.5"}',
        'banyan_bridge_dirty{kind="patient"} 0.0',
        "banyan_bridge_oldest_dirty_seconds 0.0",
        'banyan_bridge_open_conflicts{kind="patient"} 0.0',
        'banyan_bridge_quarantined{kind="slot"} 1.0',
        "banyan_bridge_oldest_quarantined_seconds",
        'banyan_bridge_withheld{kind="patient"} 1.0',
        'banyan_bridge_parity_ratio{function="patients"} 1.0',
        'banyan_bridge_last_look_timestamp_seconds{side="legacy"}',
        'banyan_bridge_last_look_timestamp_seconds{side="cloud"}',
        'banyan_bridge_errors_total{error="SideUnavailable"} 1.0',
    ):
        assert line in found


def test_metrics_are_served_until_they_end_and_a_port_that_is_taken_is_said() -> None:
    metrics = Metrics()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsWrong, match="choose another metrics_port"):
            metrics.serve("127.0.0.1", port)
    end = metrics.serve("127.0.0.1", port)
    try:
        answer = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5)
        assert "banyan_bridge_lag_seconds" in answer.text
    finally:
        end()


def test_a_scrape_while_the_journal_does_not_answer_still_tells_the_rest() -> None:
    def silent() -> Standing:
        raise SideUnavailable("The journal does not take writes: check its disk.")

    found = generate_latest(Metrics(silent).registry).decode()
    assert "banyan_bridge_lag_seconds" in found
    assert "banyan_bridge_dirty" not in found


def test_a_log_line_is_one_object_with_its_fields_and_of_an_error_only_the_class() -> None:
    record = logging.makeLogRecord(
        {"name": "legacy_bridge", "levelname": "ERROR", "msg": "side %s", "args": ("gone",), "attempts": 3}
    )
    record.exc_info = (ValueError, ValueError("Lind"), None)
    found = json.loads(JsonLines().format(record))
    assert {**found, "at": ""} == {
        "at": "",
        "level": "ERROR",
        "logger": "legacy_bridge",
        "event": "side gone",
        "attempts": 3,
        "error": "ValueError",
    }


@pytest.fixture
def generated(tmp_path: Path, fhir: FhirService) -> Iterator[Mirror]:
    """A mirror over a generated practice, not yet carried."""
    url = f"sqlite:///{tmp_path / 'generated.sqlite'}"
    for command in (["create"], ["generate", "--patients", "30"]):
        done = CliRunner().invoke(practice_app, [*command, "--database", url])
        assert done.exit_code == 0, done.output
    practice = PracticeDatabase(url)
    carried = stages(appointments=Stage.LEGACY, consultations=Stage.LEAD, prescribing=Stage.LEAD)
    mirror = Mirror(cast(SmallPractice, practice), fhir, tmp_path, standings=carried)
    yield mirror
    mirror.stop()
    practice.close()


def secrets_of(mirror: Mirror) -> set[str]:
    """What may stand nowhere: names, numbers, telephones and postcodes of every patient."""
    with mirror.practice.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT Surname, GivenName, NhsNumber, HomePhone, MobilePhone, EmailAddress, Postcode, "
                'NumberAndStreet FROM "Admin_Patient"'
            )
        ).all()
    return {str(value) for row in rows for value in row if value not in (None, "")}


@pytest.mark.hazard("H24")
def test_neither_log_nor_metrics_nor_audit_hold_anything_of_a_patient(
    generated: Mirror, caplog: pytest.LogCaptureFixture, expected_logs: list[str]
) -> None:
    expected_logs += ["record not mappable", "mirror stopped"]
    mirror = generated
    mirror.drain()
    assert sum(mirror.journal.standing().linked.values()) > 100
    secrets = secrets_of(mirror)
    assert len(secrets) > 150
    with mirror.practice.engine.begin() as connection:
        connection.execute(text('UPDATE "Admin_Patient" SET DateOfBirth = Surname WHERE rowid % 3 = 0'))
        connection.execute(text('UPDATE "Admin_Patient" SET Postcode = GivenName WHERE rowid % 3 = 1'))
        connection.execute(text('UPDATE "Admin_Patient" SET HomePhone = NhsNumber WHERE rowid % 3 = 2'))
    mirror.drain()
    assert mirror.journal.standing().quarantined, "rows that cannot be read are told of too"
    mirror.service.count()
    told = {
        "log": "\n".join(JsonLines().format(record) for record in caplog.records),
        "metrics": scraped(mirror),
        "audit": json.dumps(mirror.journal.audited(100_000)),
    }
    for name, words in told.items():
        found = [one for one in secrets if re.search(rf"\b{re.escape(one)}\b", words)]
        assert found == [], name
