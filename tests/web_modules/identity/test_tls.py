"""TLS on `banyan-cloud serve`, and what is not served without it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.certificates import own_certificate
from web_modules.errors import SettingsError
from web_modules.settings import CloudSettings

ROOT = Path(__file__).parents[3]
ROLES = (("R8000", "gp"),)


def command(folder: Path, *arguments: str) -> list[str]:
    database = f"sqlite:///{folder / 'cloud.sqlite'}"
    return [sys.executable, "-m", "web_modules", "serve", "--port", "0", "--database", database, *arguments]


def test_the_cloud_is_served_over_tls(tmp_path: Path) -> None:
    cert, key = own_certificate(tmp_path)
    asked = command(tmp_path, "--tls-certificate", str(cert), "--tls-key", str(key))
    with subprocess.Popen(asked, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as cloud:
        try:
            assert cloud.stdout is not None
            said = re.search(r"https://127\.0\.0\.1:\d+", cloud.stdout.readline())
            assert said is not None
            with requests.Session() as session:
                session.trust_env = False
                session.verify = str(cert)
                assert session.get(f"{said[0]}/health", timeout=10).json()["status"] == "ok"
                signed_in = session.post(f"{said[0]}/sign-in", data={"person": "priya.nair"}, timeout=10)
                assert signed_in.history[0].headers["Set-Cookie"].endswith("Secure")
                with pytest.raises(requests.ConnectionError):
                    session.get(f"{said[0].replace('https', 'http')}/health", timeout=10)
        finally:
            cloud.send_signal(signal.SIGTERM)


def test_a_certificate_that_cannot_be_used_is_said_and_nothing_is_made(tmp_path: Path) -> None:
    cert, key = own_certificate(tmp_path)
    key.write_text("no key")
    asked = command(tmp_path, "--tls-certificate", str(cert), "--tls-key", str(key))
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 1
    assert "TLS certificate or its key" in told.stderr
    assert len(told.stderr.strip().splitlines()) == 1
    assert sorted(one.name for one in tmp_path.iterdir()) == ["certificate.pem", "key.pem"]


def settings(**given: Any) -> CloudSettings:
    return CloudSettings(database="sqlite:////srv/cloud.sqlite", **given)


@pytest.mark.parametrize(
    "given",
    [
        {"environment": "live", "host": "192.0.2.1"},
        {"environment": "live", "host": "::"},
        {
            "oidc_issuer": "https://id.example",
            "oidc_client_id": "x",
            "oidc_roles": ROLES,
            "host": "192.0.2.1",
        },
    ],
)
def test_live_records_and_real_sign_ins_do_not_leave_the_machine_in_clear(given: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="in clear"):
        settings(**given)
    settings(**given, tls_certificate=Path("c"), tls_key=Path("k"))
    settings(**given, is_behind_proxy=True, public_url="https://cloud.example")
    settings(**{**given, "host": "127.0.0.1"})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"tls_key": Path("k")}, "both"),
        ({"tls_certificate": Path("c")}, "both"),
        ({"is_behind_proxy": True}, "public_url"),
        ({"is_behind_proxy": True, "public_url": "http://cloud.example"}, "https"),
        ({"oidc_issuer": "https://id.example"}, "oidc_client_id"),
        ({"oidc_client_id": "x"}, "oidc_issuer"),
        ({"oidc_issuer": "http://id.example", "oidc_client_id": "x", "oidc_roles": ROLES}, "https"),
        ({"oidc_issuer": "https://id.example", "oidc_client_id": "x"}, "oidc_roles"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        settings(**given)
