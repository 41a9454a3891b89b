"""Wakes the bridge when the cloud's records change: a history request that the server holds until then."""

from threading import Event, Thread
from time import monotonic

from web_modules.fhir.errors import FhirError
from web_modules.fhir.transport import FhirRequest, Transport

_HOLD_SECONDS = 8  # below the transport's own time-out
_HELD_AT_LEAST_SECONDS = 0.05  # an answer that says nothing new and comes sooner was not held
_AFTER_FAILURE_SECONDS = 1.0


class CloudWatch:
    """Watches one FHIR base on a thread of its own.

    The server is asked to hold the answer (RFC 7240 `Prefer: wait`) until its history moves on. One that does
    not hold answers is asked every `poll_seconds`.
    """

    def __init__(self, transport: Transport, *, moved: Event, poll_seconds: float) -> None:
        """Prepare to watch.

        Args:
            transport: a connection of the watch's own.
            moved: set whenever there may be something new.
            poll_seconds: how often to ask a server that does not hold.
        """
        self._transport = transport
        self._moved = moved
        self._poll_seconds = poll_seconds
        self._stop = Event()
        self._thread = Thread(target=self._run, name="cloud-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch; the first look counts as news."""
        self._thread.start()

    def close(self) -> None:
        """Stop watching; a held request ends by itself."""
        self._stop.set()

    def _run(self) -> None:
        known = 'W/"0"'
        while not self._stop.is_set():
            began = monotonic()
            try:
                answer = self._transport.send(
                    FhirRequest(
                        method="GET",
                        path="_history",
                        query=(("_count", "1"),),
                        headers={"if-none-match": known, "prefer": f"wait={_HOLD_SECONDS}"},
                    )
                )
            except FhirError:
                self._stop.wait(_AFTER_FAILURE_SECONDS)  # the bridge's own request says what is wrong
                continue
            found = answer.headers.get("etag", "")
            is_news = answer.status < 300 and found != known
            if is_news or not found:
                self._moved.set()
            if not found or (not is_news and monotonic() - began < _HELD_AT_LEAST_SECONDS):
                self._stop.wait(self._poll_seconds if answer.status < 400 else _AFTER_FAILURE_SECONDS)
            known = found or known
