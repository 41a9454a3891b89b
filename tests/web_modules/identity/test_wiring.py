"""What the settings make of identity."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from web_modules.app import create_cloud
from web_modules.errors import SettingsError
from web_modules.fhir_store.store import Standard, Store
from web_modules.settings import load_settings


def test_behind_a_proxy_cookies_are_for_https_only(tmp_path: Path, standard: Standard) -> None:
    origin = "https://cloud.example"
    settings = load_settings(
        {
            "database": f"sqlite:///{tmp_path / 'cloud.sqlite'}",
            "behind_proxy": True,
            "public_url": origin,
        },
        variables={},
    )
    store = Store(settings.database, standard)
    made = create_cloud(settings, store, bytes(32), origin)
    with TestClient(made.app, base_url="http://cloud.example", follow_redirects=False) as web:
        answer = web.post("/sign-in", data={"person": "priya.nair"})
        assert answer.headers["Set-Cookie"].endswith("Secure")
        told = web.get("/Y99002/fhir/.well-known/smart-configuration").json()
        assert told["token_endpoint"] == f"{origin}/Y99002/auth/token"
        form = {"grant_type": "refresh_token", "client_id": "x", "refresh_token": "y"}
        assert web.post("/Y99002/auth/token", data=form).json()["error"] == "invalid_client"
    store.close()


def test_tokens_do_not_go_over_a_network_in_clear(tmp_path: Path, standard: Standard) -> None:
    settings = load_settings(
        {"database": f"sqlite:///{tmp_path / 'cloud.sqlite'}", "host": "192.0.2.1"}, variables={}
    )
    store = Store(settings.database, standard)
    made = create_cloud(settings, store, bytes(32), "http://192.0.2.1:8080")
    with TestClient(made.app, base_url="http://192.0.2.1:8080") as web:
        form = {"grant_type": "refresh_token", "client_id": "x", "refresh_token": "y"}
        assert web.post("/Y99002/auth/token", data=form).json()["error"] == "insecure_transport"
    store.close()


def test_the_development_client_is_there_in_development_only(tmp_path: Path, standard: Standard) -> None:
    for is_development in (True, False):
        url = f"sqlite:///{tmp_path / 'cloud.sqlite'}"
        settings = load_settings({"database": url, "development": is_development}, variables={})
        store = Store(url, standard)
        made = create_cloud(settings, store, bytes(32), "http://127.0.0.1:8080")
        with TestClient(made.app, base_url="http://127.0.0.1:8080") as web:
            form = {"grant_type": "refresh_token", "client_id": "banyan-development", "refresh_token": "y"}
            error = web.post("/Y99002/auth/token", data=form).json()["error"]
            assert error == ("invalid_grant" if is_development else "invalid_client")
        store.close()


def test_the_secret_at_a_provider_comes_from_the_environment_only(tmp_path: Path) -> None:
    file = tmp_path / "cloud.toml"
    file.write_text(
        'database = "sqlite:////srv/x"\noidc_issuer = "https://id.example"\noidc_client_id = "b"\n'
        '[oidc_roles]\nR8000 = "gp"\nR8001 = "nurse"\n'
    )
    variables = {"BANYAN_CLOUD_OIDC_CLIENT_SECRET": "s"}
    settings = load_settings({}, file=file, variables=variables)
    assert settings.oidc_client_secret == "s"
    assert settings.oidc_roles == (("R8000", "gp"), ("R8001", "nurse"))
    file.write_text('database = "sqlite:////srv/x"\noidc_client_secret = "s"\n')
    with pytest.raises(SettingsError, match="no setting `oidc_client_secret`"):
        load_settings({}, file=file, variables={})


@pytest.mark.parametrize("environment", ["reference", "training", "live"])
def test_a_program_is_told_whom_one_may_choose_to_be_and_in_a_live_environment_nobody(
    tmp_path: Path, standard: Standard, environment: str
) -> None:
    url = f"sqlite:///{tmp_path / 'cloud.sqlite'}"
    settings = load_settings({"database": url, "environment": environment}, variables={})
    store = Store(url, standard)
    made = create_cloud(settings, store, bytes(32), "http://127.0.0.1:8080")
    with TestClient(made.app, base_url="http://127.0.0.1:8080") as web:
        told = web.get("/sign-in", headers={"Accept": "application/json"}).json()
        assert told["provider"] == ""
        people = {one["id"]: (one["name"], one["role"]) for one in told["people"]}
        if environment == "live":
            assert people == {}
        else:
            assert people["priya.nair"] == ("Dr Priya Nair", "gp")
            assert people["leigh.marsden"] == ("Leigh Marsden", "trainer")
        assert "<form" in web.get("/sign-in", headers={"Accept": "text/html"}).text or environment == "live"
    store.close()


@pytest.mark.parametrize(
    ("environment", "person", "statuses"),
    [
        ("reference", "priya.nair", (200, 200, 200)),
        ("reference", "dawn.hartley", (200, 200, 200)),
        ("reference", "marion.webb", (200, 200, 200)),
        ("reference", "sam.iqbal", (200, 403, 403)),
        ("reference", "leigh.marsden", (403, 403, 403)),
        ("training", "leigh.marsden", (200, 200, 200)),
        ("reference", "", (401, 401, 401)),
    ],
)
def test_who_may_not_see_is_refused_otherwise_than_who_is_not_signed_in(
    tmp_path: Path,
    standard: Standard,
    environment: str,
    person: str,
    statuses: tuple[int, int, int],
) -> None:
    url = f"sqlite:///{tmp_path / 'cloud.sqlite'}"
    settings = load_settings({"database": url, "environment": environment}, variables={})
    store = Store(url, standard)
    made = create_cloud(settings, store, bytes(32), "http://127.0.0.1:8080")
    with TestClient(made.app, base_url="http://127.0.0.1:8080") as web:
        asked = {"Accept": "application/json"}
        session = web.post("/sign-in", data={"person": person}, headers=asked).json().get("session", "")
        web.cookies.clear()
        headers = {"Authorization": f"Bearer {session}"} if session else {}
        searches = ("Basic?code=freshness", "Task?status=requested", "Patient?_summary=count")
        assert (
            tuple(web.get(f"/Y99002/fhir/{one}", headers=headers).status_code for one in searches) == statuses
        )
    store.close()
