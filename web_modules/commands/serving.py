"""`banyan-cloud serve`: one practice until SIGTERM or Ctrl+C."""

import asyncio
import errno
import logging
import signal
import socket
import ssl
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from web_modules.commands.options import give_up
from web_modules.errors import AddressUnavailable, CloudError, SettingsError
from web_modules.settings import CloudSettings, load_settings

GRACE_SECONDS = 1
"""Requests in flight may end, which takes a tenth of it; pages that wait for changes are then let go."""

HELP = """Serve one practice until SIGTERM or Ctrl+C.

Every setting may also stand in a TOML file (--settings) or in the environment as BANYAN_CLOUD_<NAME>.
The secret by which services are known comes from BANYAN_CLOUD_SERVICE_TOKEN only.

Examples:

  banyan-cloud serve --port 8080 --database sqlite:////srv/banyan/cloud.sqlite

  banyan-cloud serve --port 8080 --database sqlite:///cloud.sqlite --development

  banyan-cloud serve --settings cloud.toml --environment training --today 2026-11-17

  banyan-cloud serve --settings cloud.toml --host 192.0.2.1 --tls-certificate cert.pem --tls-key key.pem
"""


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
        give_up(error)


def _serve(settings: CloudSettings) -> None:
    import uvicorn

    from web_modules.app import create_cloud
    from web_modules.commands.bounded_http import BoundedHttp
    from web_modules.commands.keys import audit_key, session_key
    from web_modules.fhir_store.store import Store, load_standard

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    _check_certificate(settings)
    listening = _listen(settings)
    port = int(listening.getsockname()[1])
    with listening:
        find_key = partial(audit_key, settings.database, settings.audit_key)
        store = Store(settings.database, load_standard(), find_key)
        try:
            key = session_key(store, settings.practice)
            origin = settings.origin(port)
            cloud = create_cloud(settings, store, key, origin)
            config = uvicorn.Config(
                cloud.app,
                http=BoundedHttp,
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
