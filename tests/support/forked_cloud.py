"""The real command line as a process that starts in a moment: forked from one that has loaded it."""

import multiprocessing
from dataclasses import dataclass
from multiprocessing.process import BaseProcess

from tests.support.served_cloud import START_SECONDS, ServedCloud
from tests.support.waiting import until

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "alembic.command",
        "anyio._backends._asyncio",
        "nhsuk_frontend_jinja",
        "psycopg",
        "requests",
        "typer._adapters",
        "uvicorn.protocols.websockets.auto",
        "uvloop",
        "web_modules.app",
        "web_modules.commands.bounded_http",
        "web_modules.commands.keys",
        "web_modules.commands.releasing_server",
        "web_modules.fhir_store.database.audited",
        "tests.support.forked_start",  # the last: what was loaded before it is shared for good
    ]
)


def _serve(arguments: list[str], log: str, key: str) -> None:
    from tests.support.forked_start import serve

    serve(arguments, log, key)


@dataclass(slots=True, kw_only=True)
class ForkedCloud(ServedCloud):
    """A cloud that starts in a moment."""

    forked: BaseProcess | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        arguments = ["serve", "--development", "--port", str(self.port), "--database", self.database]
        forked = _FORKS.Process(
            target=_serve, args=(arguments, str(self.log), str(self.audit_key)), daemon=True
        )
        forked.start()
        self.forked = forked
        until(self.is_serving, "the cloud serves", seconds=START_SECONDS)
        assert forked.is_alive()

    def kill(self) -> None:
        """End it as a power cut does (kill -9)."""
        assert self.forked is not None
        self.forked.kill()
        self.forked.join(START_SECONDS)
