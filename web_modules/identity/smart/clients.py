"""The applications that may ask for tokens: from a file that the practice keeps, and one for development."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import ClientMixin

from web_modules.errors import SettingsError
from web_modules.fhir_store.access import RESTRICTED_LABELS
from web_modules.identity.scopes import Level, Scopes, parse_scopes
from web_modules.settings import LOOPBACK

PRIVATE_KEY_JWT = "private_key_jwt"
PUBLIC = "none"
_ID = re.compile(r"^[A-Za-z0-9._:/-]{1,128}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client(ClientMixin):
    """One application (SMART App Launch 2.2, registration).

    Attributes:
        id: the client_id.
        name: as people know it.
        scopes: the most that it is ever granted.
        redirect_uris: where answers to it may go, compared sign by sign.
        launch_url: where it is launched from our pages, or empty.
        part_origins: further origins that its pages fetch scripts, pictures and the like from.
        jwks: its public keys by value, or None.
        jwks_url: where its public keys are, or empty. Without keys it is a public client.
        clearance: confidentiality codes beyond N that it sees when it acts for itself.
        takes_loopback: whether any http address of this machine is a redirect URI of it.
    """

    id: str
    name: str
    scopes: Scopes
    redirect_uris: tuple[str, ...] = ()
    launch_url: str = ""
    part_origins: tuple[str, ...] = ()
    jwks: Mapping[str, Any] | None = None
    jwks_url: str = ""
    clearance: frozenset[str] = frozenset()
    takes_loopback: bool = False

    @property
    def is_public(self) -> bool:
        """Whether it cannot prove who it is."""
        return self.jwks is None and not self.jwks_url

    @property
    def origins(self) -> frozenset[str]:
        """Where its pages in a browser come from."""
        addresses = (urlsplit(one) for one in (*self.redirect_uris, self.launch_url) if one)
        return frozenset(f"{one.scheme}://{one.netloc}" for one in addresses if one.scheme != "")

    @property
    def is_launched(self) -> bool:
        """Whether a window can open it for its patient (EHR launch)."""
        return bool(self.launch_url) and "launch" in self.scopes.plain

    def get_client_id(self) -> str:
        """See `ClientMixin`."""
        return self.id

    def get_default_redirect_uri(self) -> str:
        """None is taken for granted: the request has to name it."""
        return ""

    def get_allowed_scope(self, scope: str | None) -> str | None:  # type: ignore[override]  # None refuses
        """What of these scopes it may have; None when that is nothing."""
        return parse_scopes(scope or "").narrowed(self.scopes).text or None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether answers may go there."""
        return redirect_uri in self.redirect_uris or (self.takes_loopback and _is_loopback(redirect_uri))

    def check_client_secret(self, _client_secret: str) -> bool:
        """No client has a secret that others know too."""
        return False

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Whether it proves who it is in this way."""
        return method == (PUBLIC if self.is_public else PRIVATE_KEY_JWT)

    def check_response_type(self, response_type: str) -> bool:
        """Whether it may send people here."""
        return response_type == "code" and (bool(self.redirect_uris) or self.takes_loopback)

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether it may get tokens in this way."""
        if grant_type == "client_credentials":
            return not self.is_public and any(one.level is Level.SYSTEM for one in self.scopes.resources)
        return grant_type in {"authorization_code", "refresh_token"} and self.check_response_type("code")


DEVELOPMENT_CLIENT = Client(
    id="banyan-development",
    name="An application on this machine",
    scopes=parse_scopes(
        "openid fhirUser profile launch launch/patient offline_access online_access "
        "patient/*.cruds user/*.cruds"
    ),
    takes_loopback=True,
)
"""Public, for whoever develops an application beside a cloud in development."""


class Clients:
    """The clients by id."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self._clients = {client.id: client for client in clients}

    def get(self, client_id: str) -> Client | None:
        """The client of this id, or None."""
        return self._clients.get(client_id)

    @property
    def origins(self) -> frozenset[str]:
        """From where pages of any of them come."""
        return frozenset(origin for client in self._clients.values() for origin in client.origins)

    @property
    def launched(self) -> list[Client]:
        """Those that a window can open, by name."""
        found = (client for client in self._clients.values() if client.is_launched)
        return sorted(found, key=lambda client: client.name.lower())

    @property
    def take_loopback(self) -> bool:
        """Whether pages of this machine count as a client's."""
        return any(client.takes_loopback for client in self._clients.values())


def load_clients(file: Path | None) -> tuple[Client, ...]:
    """Read the file of clients, TOML or JSON by its ending: a list `clients` of tables.

    Raises:
        SettingsError: it cannot be read, or a client in it is malformed.
    """
    if file is None:
        return ()
    try:
        text = file.read_text(encoding="utf-8")
        found = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
        entries = found["clients"]
        clients = tuple(_client(entry) for entry in entries)
    except OSError as error:
        raise SettingsError(
            f"The file of clients {file} cannot be read: check its name and rights."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        words = error.args[0] if error.args else type(error).__name__
        raise SettingsError(f"The file of clients {file} is malformed ({words}): correct it.") from error
    if len({client.id for client in clients}) != len(clients):
        raise SettingsError(f"The file of clients {file} names a client twice: correct it.")
    return clients


_FIELDS = {
    "id": str, "name": str, "scopes": str, "redirect_uris": list, "launch_url": str, "part_origins": list,
    "jwks": dict, "jwks_url": str, "clearance": list,
}  # fmt: skip


def _client(entry: Mapping[str, Any]) -> Client:
    for name, value in entry.items():
        if name not in _FIELDS or not isinstance(value, _FIELDS[name]):
            raise ValueError(f"{name} is not known, or not a {_FIELDS.get(name, str).__name__}")
    if not _ID.match(entry["id"]) or entry["id"] == DEVELOPMENT_CLIENT.id:
        raise ValueError("the id of a client is not usable")
    redirect_uris = tuple(entry.get("redirect_uris", ()))
    part_origins = tuple(entry.get("part_origins", ()))
    jwks_url = entry.get("jwks_url", "")
    for address in filter(None, (*redirect_uris, *part_origins, entry.get("launch_url", ""), jwks_url)):
        if not _is_safe(address):
            raise ValueError(f"{address} must begin with https://, have no fragment, and be plain ASCII")
    for origin in part_origins:
        if urlsplit(origin)._replace(scheme="", netloc="").geturl():
            raise ValueError(f"{origin} must be an origin: scheme, host and port, without a path")
    clearance = frozenset(entry.get("clearance", ()))
    if not clearance <= RESTRICTED_LABELS:
        raise ValueError(f"clearance of {entry['id']} may name R and V")
    scopes = parse_scopes(entry["scopes"])
    if len(scopes.text.split()) != len(set(entry["scopes"].split())):
        raise ValueError(f"scopes of {entry['id']} are not all understood")
    client = Client(
        id=entry["id"],
        name=entry.get("name", entry["id"]),
        scopes=scopes,
        redirect_uris=redirect_uris,
        launch_url=entry.get("launch_url", ""),
        part_origins=part_origins,
        jwks=entry.get("jwks"),
        jwks_url=jwks_url,
        clearance=clearance,
    )
    if client.is_public and any(one.level is Level.SYSTEM for one in scopes.resources):
        raise ValueError(f"{client.id} asks for system scopes and has no key")
    return client


def _is_safe(address: str) -> bool:
    asked = urlsplit(address)
    is_kept_apart = asked.scheme == "https" or _is_loopback(address)
    is_plain = address.isascii() and address.isprintable() and not set(address) & set("\"'<>\\ ")
    return is_kept_apart and is_plain and bool(asked.hostname) and not asked.fragment


def _is_loopback(address: str) -> bool:
    """An http address of this machine, by RFC 8252 section 7.3."""
    try:
        asked = urlsplit(address)
        is_here = asked.hostname in LOOPBACK and (asked.port is None or asked.port > 0)
    except ValueError:
        return False
    is_plain = address.isascii() and address.isprintable() and not set(address) & set("\"'<>\\ @")
    return asked.scheme == "http" and is_here and is_plain and not asked.fragment
