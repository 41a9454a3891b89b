"""uvicorn's server, which lets those go who wait for something to happen before it ends."""

import socket
from collections.abc import Callable

import uvicorn


class ReleasingServer(uvicorn.Server):
    """Ends as soon as the requests in flight are answered; without `release`, held ones would be cut off."""

    def __init__(self, config: uvicorn.Config, release: Callable[[], None]) -> None:
        """Begin.

        Args:
            config: uvicorn's.
            release: called once on the event loop when the server begins to end; must not block.
        """
        super().__init__(config)
        self._release = release

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        self._release()
        await super().shutdown(sockets)
