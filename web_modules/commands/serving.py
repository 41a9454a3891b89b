"""`banyan-cloud serve`: one practice until SIGTERM or Ctrl+C."""

from pathlib import Path
from typing import Annotated

import typer

from web_modules.commands.listening import check_certificate, listen
from web_modules.commands.options import give_up
from web_modules.commands.worker import work
from web_modules.commands.workers import keep_workers
from web_modules.errors import CloudError
from web_modules.settings import CloudSettings, load_settings

HELP = """Serve one practice until SIGTERM or Ctrl+C.

Every setting may also stand in a TOML file (--settings) or in the environment as BANYAN_CLOUD_<NAME>.
The secret by which services are known comes from BANYAN_CLOUD_SERVICE_TOKEN only.
At PostgreSQL say audit_key too: the file of the key that signs the audit.

Examples:

  banyan-cloud serve --port 8080 --database sqlite:////srv/banyan/cloud.sqlite

  banyan-cloud serve --database sqlite:///cloud.sqlite --development

  banyan-cloud serve --settings cloud.toml --today 2026-11-17

\b
  banyan-cloud serve --settings cloud.toml --workers 4 \\
    --database postgresql+psycopg://banyan@db.example/cloud

\b
  banyan-cloud serve --settings cloud.toml --host 192.0.2.1 \\
    --tls-certificate cert.pem --tls-key key.pem
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
    workers: Annotated[
        int | None, typer.Option(help="Processes that serve together on one address. Default 1.")
    ] = None,
    flags: Annotated[
        Path | None, typer.Option(help="The flag file: pages that it stops are only read.")
    ] = None,
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
        "workers": workers,
        "flags": flags,
        "behind_proxy": behind_proxy or None,
        "development": development or None,
    }
    try:
        _serve(load_settings(options, file=settings))
    except CloudError as error:
        give_up(error)


def _serve(settings: CloudSettings) -> None:
    check_certificate(settings)
    with listen(settings) as listening:
        origin = settings.origin(int(listening.getsockname()[1]))

        def tell() -> None:
            name = f"{settings.practice_name} ({settings.practice})"
            typer.echo(f"Serving {name} at {origin}/{settings.practice}/fhir")

        if settings.workers == 1:
            work(settings, listening, when_ready=tell)
        else:
            keep_workers(settings, listening, tell)
