"""Answers FHIR requests for one practice: over HTTP, and in process as the client's `Transport`."""

import logging
import time

from web_modules.fhir.transport import FhirRequest, FhirResponse
from web_modules.fhir_store.access import OURSELVES, Access, Agent
from web_modules.fhir_store.audit.events import note_of
from web_modules.fhir_store.audit.trail import AuditTrail
from web_modules.fhir_store.audit.turned_away import TurnedAway
from web_modules.fhir_store.changes import ChangeSignal
from web_modules.fhir_store.database.transactions import CommitUnknown, DatabaseSilent
from web_modules.fhir_store.elements.contexts import BINARY
from web_modules.fhir_store.interactions import answers
from web_modules.fhir_store.interactions.asked import Asked, asked_by
from web_modules.fhir_store.interactions.dispatch import Dispatch, waiting_position
from web_modules.fhir_store.interactions.practice_records import ServedPractice
from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse
from web_modules.fhir_store.store import Store

LARGEST_BODY_BYTES = 32_000_000
"""A transaction of 5,000 entries is about 10 MB, and ten times that in memory."""

_LOG = logging.getLogger(__name__)


class FhirService:
    """One practice's FHIR base. `send` blocks; every method may be called from any thread.

    Who asks is found out before.
    """

    def __init__(self, store: Store, served: ServedPractice) -> None:
        """Answer for one practice of a store that has it open (`Store.open_practice`)."""
        self.served = served
        self.changes: ChangeSignal = store.changes(served.practice)
        self.trail: AuditTrail = store.trail(served.practice)
        self._catalogue = store.catalogue
        self._is_embedded = store.database.is_embedded
        self._dispatch = Dispatch(store, served)

    def send(self, request: FhirRequest, access: Access = OURSELVES) -> FhirResponse:
        """Answer one request; a refusal is an answer, with an OperationOutcome.

        Args:
            request: as it came.
            access: who asks, and what they may do; it goes into the audit.
        """
        asked = asked_by(request, access)
        try:
            if len(request.body) > LARGEST_BODY_BYTES:
                raise refuse(
                    413, IssueCode.TOO_COSTLY, "The body is larger than this server takes; send it in parts."
                )
            answer = self._dispatch.answer(asked)
            if _is_reading(request) and answer.status != 304:
                self._note(asked, answer.status)
            return answer
        except Refusal as refusal:
            return self.refused(request, access.agent, refusal)
        except DatabaseSilent as error:
            return _unanswered(error)

    def refused(self, request: FhirRequest, agent: Agent, refusal: Refusal) -> FhirResponse:
        """The answer to what is refused of somebody known; every refusal goes into the audit."""
        try:
            words = refusal.issues[0].words if refusal.issues else ""
            self.trail.note(note_of(request, agent, moment=_now(), status=refusal.status, words=words))
        except DatabaseSilent as error:
            return _unanswered(error)
        return answers.of_refusal(refusal)

    def turned_away(self, what: TurnedAway, refusal: Refusal) -> FhirResponse:
        """The answer to what was refused before it came here; that goes into the audit too."""
        try:
            self.trail.turn_away(what)
        except DatabaseSilent as error:
            return _unanswered(error)
        return answers.of_refusal(refusal)

    def is_instant(self, request: FhirRequest) -> bool:
        """Whether to answer takes about as long as to hand it to another thread and back.

        So does one record out of a file, by its id or by one of its identifiers.
        """
        if request.method != "GET" or not self._is_embedded:
            return False
        if request.query:
            return self._asks_by_identifier(request)
        first, _, last = request.path.partition("/")
        is_small = first != BINARY
        return is_small and first.isalpha() and "/" not in last and last[:1].isalnum()

    def waiting_position(self, request: FhirRequest) -> tuple[int, float] | None:
        """For how long a request wants to be held; see `dispatch.waiting_position`."""
        return waiting_position(request)

    def _asks_by_identifier(self, request: FhirRequest) -> bool:
        name, value = request.query[0]
        if (
            len(request.query) > 1
            or name != "identifier"
            or request.path not in self._catalogue.resource_types
        ):
            return False
        system, _, identifier = value.partition("|")
        is_one = bool(system and identifier) and "," not in value
        return is_one and name in self._catalogue.of(request.path)

    def _note(self, request: Asked, status: int) -> None:
        self.trail.note(note_of(request, request.access.agent, moment=_now(), status=status))


def _now() -> int:
    return time.time_ns() // 1000


def _is_reading(request: FhirRequest) -> bool:
    """Whether a request that succeeds has shown records and not written any: writes note themselves."""
    if request.path == "metadata":
        return False
    last = request.path.rsplit("/", maxsplit=1)[-1]
    return request.method in {"GET", "HEAD"} or (request.method == "POST" and last[:1] in {"_", "$"})


def _unanswered(error: DatabaseSilent) -> FhirResponse:
    _LOG.error("the database does not answer: %s", error)
    if isinstance(error, CommitUnknown):  # without Retry-After, so that no program sends it again by itself
        words = "The database went away while this was stored, so it may be: look before you send it again."
        return answers.of_refusal(refuse(503, IssueCode.TRANSIENT, words))
    words = "The database does not answer now; nothing was changed. Try again in a moment."
    busy = refuse(503, IssueCode.TRANSIENT, words)
    return answers.of_refusal(Refusal(503, busy.issues, headers={"retry-after": "1"}))
