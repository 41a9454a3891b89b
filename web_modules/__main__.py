"""The commands of the cloud; the only place where its parts are wired together."""

import asyncio
import errno
import json
import logging
import signal
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from web_modules.errors import AddressUnavailable, CloudError, SettingsError
from web_modules.settings import CloudSettings, load_settings

if TYPE_CHECKING:
    from web_modules.fhir_store.audit.book import AuditBook
    from web_modules.fhir_store.store import Store

GRACE_SECONDS = 1
"""Requests in flight may end, which takes a tenth of it; pages that wait for changes are then let go."""

STATUS_TIMEOUT_SECONDS = 5

app = typer.Typer(
    help="The cloud of Banyan: records (FHIR R4), sign-in and the modules of each function.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

_SERVE_HELP = """Serve one practice until SIGTERM or Ctrl+C.

Every setting may also stand in a TOML file (--settings) or in the environment as BANYAN_CLOUD_<NAME>.
The secret by which services are known comes from BANYAN_CLOUD_SERVICE_TOKEN only.

Examples:

  banyan-cloud serve --port 8080 --database sqlite:////srv/banyan/cloud.sqlite

  banyan-cloud serve --port 8080 --database sqlite:///cloud.sqlite --development

  banyan-cloud serve --settings cloud.toml --environment training --today 2026-11-17

  banyan-cloud serve --settings cloud.toml --host 192.0.2.1 --tls-certificate cert.pem --tls-key key.pem
"""
_STATUS_HELP = """Say whether a cloud answers, for whom, and when its records last changed.

Examples:

  banyan-cloud status --port 8080

  banyan-cloud status --url https://cloud.example --json
"""
_VERIFY_HELP = """Look for any entry of the audit that was changed, removed, put in, moved or cut off.

Examples:

  banyan-cloud audit verify --database sqlite:////srv/banyan/cloud.sqlite

  banyan-cloud audit verify --database sqlite:////srv/banyan/cloud.sqlite --kept "$(tail -1 ends.txt)"
"""
_HEAD_HELP = """Tell where the audit ends, to be kept elsewhere: it shows a database that was taken back.

Examples:

  banyan-cloud audit head --database sqlite:////srv/banyan/cloud.sqlite >> ends.txt
"""


@app.command(help=_SERVE_HELP)
def serve(  # noqa: PLR0913, PLR0917  (one argument an option)
    settings: Annotated[Path | None, typer.Option(help="TOML file with any of these settings.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port; 0 takes a free one. Default 8080.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default 127.0.0.1.")] = None,
    database: Annotated[str | None, typer.Option(help="SQLAlchemy URL of the records.")] = None,
    practice: Annotated[str | None, typer.Option(help="ODS code of the practice. Default Y99002.")] = None,
    practice_name: Annotated[str | None, typer.Option(help="Its name, as shown.")] = None,
    environment: Annotated[
        str | None, typer.Option(help="live, reference or training. Default reference.")
    ] = None,
    today: Annotated[
        str | None, typer.Option(help="The day taken for today, such as 2026-11-17; not when live.")
    ] = None,
    public_url: Annotated[str | None, typer.Option(help="Origin under which clients see this cloud.")] = None,
    tls_certificate: Annotated[str | None, typer.Option(help="PEM file: the certificate.")] = None,
    tls_key: Annotated[str | None, typer.Option(help="PEM file: its private key.")] = None,
    behind_proxy: Annotated[
        bool | None, typer.Option("--behind-proxy", help="A proxy before this program does TLS.")
    ] = None,
    development: Annotated[
        bool | None, typer.Option("--development", help="Also serve /fhir without sign-in; loopback only.")
    ] = None,
) -> None:
    """Serve one practice."""
    options = {
        "port": port,
        "host": host,
        "database": database,
        "practice": practice,
        "practice_name": practice_name,
        "environment": environment,
        "today": today,
        "public_url": public_url,
        "tls_certificate": tls_certificate,
        "tls_key": tls_key,
        "behind_proxy": behind_proxy or None,
        "development": development or None,
    }
    try:
        _serve(load_settings(options, file=settings))
    except CloudError as error:
        _give_up(error)


@app.command(help=_STATUS_HELP)
def status(
    port: Annotated[int, typer.Option(help="Port of a cloud on this machine.")] = 8080,
    url: Annotated[str | None, typer.Option(help="Address of a cloud anywhere, instead of --port.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")] = False,
) -> None:
    """Say how a cloud is."""
    import requests

    address = (url or f"http://127.0.0.1:{port}").rstrip("/")
    session = requests.Session()
    session.trust_env = False
    try:
        answer = session.get(f"{address}/health", timeout=STATUS_TIMEOUT_SECONDS)
        told: dict[str, Any] = answer.json()
    except requests.RequestException:
        told = {"status": "no answer"}
    told = {"url": address, **told}
    if as_json:
        typer.echo(json.dumps(told))
    elif told["status"] == "ok":
        changed = told.get("changed") or "never"
        typer.echo(
            f"{address}: ok; practice {told['practice']}, {told['environment']}; records changed: {changed}"
        )
    else:
        typer.echo(
            f"{address}: {told['status']}; start it with `banyan-cloud serve`, or check its log.", err=True
        )
    if told["status"] != "ok":
        raise typer.Exit(1)


audit = typer.Typer(help="Check who did what with the records, or keep where the audit ends.")
app.add_typer(audit, name="audit", no_args_is_help=True)

_Database = Annotated[str, typer.Option(help="SQLAlchemy URL of the store's database.")]
_Practice = Annotated[str, typer.Option(help="ODS code of the practice.")]
_AuditKey = Annotated[Path | None, typer.Option(help="File with the key, unless beside an SQLite database.")]


@audit.command(help=_VERIFY_HELP)
def verify(
    database: _Database,
    practice: _Practice = "Y99002",
    audit_key: _AuditKey = None,
    kept: Annotated[list[str] | None, typer.Option(help="An end that `audit head` told.")] = None,
) -> None:
    """Look for any change to the audit."""
    from web_modules.fhir_store.audit.chain import read_head

    try:
        known = [read_head(one) for one in kept or ()]
        with _audit_book(database, practice, audit_key) as book:
            faults, count = book.faults(known), book.head().count
    except CloudError as error:
        _give_up(error)
    except ValueError as error:
        _give_up(SettingsError(f"What was kept is not understood ({error}): give what `audit head` told."))
    for fault in faults:
        typer.echo(f"{practice}: {fault}", err=True)
    if faults:
        raise typer.Exit(1)
    typer.echo(f"{practice}: {count} entries, whole.")


@audit.command(help=_HEAD_HELP)
def head(database: _Database, practice: _Practice = "Y99002", audit_key: _AuditKey = None) -> None:
    """Tell where the audit ends."""
    try:
        with _audit_book(database, practice, audit_key) as book:
            typer.echo(book.head().text)
    except CloudError as error:
        _give_up(error)


def main() -> None:
    """Run the command line."""
    app()


@contextmanager
def _audit_book(database: str, practice: str, file: Path | None) -> Iterator["AuditBook"]:
    from web_modules.fhir_store.audit.book import AuditBook
    from web_modules.fhir_store.audit.chain import Chain
    from web_modules.fhir_store.database.engine import Database

    opened = Database(database)
    try:
        with opened.viewing() as session:
            yield AuditBook(session, practice, Chain(_audit_key(database, file), practice))
    finally:
        opened.close()


def _give_up(error: CloudError) -> NoReturn:
    typer.echo(str(error), err=True)
    raise typer.Exit(1) from error


def _serve(settings: CloudSettings) -> None:
    import uvicorn

    from web_modules.app import create_cloud
    from web_modules.fhir_store.store import Store, load_standard

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    _check_certificate(settings)
    listening = _listen(settings)
    port = int(listening.getsockname()[1])
    with listening:
        audit_key = partial(_audit_key, settings.database, settings.audit_key)
        store = Store(settings.database, load_standard(), audit_key)
        try:
            key = _session_key(settings, store)
            origin = settings.origin(port)
            cloud = create_cloud(settings, store, key, origin)
            config = uvicorn.Config(
                cloud.app,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
                ssl_certfile=settings.tls_certificate,
                ssl_keyfile=settings.tls_key,
                proxy_headers=False,  # clients' addresses are not asked for
            )
            server = uvicorn.Server(config)
            typer.echo(
                f"Serving {settings.practice_name} ({settings.practice}) at {origin}/{settings.practice}/fhir"
            )
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, _leave)
            with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
                runner.run(server.serve(sockets=[listening]))
        finally:
            store.close()


def _check_certificate(settings: CloudSettings) -> None:
    """Say what is wrong with a certificate before anything is made."""
    if settings.tls_certificate is None:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except OSError as error:  # which ssl.SSLError is too
        raise SettingsError(
            f"The TLS certificate or its key cannot be used ({error}): check tls_certificate and tls_key."
        ) from error


def _leave(_number: int, _frame: FrameType | None) -> None:
    """End as one who was asked to; uvicorn calls this once the requests in flight are answered."""
    raise SystemExit(0)


def _listen(settings: CloudSettings) -> socket.socket:
    """Take the address first: when it is not to be had, nothing else has been made yet."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each answer waits 40 ms for an ACK
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(256)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            words = (
                f"Port {settings.port} on {settings.host} is taken by another program: choose another --port."
            )
        else:
            words = (
                f"Cannot listen on {settings.host}, port {settings.port} ({error.strerror}): choose another."
            )
        raise AddressUnavailable(words) from error
    return listening


def _audit_key(database: str, file: Path | None) -> bytes:
    """What signs the audit: in its file, which is made when it is not there."""
    from sqlalchemy import make_url

    from web_modules.identity.sessions import load_key

    url = make_url(database)
    if file is None and url.get_backend_name() == "sqlite":
        file = Path(f"{url.database}.audit-key")
    return b"" if file is None else load_key(file)


def _session_key(settings: CloudSettings, store: "Store") -> bytes:
    """Beside an SQLite database; in any other database, where every web process has it."""
    from sqlalchemy import make_url

    from web_modules.identity.database.connection import IdentityDatabase
    from web_modules.identity.database.keys import Keys
    from web_modules.identity.sessions import load_key

    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        return load_key(Path(f"{url.database}.session-key"))
    return Keys(IdentityDatabase(store.database, settings.practice)).session()


if __name__ == "__main__":
    main()
