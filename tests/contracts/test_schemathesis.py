"""Schemathesis, which others wrote, asks every route for anything: no server error, no hang."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from starlette.routing import BaseRoute

from tests.contracts.openapi import described, plain_routes
from tests.support.served_cloud import PRACTICE, SERVICE_TOKEN, own_database, served_cloud
from web_modules.app import create_cloud
from web_modules.fhir_store.store import Store, load_standard
from web_modules.settings import CloudSettings

CHECKS = "not_a_server_error,content_type_conformance"
SLOWEST_SECONDS = 10
SECONDS = {False: 7, True: 600}
"""Of asking, for each of the four runs; all of it with `--soak`."""

BASES = {f"/{PRACTICE}/fhir", "/fhir"}
KEEPS_SESSION = "/sign-out"
CLIENTS = {
    "clients": [{"id": "app", "redirect_uris": ["https://app.example/back"], "scopes": "patient/*.rs"}]
}


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[BaseRoute]:
    """The routes of a cloud that was put together as the served one is."""
    settings = CloudSettings(
        database=f"sqlite:///{tmp_path_factory.mktemp('routes') / 'cloud.sqlite'}",
        service_token=SERVICE_TOKEN,
        is_development=True,
    )
    with closing(Store(settings.database, load_standard())) as store:
        return list(create_cloud(settings, store, bytes(32), "http://127.0.0.1:8080").app.routes)


def test_the_description_names_every_route(routes: list[BaseRoute]) -> None:
    told = described(routes, sorted(BASES), {"rest": [{"resource": [{"type": "Patient"}]}]})
    named = {(path, method) for path, methods in told["paths"].items() for method in methods}
    assert set(plain_routes(routes, sorted(BASES))) <= named
    assert {getattr(route, "path", None) for route in routes} >= BASES
    for word in ("/health", "/functions.json", "/token", "/introspect", "/revoke", "/authorize", "/sign-in"):
        assert any(path.endswith(word) for path, _method in named)


@pytest.mark.end_to_end
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("who", ["nobody", "somebody"])
def test_no_route_fails_whatever_is_asked(
    kind: str, who: str, tmp_path: Path, routes: list[BaseRoute], request: pytest.FixtureRequest
) -> None:
    clients = tmp_path / "clients.json"
    clients.write_text(json.dumps(CLIENTS))
    with (
        own_database(kind, tmp_path) as database,
        served_cloud(database, tmp_path, {"BANYAN_CLOUD_CLIENTS": str(clients)}) as cloud,
    ):
        statement = requests.get(f"{cloud.base}/metadata", timeout=30).json()
        description = described(routes, sorted(BASES), statement)
        command: list[Any] = [Path(sys.executable).with_name("st"), "run", _written(tmp_path, description)]
        command += ["--url", cloud.origin, "--checks", CHECKS, "--max-response-time", SLOWEST_SECONDS]
        command += ["--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--no-color"]
        command += [
            "--workers",
            4,
            "--suppress-health-check",
            "all",
            "--warnings",
            "off",
            "--generation-database",
            "none",
        ]
        command += ["--max-time", SECONDS[bool(request.config.getoption("--soak"))], "--request-timeout", 30]
        if who == "somebody":
            sent = {"person": "priya.nair"}
            answer = requests.post(
                f"{cloud.origin}/sign-in", data=sent, headers={"Accept": "application/json"}, timeout=30
            )
            command += ["-H", f"Authorization: Bearer {SERVICE_TOKEN}"]
            command += ["-H", f"Cookie: {answer.headers['set-cookie'].partition(';')[0]}"]
            command += ["--exclude-path", KEEPS_SESSION]
        done = subprocess.run(
            list(map(str, command)), cwd=tmp_path, capture_output=True, text=True, check=False
        )
        print(done.stdout[-3000:])
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert requests.get(f"{cloud.origin}/health", timeout=30).ok
        assert "Traceback" not in cloud.log.read_text("utf-8")


def _written(folder: Path, description: dict[str, Any]) -> Path:
    file = folder / "openapi.json"
    file.write_text(json.dumps(description))
    return file
