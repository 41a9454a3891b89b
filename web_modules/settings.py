"""The cloud's settings: from a TOML file, the environment and the command line, in that order of weight."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from web_modules.errors import SettingsError

PREFIX = "BANYAN_CLOUD_"
SERVICE_TOKEN_VARIABLE = f"{PREFIX}SERVICE_TOKEN"
OIDC_SECRET_VARIABLE = f"{PREFIX}OIDC_CLIENT_SECRET"
ENVIRONMENTS = ("live", "reference", "training")
ROLES = ("gp", "nurse", "pharmacist", "receptionist", "practice-manager", "privacy-officer", "it", "trainer")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SHORTEST_SERVICE_TOKEN = 16
"""Signs; fewer could be guessed over a fast network."""

MOST_WORKERS = 64
"""More than the processors of any machine that this was tried on."""

MOST_SIGN_IN_DAYS = 90
"""No token lives longer."""

_ODS = re.compile(r"^[A-Z0-9]{3,12}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudSettings:
    """What one `banyan-cloud serve` needs to know.

    Attributes:
        database: SQLAlchemy URL of the store's database.
        port: TCP port to serve on; 0 takes a free one.
        host: address to listen on.
        practice: ODS code of the practice that is served.
        practice_name: its name, as shown.
        environment: live, reference or training.
        today: the day that pages take for today, or None for the real one; reference and training only.
        is_development: also serve `/fhir` without sign-in; loopback only.
        public_url: the origin under which clients see the cloud; from host and port when None.
        service_token: what the bridge and other services send as bearer; from the environment only.
        tls_certificate: PEM file with the certificate and those above it; needs `tls_key`.
        tls_key: PEM file with its private key.
        workers: processes that serve together on one address; they share nothing but the database.
        is_behind_proxy: a proxy before this program does TLS; then `public_url` must begin with https.
        clients: TOML or JSON file of the applications that may ask for tokens (SMART App Launch).
        audit_key: file of the key that signs the audit; beside an SQLite database when None, else needed.
        oidc_issuer: the OpenID provider at which people sign in, such as NHS CIS2.
        oidc_client_id: our name at the provider.
        oidc_client_secret: our secret at the provider; from the environment only.
        oidc_client_key: file with our private JSON Web Key at the provider, instead of a secret.
        oidc_role_claim: the claim that names roles.
        oidc_roles: our role for each value of that claim; in the file only.
        subscription_hosts: host names to which notifications of Subscriptions may go; a list, or comma-parted
        flags: the flag file; the pages of a function that it stops are only read
        requests_per_minute: how many requests a person or application may make, by process; 0: any number.
        sign_in_days: how long applications and Subscriptions go on for a person who does not sign in.
    """

    database: str
    port: int = 8080
    host: str = "127.0.0.1"
    practice: str = "Y99002"
    practice_name: str = "Fernbrook Surgery"
    environment: str = "reference"
    today: date | None = None
    is_development: bool = False
    public_url: str | None = None
    service_token: str | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    workers: int = 1
    is_behind_proxy: bool = False
    clients: Path | None = None
    audit_key: Path | None = None
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    oidc_client_key: Path | None = None
    oidc_role_claim: str = "nhsid_nrbac_roles"
    oidc_roles: tuple[tuple[str, str], ...] = ()
    subscription_hosts: tuple[str, ...] = ()
    flags: Path | None = None
    requests_per_minute: int = 0
    sign_in_days: int = 7

    def __post_init__(self) -> None:
        """Refuse what is malformed or contradicts itself."""
        if not _ODS.match(self.practice):
            raise SettingsError(
                "The practice must be an ODS code, capital letters and digits such as Y99002."
            )
        if self.environment not in ENVIRONMENTS:
            raise SettingsError(f"The environment must be one of {', '.join(ENVIRONMENTS)}.")
        if self.today is not None and self.environment == "live":
            raise SettingsError(
                "A live practice has the real day: leave out today, or choose another environment."
            )
        if self.is_development and self.host not in LOOPBACK:
            raise SettingsError(
                "Development serves records without sign-in and is allowed on 127.0.0.1 only: "
                "leave out --development or --host."
            )
        if not 0 <= self.port <= 65535:
            raise SettingsError("The port must be a number from 0 to 65535.")
        if not 1 <= self.workers <= MOST_WORKERS:
            raise SettingsError(f"The workers must be a number from 1 to {MOST_WORKERS}.")
        if self.service_token is not None and len(self.service_token) < SHORTEST_SERVICE_TOKEN:
            raise SettingsError(
                f"{SERVICE_TOKEN_VARIABLE} must have at least {SHORTEST_SERVICE_TOKEN} signs."
            )
        if self.requests_per_minute < 0:
            raise SettingsError("requests_per_minute must be a number; 0 allows any number of requests.")
        if not 1 <= self.sign_in_days <= MOST_SIGN_IN_DAYS:
            raise SettingsError(f"The sign_in_days must be a number from 1 to {MOST_SIGN_IN_DAYS}.")
        if self.public_url is not None and urlsplit(self.public_url).scheme not in {"http", "https"}:
            raise SettingsError("The public URL must begin with http:// or https://.")
        if self.database.startswith("postgresql") and self.audit_key is None:
            raise SettingsError("The audit needs a key outside its database: say its file in audit_key.")
        self._check_transport()
        self._check_provider()

    @property
    def has_tls(self) -> bool:
        """Whether this program does TLS itself."""
        return self.tls_certificate is not None

    def _check_transport(self) -> None:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise SettingsError("TLS needs both tls_certificate and tls_key: give the other one too.")
        is_secret = self.environment == "live" or self.oidc_issuer is not None
        if is_secret and self.host not in LOOPBACK and not (self.has_tls or self.is_behind_proxy):
            raise SettingsError(
                "People's sign-ins and live records do not go over a network in clear: give tls_certificate "
                "and tls_key, or say behind_proxy when a proxy does TLS."
            )
        is_https = urlsplit(self.public_url or "").scheme == "https"
        if self.is_behind_proxy and not is_https:
            raise SettingsError("Behind a proxy, public_url must say the https address that clients see.")

    def _check_provider(self) -> None:
        given = (self.oidc_issuer, self.oidc_client_id)
        if any(given) and not all(given):
            raise SettingsError("Sign-in at a provider needs both oidc_issuer and oidc_client_id.")
        if self.oidc_issuer is None:
            return
        asked = urlsplit(self.oidc_issuer)
        if asked.scheme != "https" and not (asked.scheme == "http" and asked.hostname in LOOPBACK):
            raise SettingsError("The oidc_issuer must begin with https://.")
        unknown = {role for _, role in self.oidc_roles} - set(ROLES)
        if unknown:
            raise SettingsError(f"A role in oidc_roles must be one of {', '.join(ROLES)}.")
        if not self.oidc_roles:
            raise SettingsError(
                "Nobody could sign in: say in oidc_roles which role each value of the claim is."
            )

    def origin(self, port: int) -> str:
        """Under which scheme, host and port clients see the cloud, without a trailing slash."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.has_tls else 'http'}://{host}:{port}"


_SECRETS = {SERVICE_TOKEN_VARIABLE: "service_token", OIDC_SECRET_VARIABLE: "oidc_client_secret"}
_NAMES = {
    one.name.removeprefix("is_"): one.name
    for one in fields(CloudSettings)
    if one.name not in _SECRETS.values()
}
"""What a setting is called in a file, in the environment (upper case, with the prefix) and as an option."""


_NUMBERS = frozenset({"port", "requests_per_minute", "sign_in_days", "workers"})
_FILES = frozenset({"tls_certificate", "tls_key", "clients", "audit_key", "oidc_client_key", "flags"})


def load_settings(
    options: Mapping[str, Any], *, file: Path | None = None, variables: Mapping[str, str] | None = None
) -> CloudSettings:
    """Put the settings together.

    Args:
        options: given on the command line; None means not given.
        file: a TOML file, or None.
        variables: the environment; the process's own when None.

    Raises:
        SettingsError: a setting is unknown, malformed, missing, or contradicts another.
    """
    environ = os.environ if variables is None else variables
    found: dict[str, Any] = {}
    for name, value in _from_file(file).items():
        found[_field(name, f"in {file}")] = value
    for variable, value in environ.items():
        if variable.startswith(PREFIX) and variable not in _SECRETS:
            found[_field(variable.removeprefix(PREFIX).lower(), "in the environment")] = value
    for name, value in options.items():
        if value is not None:
            found[_field(name, "on the command line")] = value
    if not found.get("database"):
        raise SettingsError(
            "The database is missing: give --database, for example sqlite:////srv/banyan/cloud.sqlite."
        )
    found |= {name: environ.get(variable) or None for variable, name in _SECRETS.items()}
    return CloudSettings(**{name: _converted(name, value) for name, value in found.items()})


def _field(name: str, where: str) -> str:
    if name not in _NAMES:
        raise SettingsError(f"There is no setting `{name}` ({where}); known are {', '.join(sorted(_NAMES))}.")
    return _NAMES[name]


def _from_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"The settings file {file} cannot be read: check its name and its rights."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {file} is not TOML ({error}): correct it.") from error


def _host_names(value: Any) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(one, str) for one in names):
        raise SettingsError("The setting subscription_hosts must be a list of host names.")
    return tuple(one.strip().lower() for one in names if one.strip())


def _converted(name: str, value: Any) -> Any:  # noqa: PLR0911  (one return a kind)
    try:
        if name in _NUMBERS and isinstance(value, str):
            return int(value)
        if name == "today" and isinstance(value, str):
            return date.fromisoformat(value)
    except ValueError as error:
        wanted = "a number" if name in _NUMBERS else "a day such as 2026-11-17"
        raise SettingsError(f"The setting {name} must be {wanted}.") from error
    if name.startswith("is_") and isinstance(value, str):
        if value.lower() not in {"true", "false", "1", "0", "yes", "no"}:
            raise SettingsError(f"The setting {name.removeprefix('is_')} must be true or false.")
        return value.lower() in {"true", "1", "yes"}
    if name in _FILES and isinstance(value, str):
        return Path(value)
    if name == "oidc_roles" and isinstance(value, dict):
        return tuple((str(claimed), str(role)) for claimed, role in value.items())
    if name == "subscription_hosts":
        return _host_names(value)
    kinds: dict[str, type] = {**dict.fromkeys(_NUMBERS, int), "today": date, "oidc_roles": tuple}
    expected = bool if name.startswith("is_") else Path if name in _FILES else kinds.get(name, str)
    if value is not None and not isinstance(value, expected):
        raise SettingsError(f"The setting {name} must be a {expected.__name__}.")
    return value
