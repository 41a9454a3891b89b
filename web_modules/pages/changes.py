"""Tells open pages at once that records have changed, as server-sent events (HTML Living Standard, 9.2)."""

import json
import threading
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from web_modules.fhir.client import FhirClient
from web_modules.fhir.errors import FhirError
from web_modules.fhir_store.changes import ChangeSignal, position_instant
from web_modules.identity.services import Services

KEEP_ALIVE_SECONDS = 15.0
"""Usual proxies end a silent answer after 30 s or more."""

MOST_LOOKED_AT = 50
"""Of a larger change only that there was one is told: every page reads again then."""

ANYTHING = "*"


class ChangedTypes:
    """Which resource types changed between two positions; asked once for all pages that wake together."""

    def __init__(self, services: Services) -> None:
        self._client = FhirClient(services.fhir)
        self._lock = threading.Lock()
        self._known: tuple[int, int, list[str]] = (0, 0, [])

    def between(self, seen: int, now: int) -> list[str]:
        """The types that changed after `seen` and up to `now`. Blocks."""
        with self._lock:
            if self._known[:2] != (seen, now):
                self._known = (seen, now, self._read(seen))
            return self._known[2]

    def _read(self, seen: int) -> list[str]:
        query = {"_since": position_instant(seen + 1), "_count": str(MOST_LOOKED_AT)}
        try:
            page = self._client.search_page("_history", query)
        except FhirError:
            return [ANYTHING]
        if any(link["relation"] == "next" for link in page.get("link", [])):
            return [ANYTHING]
        addresses = (entry.get("request", {}).get("url", "") for entry in page.get("entry", []))
        return sorted({address.partition("/")[0] for address in addresses}) or [ANYTHING]


def change_route(services: Services) -> Route:
    """`/{practice}/changes`: one event `change` with the changed types after each commit."""
    types = ChangedTypes(services)

    async def changes(_request: Request) -> Response:
        return StreamingResponse(
            change_events(services.changes, types),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return Route(f"/{services.practice}/changes", changes, methods=["GET"])


async def change_events(signal: ChangeSignal, types: ChangedTypes) -> AsyncIterator[str]:
    """What one listener is sent: `ready` at once, then `change` after each commit, until the server ends."""
    seen = signal.position
    yield "retry: 1000\nevent: ready\ndata: {}\n\n"
    while True:
        now = await signal.wait_async(seen, KEEP_ALIVE_SECONDS)
        if now > seen:
            changed = await run_in_threadpool(types.between, seen, now)
            seen = now
            yield f"event: change\ndata: {json.dumps({'types': changed})}\n\n"
        elif signal.is_released:
            return
        else:
            yield ": still here\n\n"
