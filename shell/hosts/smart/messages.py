"""What an application may say to the window, by HL7's SMART Web Messaging 1.0.0. No Qt.

`status.handshake`, `ui.*` and `scratchpad.*`; `fhir.http` is not offered: an application reaches the records
by its own token, so that they know who asks.
"""

import hmac
import logging
import re
from collections.abc import Callable, Mapping
from secrets import token_urlsafe
from typing import Annotated, Any, Final, Protocol

import msgspec

from shell.hosts.page_messages import RateLimit
from shell.hosts.smart.scratchpad import Scratchpad, outcome

APP_MESSAGE_BYTES: Final = 65_536
"""A draft order is a few thousand bytes."""
REFUSED_AT_MOST: Final = 100
"""An application of which more messages are refused is not listened to any more."""

_LOG = logging.getLogger(__name__)
_ACTIVITY: Final = re.compile(r"\A[a-z][a-z-]{0,63}\Z")
_MessageId = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Request(msgspec.Struct, frozen=True):
    """One message of an application."""

    messagingHandle: str  # noqa: N815 - the standard's names
    messageId: _MessageId  # noqa: N815
    messageType: Annotated[str, msgspec.Meta(max_length=100)]  # noqa: N815
    payload: dict[str, Any] = {}


class Response(msgspec.Struct, frozen=True):
    """What it is answered."""

    messageId: str  # noqa: N815
    responseToMessageId: str  # noqa: N815
    payload: dict[str, Any]


class Window(Protocol):
    """What an application may have the window do."""

    def done(self) -> None:
        """Close the application."""

    def open_activity(self, activity: str, parameters: Mapping[str, Any]) -> str:
        """Open a screen of the window; answers why not, or empty when it is open."""

    def drafts_changed(self) -> None:
        """It holds more or fewer drafts than before."""

    def cut_off(self) -> None:
        """It is not listened to any more."""


class Conversation:
    """One application's messages, from its launch to its end.

    Args:
        app: its id, for the log.
        handle: of its launch; a message without it is nobody's.
        groups: what it may speak of: `ui`, `scratchpad`.
        window: does what it asks for.
        clock: seconds that only ever grow.
    """

    def __init__(
        self, app: str, handle: str, groups: frozenset[str], window: Window, clock: Callable[[], float]
    ) -> None:
        self._app = app
        self._handle = handle
        self._groups = groups
        self._window = window
        self._rate = RateLimit(clock)
        self._refused: dict[str, int] = {}
        self.is_cut_off = False
        self.scratchpad = Scratchpad()

    def hear(self, body: bytes) -> bytes | None:
        """Answer a message; None: it is refused."""
        if self.is_cut_off:
            return None
        request = _read(body) if self._rate.allow() else "too many"
        if isinstance(request, Request) and not self._is_ours(request):
            request = "wrong handle"
        if isinstance(request, str):
            self.refuse(request)
            return None
        answer = Response(
            messageId=token_urlsafe(12),
            responseToMessageId=request.messageId,
            payload=self._payload(request.messageType, request.payload),
        )
        return msgspec.json.encode(answer)

    def refuse(self, reason: str) -> None:
        """Count and log what is refused; who goes on too long is cut off."""
        if self.is_cut_off:
            return
        if reason not in self._refused:
            # the first of each kind: a flood of messages is no flood of the log
            _LOG.warning("application message refused: app=%s reason=%s", self._app, reason)
        self._refused[reason] = self._refused.get(reason, 0) + 1
        if sum(self._refused.values()) >= REFUSED_AT_MOST:
            self.is_cut_off = True
            _LOG.warning("application cut off: app=%s refused=%s", self._app, self._refused)
            self._window.cut_off()

    def _is_ours(self, request: Request) -> bool:
        said = request.messagingHandle.encode("utf-8", "surrogatepass")
        return hmac.compare_digest(said, self._handle.encode())

    def _payload(self, kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        group, _, verb = kind.partition(".")
        if kind == "status.handshake":
            return {}
        if group == "ui":
            return self._ui(verb, payload)
        if group == "scratchpad" and group in self._groups:
            before = len(self.scratchpad)
            told = self.scratchpad.answer(verb, payload)
            if len(self.scratchpad) != before:
                self._window.drafts_changed()
            return told
        if group == "scratchpad":
            return outcome("403 Forbidden", "messaging/scratchpad is not registered for this application.")
        return outcome("501 Not Implemented", "This window does not know such a message.")

    def _ui(self, verb: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        why = "messaging/ui is not registered for this application."
        if "ui" in self._groups:
            why = self._why_not(verb, payload)
        if why:
            return {"status": "error", "statusDetail": {"text": why}}
        return {"status": "success"}

    def _why_not(self, verb: str, payload: Mapping[str, Any]) -> str:
        if verb == "done":
            self._window.done()
            return ""
        activity, parameters = payload.get("activityType"), payload.get("activityParameters", {})
        if verb != "launchActivity":
            return "There are ui.done and ui.launchActivity."
        if not isinstance(activity, str) or not _ACTIVITY.match(activity) or not isinstance(parameters, dict):
            return "activityType and activityParameters are needed."
        return self._window.open_activity(activity, parameters)


def _read(body: bytes) -> Request | str:
    """A message, or why it is none."""
    if len(body) > APP_MESSAGE_BYTES:
        return "too long"
    try:
        return msgspec.json.decode(body, type=Request)
    except (msgspec.DecodeError, RecursionError):
        return "malformed"
