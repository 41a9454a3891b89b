"""The websocket of a practice: `bind ID` is answered by `bound ID`, and each change by `ping ID`.

FHIR R4 subscription.html#websocket. A ping is sent only for what both the Subscription's owner and whoever is
bound may see, and who they are is asked anew each time: a session that ended hears nothing more.
"""

import asyncio
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from web_modules.fhir.errors import FhirError
from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.access import Access
from web_modules.fhir_store.audit.events import note_of
from web_modules.fhir_store.database.transactions import DatabaseSilent
from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.endpoint import Closed
from web_modules.fhir_store.refusals import Refusal
from web_modules.fhir_store.service import FhirService
from web_modules.fhir_store.subscriptions.desk import Desk
from web_modules.fhir_store.subscriptions.owners import Renewed, read_access
from web_modules.fhir_store.subscriptions.wanted import LOOPBACK_ONLY, Channel, read_wanted

SocketGate = Callable[[HTTPConnection], Access | Closed]
"""Says what whoever opens a socket may do, or why they may not. May block."""

MOST_BOUND = 20
"""Subscriptions that one socket may be bound to."""

WAIT_SECONDS = 20.0
"""How soon it is noticed, where nothing changes, that a session or a Subscription has ended."""

GATHER_SECONDS = 0.05

WORKERS = 8

POLICY, TRY_LATER = 1008, 1013
"""Why a socket is closed (RFC 6455, 7.4.1; IANA)."""

_BIND = re.compile(r"^bind[: ]\s*([A-Za-z0-9\-.]{1,64})\s*$", re.ASCII)


@dataclass(slots=True, kw_only=True)
class _Bound:
    """One Subscription that a socket hears of; everything up to `position` has been dealt with."""

    id: str
    position: int


class SubscriptionSocket:
    """Takes one practice's websockets."""

    def __init__(self, service: FhirService, desk: Desk, gate: SocketGate, renewed: Renewed) -> None:
        """Serve a practice.

        Args:
            service: its records.
            desk: its subscriptions.
            gate: before each socket, and asked again before each ping.
            renewed: what an owner may still see.
        """
        self._service = service
        self._desk = desk
        self._gate = gate
        self._renewed = renewed
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="socket")

    def route(self, path: str) -> BaseRoute:
        """Where it is, below the path of a base."""
        return WebSocketRoute(f"{path}/websocket", self.serve)

    async def serve(self, socket: WebSocket) -> None:
        """Serve one socket until either side closes it."""
        asking = HTTPConnection(dict(socket.scope))
        socket.scope["query_string"] = b""  # a token may stand there, and the server logs the address
        access = await self._in_thread(self._admitted, asking)
        if access is None:
            await socket.close(POLICY)  # before it is accepted: the answer is HTTP 403
            return
        await socket.accept()
        watches: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                asked = _BIND.match(await socket.receive_text())
                if asked is None or (asked[1] not in watches and len(watches) >= MOST_BOUND):
                    await socket.close(POLICY, "Send `bind` and the id of a Subscription.")
                    return
                bound = await self._in_thread(self._bind, asking, asked[1])
                if bound is None:
                    await socket.close(POLICY, "There is no such Subscription to bind to.")
                    return
                await socket.send_text(f"bound {bound.id}")
                if bound.id not in watches:
                    watches[bound.id] = asyncio.create_task(self._watch(socket, asking, bound))
        except (WebSocketDisconnect, KeyError):  # KeyError: bytes came instead of text
            return
        except (DatabaseSilent, FhirError):
            await socket.close(TRY_LATER)
        finally:
            for watch in watches.values():
                watch.cancel()
            await asyncio.gather(*watches.values(), return_exceptions=True)

    async def _watch(self, socket: WebSocket, asking: HTTPConnection, bound: _Bound) -> None:
        """Ping for each change, until the Subscription, the permission or the server ends."""
        while not self._service.changes.is_released:
            seen = self._service.changes.position
            try:
                pings = await self._in_thread(self._look, asking, bound)
            except (DatabaseSilent, FhirError):
                await socket.close(TRY_LATER)
                return
            if pings is None:
                await socket.close(POLICY, "The Subscription, or the permission to hear of it, has ended.")
                return
            for _ping in range(pings):
                await socket.send_text(f"ping {bound.id}")
            await self._service.changes.wait_async(seen, WAIT_SECONDS)
            await asyncio.sleep(GATHER_SECONDS)

    def _admitted(self, asking: HTTPConnection) -> Access | None:
        access = self._gate(asking)
        if isinstance(access, Closed):
            self._service.turned_away(access.noted, access.refusal)
            return None
        return access

    def _bind(self, asking: HTTPConnection, subscription: str) -> _Bound | None:
        """What was committed since the owner was last told counts as one change."""
        access = self._admitted(asking)
        if access is None:
            return None
        answer = self._service.send(FhirRequest(method="GET", path=f"Subscription/{subscription}"), access)
        if answer.status != 200 or decode(answer.body)["channel"]["type"] != Channel.WEBSOCKET:
            return None
        standing = self._desk.standing(subscription)
        if standing is None or standing.status not in {"requested", "active"}:
            return None
        return _Bound(id=subscription, position=standing.position)

    def _look(self, asking: HTTPConnection, bound: _Bound) -> int | None:
        """How many pings to send; None when nothing more is to be heard."""
        access = self._gate(asking)
        found = self._desk.details(bound.id)
        if isinstance(access, Closed) or found is None:
            return None
        standing, (text, content) = found
        kept = read_access(text)
        owner = self._renewed(kept)
        can_read = self._desk.may_read(access, bound.id)
        if owner is None or not can_read or standing.status not in {"requested", "active"}:
            return None
        try:
            wanted = read_wanted(decode(content), LOOPBACK_ONLY)
            pings = 0
            while (page := self._desk.follower.page(wanted, (owner, access), bound.position)).reached:
                for version in page.matches:
                    path = f"{version.type}/{version.id}/_history/{version.version}"
                    self._note(path, access, bound.id)
                pings += len(page.matches)
                bound.position = page.reached
        except Refusal:
            return None
        if pings and isinstance(self._gate(asking), Closed):
            return None  # the session ended before what was found came to be
        if pings and kept.agent == access.agent:
            self._desk.advance(bound.id, bound.position)
        return pings

    def _note(self, path: str, access: Access, subscription: str) -> None:
        words = f"Told of to whoever is bound to Subscription/{subscription}."
        moment = time.time_ns() // 1000
        request = FhirRequest(method="GET", path=path)
        self._service.trail.note(note_of(request, access.agent, moment=moment, status=200, words=words))

    async def _in_thread(self, work: Callable[..., Any], *values: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._workers, partial(work, *values))
