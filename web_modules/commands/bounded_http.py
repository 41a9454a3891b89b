"""uvicorn's HTTP, which reads a head of any size into memory, with a bound."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD_BYTES = 262_144
"""Address and headers; a search with an address of 100 kB is still answered."""


class BoundedHttp(HttpToolsProtocol):
    """One connection; closed with 400 when a head does not end within `LARGEST_HEAD_BYTES`."""

    _is_in_head = False
    _head_bytes = 0

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
        self._is_in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """It has ended."""
        self._is_in_head = False
        super().on_headers_complete()
