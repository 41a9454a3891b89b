"""The legacy program that ships, hosted by the description that ships."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec

from shell.hosts import descriptions_folder
from shell.native.process import Process
from tests.support.staged_hosts import ROOT, StagedHosts
from tests.support.virtual_screen import VirtualScreen


def _practice(folder: Path) -> str:
    database = f"sqlite:///{folder / 'practice.db'}"
    for command in (["create"], ["generate", "--patients", "12", "--today", "2026-11-17"]):
        name, *options = command
        subprocess.run(
            [
                sys.executable,
                "-m",
                "legacy_bridge.reference_practice",
                name,
                "--database",
                database,
                *options,
            ],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
    return database


def _end(folder: Path) -> None:
    remembered = folder / "halden-gp.process.json"
    if remembered.exists():
        with contextlib.suppress(ProcessLookupError):
            os.kill(msgspec.json.decode(remembered.read_bytes(), type=Process).pid, signal.SIGKILL)


def test_patients_are_opened_read_back_changed_saved_and_closed(
    managed_screen: VirtualScreen, tmp_path: Path
) -> None:
    description = str(descriptions_folder() / "halden_gp.toml")
    arguments = ["--legacy", description, "--database", _practice(tmp_path), "--state", str(tmp_path)]
    with StagedHosts(managed_screen, *arguments) as stage, contextlib.ExitStack() as stack:
        stack.callback(_end, tmp_path)
        stage.open("legacy", "patients", "104001")
        stage.wait_for("shown", identifier="104001", function="patients")
        stage.open("legacy", "appointments", "104002")
        stage.wait_for("shown", identifier="104002", function="appointments")
        stage.open("legacy", "patients", "104002")
        stage.wait_for("shown", identifier="104002", function="patients")
        stage.tell("take_keys", side="legacy")
        managed_screen.key("F7")
        managed_screen.type("01632 960999")
        stage.wait_for("shown", unsaved=True, identifier="104002")
        since = len(stage.events)
        stage.tell("save_work", side="legacy")
        assert stage.wait_for("work_done", since=since)["done"] is True
        stage.open("legacy", "patients", None)
        stage.wait_for("shown", since=since, state="nobody")
        since = len(stage.events)
        stage.tell("take_keys", side="legacy")
        managed_screen.key("ctrl+k")
        stage.wait_for("shell_key", since=since, key="Ctrl+K")
