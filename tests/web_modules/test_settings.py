from datetime import date
from pathlib import Path
from typing import Any

import pytest

from web_modules.errors import SettingsError
from web_modules.settings import CloudSettings, load_settings

DATABASE = "sqlite:////srv/cloud.sqlite"


def test_an_option_outweighs_the_environment_and_that_the_file(tmp_path: Path) -> None:
    file = tmp_path / "cloud.toml"
    file.write_text(f'database = "{DATABASE}"\nport = 1\npractice = "Y99003"\ntoday = 2026-11-17\n')
    found = load_settings(
        {"port": 3, "practice": None},
        file=file,
        variables={"BANYAN_CLOUD_PORT": "2", "BANYAN_CLOUD_PRACTICE_NAME": "Willow Bank", "HOME": "/x"},
    )
    assert (found.database, found.port, found.practice) == (DATABASE, 3, "Y99003")
    assert (found.practice_name, found.today) == ("Willow Bank", date(2026, 11, 17))


def test_the_secret_comes_from_the_environment_only(tmp_path: Path) -> None:
    variables = {"BANYAN_CLOUD_SERVICE_TOKEN": "0123456789abcdef"}
    assert load_settings({"database": DATABASE}, variables=variables).service_token == "0123456789abcdef"
    file = tmp_path / "cloud.toml"
    file.write_text(f'database = "{DATABASE}"\nservice_token = "0123456789abcdef"\n')
    with pytest.raises(SettingsError, match="no setting `service_token`"):
        load_settings({}, file=file, variables={})


@pytest.mark.parametrize(
    ("options", "variables", "words"),
    [
        ({}, {}, "database is missing"),
        ({"database": DATABASE, "environment": "production"}, {}, "live, reference, training"),
        ({"database": DATABASE, "environment": "live", "today": "2026-11-17"}, {}, "real day"),
        ({"database": DATABASE, "development": True, "host": "192.0.2.1"}, {}, "127.0.0.1 only"),
        ({"database": DATABASE, "practice": "y1/.."}, {}, "ODS code"),
        ({"database": DATABASE, "port": 70000}, {}, "0 to 65535"),
        ({"database": DATABASE, "today": "17/11/2026"}, {}, "a day such as"),
        ({"database": DATABASE, "public_url": "cloud.example"}, {}, "http://"),
        ({"database": DATABASE}, {"BANYAN_CLOUD_PROT": "1"}, "no setting `prot`"),
        ({"database": DATABASE}, {"BANYAN_CLOUD_PORT": "x"}, "must be a number"),
        ({"database": DATABASE}, {"BANYAN_CLOUD_DEVELOPMENT": "maybe"}, "true or false"),
        ({"database": DATABASE}, {"BANYAN_CLOUD_SERVICE_TOKEN": "short"}, "at least 16"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    options: dict[str, Any], variables: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        load_settings(options, variables=variables)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["port = ", "port = 1.5", 'practice = ["Y99002"]', "colour = 1"])
def test_a_malformed_file_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cloud.toml"
    file.write_text(f'database = "{DATABASE}"\n{text}\n')
    with pytest.raises(SettingsError):
        load_settings({}, file=file, variables={})


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings({}, file=tmp_path / "none.toml", variables={})


@pytest.mark.parametrize(
    ("host", "public_url", "origin"),
    [
        ("127.0.0.1", None, "http://127.0.0.1:81"),
        ("::1", None, "http://[::1]:81"),
        ("192.0.2.1", "https://cloud.example/", "https://cloud.example"),
    ],
)
def test_clients_are_told_where_they_reach_the_cloud(host: str, public_url: str | None, origin: str) -> None:
    settings = CloudSettings(database=DATABASE, host=host, public_url=public_url)
    assert settings.origin(81) == origin


@pytest.mark.parametrize("environment", ["live", "reference", "training"])
def test_at_a_server_the_audit_needs_a_key_in_every_environment(environment: str) -> None:
    url = "postgresql+psycopg://banyan@db.example/cloud"
    with pytest.raises(SettingsError, match="say its file in audit_key"):
        load_settings({"environment": environment, "database": url}, variables={})
