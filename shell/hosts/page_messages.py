"""What a page may say to the shell: SMART Web Messaging's envelope, two messages, nothing else. No Qt."""

from collections.abc import Callable
from typing import Annotated, Final

import msgspec

MESSAGE_BYTES: Final = 4096
"""The largest message is some 100 bytes; what is longer is no message of ours."""
MESSAGES_AT_ONCE: Final = 30
MESSAGES_A_SECOND: Final = 10
"""A fast typist makes a page say `banyan.work` a few times a second."""

FhirId = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9\-.]{1,64}\Z")]
"""FHIR R4 datatypes.html#id"""


class Work(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the page holds unsaved work."""

    unsaved: bool


class PatientWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The patient that the page asks the shell to open."""

    patient: FhirId


class WorkMessage(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="messageType", tag="banyan.work"
):
    """A page says whether it holds unsaved work."""

    payload: Work


class PatientOpenMessage(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    tag_field="messageType",
    tag="banyan.patient-open",
):
    """A page asks for a patient."""

    payload: PatientWanted


PageMessage = WorkMessage | PatientOpenMessage


def read_message(body: bytes) -> PageMessage | None:
    """A message that fits the schema; None of anything else."""
    if len(body) > MESSAGE_BYTES:
        return None
    try:
        message: PageMessage = msgspec.json.decode(body, type=PageMessage)
    except msgspec.DecodeError:
        return None
    return message


class RateLimit:
    """Lets a burst through and then so many a second.

    Args:
        clock: seconds that only ever grow (`time.monotonic`).
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._left = float(MESSAGES_AT_ONCE)
        self._at = clock()

    def allow(self) -> bool:
        """Whether one more may pass now."""
        now = self._clock()
        self._left = min(float(MESSAGES_AT_ONCE), self._left + (now - self._at) * MESSAGES_A_SECOND)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
