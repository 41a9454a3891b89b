"""The file of applications."""

import json
from pathlib import Path
from typing import Any

import pytest

from web_modules.errors import SettingsError
from web_modules.identity.smart.clients import DEVELOPMENT_CLIENT, load_clients

APP: dict[str, Any] = {"id": "app", "redirect_uris": ["https://app.example/back"], "scopes": "patient/*.rs"}


def load(folder: Path, *entries: dict[str, Any]) -> Any:
    file = folder / "clients.json"
    file.write_text(json.dumps({"clients": entries}))
    return load_clients(file)


def test_clients_come_from_toml_or_json(tmp_path: Path) -> None:
    (as_json,) = load(tmp_path, APP)
    file = tmp_path / "clients.toml"
    file.write_text(
        '[[clients]]\nid = "app"\nredirect_uris = ["https://app.example/back"]\nscopes = "patient/*.rs"\n'
    )
    assert load_clients(file) == (as_json,)
    assert load_clients(None) == ()
    assert as_json.is_public
    assert as_json.origins == {"https://app.example"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"id": "a b"}, "id of a client"),
        ({"id": DEVELOPMENT_CLIENT.id}, "id of a client"),
        ({"scopes": "patient/*.rs nonsense"}, "not all understood"),
        ({"scopes": "system/*.rs"}, "no key"),
        ({"redirect_uris": ["http://app.example/back"]}, "https://"),
        ({"redirect_uris": ["https://app.example/#x"]}, "fragment"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "https://"),
        ({"launch_url": "ftp://app.example"}, "https://"),
        ({"part_origins": ["http://parts.example"]}, "https://"),
        ({"part_origins": ["https://parts.example/path"]}, "an origin"),
        ({"clearance": ["X"]}, "R and V"),
        ({"secret": "x"}, "secret is not known"),
        ({"scopes": 1}, "not a str"),
    ],
)
def test_what_is_wrong_with_a_client_is_said(tmp_path: Path, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load(tmp_path, APP | changed)


def test_a_client_named_twice_and_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="twice"):
        load(tmp_path, APP, APP)
    for text in ("{", "[]", '{"clients": 1}', '{"clients": [1]}', "{}", '{"clients": [{}]}'):
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(SettingsError, match="malformed"):
            load_clients(tmp_path / "x.json")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_clients(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("address", "is_taken"),
    [
        ("http://127.0.0.1:5000/back?x=1", True),
        ("http://localhost/back", True),
        ("http://[::1]:9/", True),
        ("http://127.0.0.1.evil.example/", False),
        ("http://127.0.0.1@evil.example/", False),
        ("http://evil.example/127.0.0.1", False),
        ("http://127.0.0.1:99999/", False),
        ("http://127.0.0.1:80\\@evil.example/", False),
        ("http://127.0.0.1/#x", False),
        ("https://127.0.0.1/", False),
        ("", False),
        ("http://[", False),
    ],
)
def test_in_development_an_application_on_this_machine_is_taken(address: str, is_taken: bool) -> None:
    assert DEVELOPMENT_CLIENT.check_redirect_uri(address) is is_taken
