"""uvicorn's HTTP, which reads a head of any size into memory and waits for it for ever, with bounds."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD_BYTES = 262_144
"""Address and headers; a search with an address of 100 kB is still answered."""

HEAD_SECONDS = 15.0
"""Within which a connection's first request, and every head that has begun, must have its head sent."""

BODY_SECONDS = 20.0
SLOWEST_BYTES_PER_SECOND = 1000
"""A body may take so long, and a second more for so many bytes: 32 MB over the slowest of lines."""

LOOK_SECONDS = 5.0
"""One timer a connection looks so often; one for each request would cost each request."""

_TOO_SLOW = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 33\r\n"
    b"connection: close\r\n\r\nThe request came in too slowly.\r\n"
)


class BoundedHttp(HttpToolsProtocol):
    """One connection; closed with 400 when a head is too long, with 408 when a request comes too slowly."""

    _has_begun = False
    _is_in_head = False
    _head_bytes = 0
    _body_bytes = 0
    _since: float | None = None
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Somebody has connected, and is to say soon what they want."""
        super().connection_made(transport)
        self._is_in_head, self._since = True, self.loop.time()
        self._timer = self.loop.call_later(LOOK_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what came; what begins with a new head is bounded by the size of one read."""
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD_BYTES:
                self.send_400_response("The address and the headers are too long.")
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._has_begun, self._is_in_head, self._head_bytes = True, True, 0
        self._since = self._since or self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """It has ended."""
        self._is_in_head, self._body_bytes, self._since = False, 0, self.loop.time()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The whole request is there."""
        self._has_begun, self._since = False, None
        super().on_message_complete()

    def _look(self) -> None:
        """Part from whoever sends too slowly; as long as this server reads nothing, that is not they."""
        if self not in self.connections:
            return  # it is a websocket's now
        if self.flow.read_paused:
            self._since = self._since and self.loop.time()
        if self._since is not None and self.loop.time() - self._since > self._patience():
            if self._has_begun and self._is_silent():
                self.transport.write(_TOO_SLOW)
            self.transport.close()
            return
        self._timer = self.loop.call_later(LOOK_SECONDS, self._look)

    def _is_silent(self) -> bool:
        """Whether no answer has begun with which what is said here would be mixed up."""
        cycle = self.cycle
        return cycle is None or (cycle.response_complete if self._is_in_head else not cycle.response_started)

    def _patience(self) -> float:
        return (
            HEAD_SECONDS if self._is_in_head else BODY_SECONDS + self._body_bytes / SLOWEST_BYTES_PER_SECOND
        )
