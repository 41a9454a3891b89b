"""One process that serves a practice on a socket that is listening already."""

import asyncio
import gc
import logging
import signal
import socket
import threading
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from web_modules.settings import CloudSettings

_OBJECTS_BETWEEN_COLLECTIONS = 20_000
"""What a request makes ends with it. To look for rings after every 700 objects, as Python does by itself,
takes a tenth of the time of a write."""

GRACE_SECONDS = 1
"""Within which requests in flight may end; it takes a tenth of it. Those that wait for changes are let go."""


def work(
    settings: CloudSettings,
    listening: socket.socket,
    *,
    when_ready: Callable[[], None],
    until: Callable[[], object] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; blocks. Must be called by the main thread.

    Args:
        settings: as checked.
        listening: the socket.
        when_ready: called once everything is open.
        until: blocks until the process shall end by itself, if it ever shall.

    Raises:
        CloudError: it cannot start.
    """
    import uvicorn

    from web_modules.app import create_cloud
    from web_modules.commands.bounded_http import BoundedHttp
    from web_modules.commands.keys import audit_key, session_key
    from web_modules.commands.releasing_server import ReleasingServer
    from web_modules.fhir_store.store import Store, load_standard

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    find_key = partial(audit_key, settings.database, settings.audit_key)
    store = Store(settings.database, load_standard(), find_key, is_shared=settings.workers > 1)
    try:
        origin = settings.origin(int(listening.getsockname()[1]))
        cloud = create_cloud(settings, store, session_key(store, settings.practice), origin)
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
        server = ReleasingServer(config, cloud.services.changes.release)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _leave)
        _spare_collections()
        when_ready()
        if until is not None:
            threading.Thread(target=_end, args=(server, until), name="keeper", daemon=True).start()
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(server.serve(sockets=[listening]))
    finally:
        store.close()


def _spare_collections() -> None:
    """What is there now stays: the collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 20)


def _end(server: Any, until: Callable[[], object]) -> None:
    until()
    server.should_exit = True


def _leave(_number: int, _frame: FrameType | None) -> None:
    """End as one who was asked to; uvicorn calls this once the requests in flight are answered."""
    raise SystemExit(0)
