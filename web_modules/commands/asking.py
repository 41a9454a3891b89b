"""`banyan-cloud status`: whether a cloud answers, for whom, and when its records last changed."""

import json
from typing import Annotated, Any

import typer

STATUS_TIMEOUT_SECONDS = 5
HELP = """Say whether a cloud answers, for whom, and when its records last changed.

Examples:

  banyan-cloud status --port 8080

  banyan-cloud status --url https://cloud.example --json
"""


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
