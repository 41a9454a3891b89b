"""Answers FHIR requests for one practice: over HTTP, and in process as the client's `Transport`."""

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from web_modules.fhir.transport import DEADLINE, FhirRequest, FhirResponse
from web_modules.fhir_store import answers
from web_modules.fhir_store.access import AUDIT_EVENT, OURSELVES, Access, Agent, Interaction
from web_modules.fhir_store.asked import Asked, asked_by
from web_modules.fhir_store.audit.events import note_of
from web_modules.fhir_store.audit.service import AuditService
from web_modules.fhir_store.audit.trail import AuditTrail
from web_modules.fhir_store.audit.turned_away import TurnedAway
from web_modules.fhir_store.bundles import BundleRunner
from web_modules.fhir_store.capability import capability_statement
from web_modules.fhir_store.changes import ChangeSignal, position_instant
from web_modules.fhir_store.compartment import PatientCompartment
from web_modules.fhir_store.database.index_rows import IndexWriter
from web_modules.fhir_store.database.records import Records, WritableRecords
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.database.transactions import CommitUnknown, DatabaseSilent
from web_modules.fhir_store.documents import Resource, encode
from web_modules.fhir_store.history import read_history_request, run_history
from web_modules.fhir_store.interactions import Done, Interactions, check_id, shown
from web_modules.fhir_store.operations import meta_of, pairs_asked, validate
from web_modules.fhir_store.patching import read_patch
from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse
from web_modules.fhir_store.search.matching import Searcher
from web_modules.fhir_store.search.query import Pairs, SearchReader
from web_modules.fhir_store.search.subsets import Subsetter
from web_modules.fhir_store.sight import Sight
from web_modules.fhir_store.store import Store
from web_modules.fhir_store.subscriptions.door import SubscriptionDoor, SubscriptionRules
from web_modules.fhir_store.subscriptions.wanted import LOOPBACK_ONLY, EndpointRule

LONGEST_WAIT_SECONDS = 30.0
"""A held request is answered before usual proxies give up on it."""

LARGEST_BODY_BYTES = 32_000_000
"""A transaction of 5,000 entries is about 10 MB, and ten times that in memory."""

_WAIT = re.compile(r"\bwait=(\d{1,4})\b")
_LOG = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[WritableRecords], Done]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedPractice:
    """What a service answers for.

    Attributes:
        practice: the ODS code; every statement names it.
        base_url: under which its clients see it, without a trailing slash.
        description: what the CapabilityStatement says of this installation.
        security: `CapabilityStatement.rest.security`; None where nobody is asked to sign in.
        endpoints: where notifications may go.
    """

    practice: str
    base_url: str
    description: str
    security: Mapping[str, object] | None = None
    endpoints: EndpointRule = LOOPBACK_ONLY


class FhirService:
    """One practice's FHIR base. `send` blocks; every method may be called from any thread.

    Who asks is found out before.
    """

    def __init__(self, store: Store, served: ServedPractice) -> None:
        """Answer for one practice of a store that has it open (`Store.open_practice`)."""
        self.served = served
        self._store = store
        self._reader = SearchReader(store.catalogue)
        self._searcher = Searcher(store.catalogue, store.indexer, served.base_url)
        self._subsetter = Subsetter(store.catalogue.definitions, store.catalogue.model)
        self._compartment = PatientCompartment(store.catalogue, self._reader)
        self._interactions = Interactions(self._reader, self._searcher, store.validator)
        self._bundles = BundleRunner(
            store.validator, store.catalogue.model, self._interactions, served.base_url, self._read_within
        )
        self._subscriptions = SubscriptionRules(self._reader, self._searcher, served.endpoints)
        self._capability: bytes | None = None
        self.changes: ChangeSignal = store.changes(served.practice)
        self.trail: AuditTrail = store.trail(served.practice)
        self._audit = AuditService(
            served.practice,
            served.base_url,
            self._view,
            lambda notes: store.append(served.practice, notes),
            self._subsetter,
        )

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
            answer = self._answer(asked)
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
        """Whether to answer takes less time than to hand it to another thread: one record out of a file."""
        if request.method != "GET" or request.query or not self._store.database.is_embedded:
            return False
        first, _, last = request.path.partition("/")
        return first.isalpha() and "/" not in last and last[:1].isalnum()

    def waiting_position(self, request: FhirRequest) -> tuple[int, float] | None:
        """For how long, and from which position on, a request wants to be held; None when it does not.

        A history with `If-None-Match: W/"position"` and `Prefer: wait=SECONDS` (RFC 7240) is answered when
        something is newer than that position, or 304 after the wait.
        """
        known = request.headers.get("if-none-match", "")
        wait = _WAIT.search(request.headers.get("prefer", ""))
        position = known.removeprefix("W/").strip('"')
        is_position = position.isdecimal() and len(position) < 19
        if wait is None or not is_position or not request.path.endswith("_history"):
            return None
        return int(position), min(float(wait.group(1)), LONGEST_WAIT_SECONDS)

    def _answer(self, request: Asked) -> FhirResponse:  # noqa: PLR0911, PLR0912  (one an interaction)
        segments = [part for part in request.path.split("/") if part]
        if segments[:1] == [AUDIT_EVENT]:
            return self._audited(request, segments[1:])
        match request.method, segments:
            case "POST", []:
                return self._bundle(request)
            case "GET" | "HEAD", _:
                held = self.waiting_position(request)
                if held is not None:
                    self.changes.wait(*held)
                with self._reading(request) as records:
                    return self._read(request, records)
            case "POST", [*rest, "_search"] if len(rest) < 2:
                with self._reading(request) as records:
                    return self._search(request, records, "".join(rest), _posted(request))
            case "POST", [resource_type]:
                resource = self._resource(request, resource_type)
                condition = request.headers.get("if-none-exist")
                return self._write(
                    request,
                    lambda records: self._interactions.create(records, resource, if_none_exist=condition),
                )
            case "POST", [resource_type, *rest, "$validate"] if len(rest) < 2:
                with self._reading(request) as records:
                    return self._validate(request, records, resource_type, rest)
            case "POST", [_, _, "$everything" | "$meta"]:
                with self._reading(request) as records:
                    return self._read(request, records)
            case "PUT", [resource_type, resource_id]:
                return self._update(request, self._resource(request, resource_type, check_id(resource_id)))
            case "PUT", [resource_type]:
                return self._conditional_update(request, resource_type)
            case "PATCH", [resource_type, *rest] if len(rest) < 2:
                return self._patch(request, self._known(resource_type), rest)
            case "DELETE", [resource_type, resource_id]:
                self._known(resource_type)
                expected = request.headers.get("if-match", "")
                return self._write(
                    request,
                    lambda records: self._interactions.delete(
                        records, resource_type, check_id(resource_id), if_match=expected
                    ),
                )
            case "DELETE", [resource_type, resource_id, "_history"]:
                self._known(resource_type)
                return self._write(
                    request,
                    lambda records: self._interactions.delete_history(
                        records, resource_type, check_id(resource_id)
                    ),
                )
            case "DELETE", [resource_type]:
                self._known(resource_type)
                condition = _condition(request)
                return self._write(
                    request,
                    lambda records: self._interactions.conditional_delete(records, resource_type, condition),
                )
        raise refuse(
            405, IssueCode.NOT_SUPPORTED, "This server does not do that here; see its CapabilityStatement."
        )

    def _read(self, request: Asked, records: Records) -> FhirResponse:  # noqa: PLR0911  (one an interaction)
        segments = [part for part in request.path.split("/") if part]
        if segments == ["metadata"]:
            return answers.of_json(self._metadata())
        if segments and segments[-1] == "_history":
            return self._history(request, records, segments[:-1])
        if segments:
            _permit(
                records.sight, Interaction.SEARCH if len(segments) == 1 else Interaction.READ, segments[0]
            )
        match segments:
            case []:
                return self._search(request, records, "", request.query)
            case [resource_type]:
                return self._search(request, records, resource_type, request.query)
            case [resource_type, *rest, "$validate"] if len(rest) < 2:
                return self._validate(request, records, resource_type, rest)
            case [resource_type, resource_id]:
                found = records.current(self._known(resource_type), check_id(resource_id))
                return answers.of_version(shown(found, resource_type), request, self._subsetter)
            case ["Patient", resource_id, "$everything"]:
                return self._everything(request, records, check_id(resource_id))
            case [resource_type, resource_id, "$meta"]:
                found = records.current(self._known(resource_type), check_id(resource_id))
                return meta_of(shown(found, resource_type))
            case ["Patient", resource_id, kind] if kind in self._store.catalogue.resource_types:
                return self._search(request, records, kind, request.query, patient=check_id(resource_id))
            case [resource_type, resource_id, "_history", number]:
                self._known(resource_type)
                is_number = number.isascii() and number.isdigit() and len(number) < 10
                found = (
                    records.version(resource_type, check_id(resource_id), int(number)) if is_number else None
                )
                return answers.of_version(shown(found, resource_type), request, self._subsetter)
        raise refuse(
            404, IssueCode.NOT_FOUND, "There is nothing at this address; see the CapabilityStatement."
        )

    def _read_within(self, request: FhirRequest, records: WritableRecords) -> FhirResponse:
        try:
            return self._read(asked_by(request, OURSELVES), records)
        except Refusal as refusal:
            return answers.of_refusal(refusal)

    def _search(
        self, request: Asked, records: Records, resource_type: str, pairs: Pairs, *, patient: str = ""
    ) -> FhirResponse:
        is_strict = "handling=strict" in request.headers.get("prefer", "")
        if resource_type:
            _permit(records.sight, Interaction.SEARCH, resource_type)
            search = self._reader.read(self._known(resource_type), pairs, is_strict=is_strict)
        else:
            search = self._reader.read_several(pairs, is_strict=is_strict)
        if patient:
            search = self._compartment.within(search, patient)
        page = self._searcher.run(records, search)
        return answers.of_search(search, page, self.served.base_url, self._subsetter)

    def _everything(self, request: Asked, records: Records, patient_id: str) -> FhirResponse:
        shown(records.current("Patient", patient_id), "Patient")
        is_strict = "handling=strict" in request.headers.get("prefer", "")
        pairs = pairs_asked(request, self._store.validator)
        search = self._compartment.everything(patient_id, pairs, is_strict=is_strict)
        page = self._searcher.run(records, search)
        return answers.of_search(search, page, self.served.base_url, self._subsetter)

    def _validate(
        self, request: Asked, records: Records, resource_type: str, rest: list[str]
    ) -> FhirResponse:
        resource_id = check_id(rest[0]) if rest else ""
        return validate(request, records, self._store.validator, self._known(resource_type), resource_id)

    def _history(self, request: Asked, records: Records, key: list[str]) -> FhirResponse:
        if len(key) > 2:
            raise refuse(404, IssueCode.NOT_FOUND, "There is no history at this address.")
        if key:
            _permit(records.sight, Interaction.READ, self._known(key[0]))
        elif records.sight.is_limited:
            raise refuse(403, IssueCode.FORBIDDEN, "Ask for the history of one type, or of one resource.")
        is_strict = "handling=strict" in request.headers.get("prefer", "")
        asked = read_history_request("/".join([*key, "_history"]), request.query, is_strict=is_strict)
        position = records.position()
        etag = answers.position_etag(position)
        if answers.is_named(etag, request.headers.get("if-none-match", "")):
            return FhirResponse(status=304, headers={"etag": etag}, body=b"")
        if len(key) == 2 and records.current(key[0], check_id(key[1])) is None:
            raise refuse(404, IssueCode.NOT_FOUND, f"There is no {key[0]} with this id.")
        page = run_history(records, asked, key)
        return answers.of_history(asked, page, position, self.served.base_url)

    def _update(self, request: Asked, resource: Resource) -> FhirResponse:
        expected = request.headers.get("if-match", "")
        unwanted = request.headers.get("if-none-match", "")
        return self._write(
            request,
            lambda records: self._interactions.update(
                records, resource, if_match=expected, if_none_match=unwanted
            ),
        )

    def _conditional_update(self, request: Asked, resource_type: str) -> FhirResponse:
        resource = self._resource(request, resource_type)
        condition, expected = _condition(request), request.headers.get("if-match", "")
        return self._write(
            request,
            lambda records: self._interactions.conditional_update(
                records, resource, condition, if_match=expected
            ),
        )

    def _patch(self, request: Asked, resource_type: str, rest: list[str]) -> FhirResponse:
        patch, expected = read_patch(request.body), request.headers.get("if-match", "")
        if rest:
            resource_id = check_id(rest[0])
            return self._write(
                request,
                lambda records: self._interactions.patch(
                    records, resource_type, resource_id, patch, if_match=expected
                ),
            )
        condition = _condition(request)
        return self._write(
            request,
            lambda records: self._interactions.conditional_patch(
                records, resource_type, condition, patch, if_match=expected
            ),
        )

    def _bundle(self, request: Asked) -> FhirResponse:
        validator = self._store.validator
        bundle = validator.parse(request.body)
        if bundle["resourceType"] != "Bundle":
            raise refuse(400, IssueCode.INVALID, "Only a Bundle can be sent to the base itself.", "Resource")
        steps = self._bundles.steps(bundle)
        is_transaction = bundle["type"] == "transaction"
        if is_transaction:
            validator.check(bundle)
        wants_content = "return=representation" in request.headers.get("prefer", "")
        run = self._bundles.transaction if is_transaction else self._bundles.batch
        return answers.of_json(
            self._written(request, lambda records: run(records, steps, wants_content=wants_content))
        )

    def _resource(self, request: Asked, resource_type: str, resource_id: str = "") -> Resource:
        self._known(resource_type)
        resource = self._store.validator.parse(request.body)
        if resource["resourceType"] != resource_type:
            raise refuse(
                400, IssueCode.INVALID, f"The body is not a {resource_type}, as the address says.", "Resource"
            )
        if resource_id and resource.get("id") != resource_id:
            words = "The id in the body must be there and be the one in the address."
            raise refuse(400, IssueCode.INVALID, words, f"{resource_type}.id")
        self._store.validator.check(resource)
        return resource

    def _known(self, resource_type: str) -> str:
        if resource_type not in self._store.validator.resource_types:
            raise refuse(404, IssueCode.NOT_SUPPORTED, "FHIR R4 has no resource type of this name.")
        return resource_type

    def _audited(self, request: Asked, rest: list[str]) -> FhirResponse:
        _permit_audit(request)
        if request.method in {"GET", "HEAD"}:
            return self._audit.read(request, rest)
        if request.method == "POST" and not rest:
            return self._audit.add(request, self._resource(request, AUDIT_EVENT))
        raise refuse(405, IssueCode.NOT_SUPPORTED, "The audit is only read and added to, never changed.")

    def _view(self, look: Callable[[Session], T]) -> T:
        with self._store.database.viewing() as session:
            return look(session)

    def _write(self, request: Asked, work: Work) -> FhirResponse:
        done = self._written(request, work)
        return answers.of_done(done, self.served.base_url, request.headers.get("prefer", ""))

    @contextmanager
    def _reading(self, request: Asked) -> Iterator[Records]:
        sight, database = self._sight(request), self._store.database
        is_one_look = not sight.is_limited and _asks_one_thing(request)
        with database.looking() if is_one_look else database.viewing() as session:
            yield Records(session, self.served.practice, sight)

    def _written(self, request: Asked, work: Callable[[WritableRecords], T]) -> T:
        def in_transaction(session: Session) -> tuple[T, int]:
            records = self._writable(session, request)
            result = work(records)
            agent = request.access.agent
            note = note_of(request, agent, moment=records.reached, status=200, written=records.written)
            records.finish(self._store.book(session, self.served.practice), [note])
            _check_deadline(request)
            return result, records.reached

        result, reached = self._store.database.write(in_transaction)
        self.changes.advance(reached)
        return result

    def _sight(self, request: Asked) -> Sight:
        return self._store.sight(request.access, self.served.practice, self.served.base_url)

    def _writable(self, session: Session, request: Asked) -> WritableRecords:
        practice = self.served.practice
        index = IndexWriter(session, practice, self._store.indexer, self.served.base_url)
        door = SubscriptionDoor(self._subscriptions, session, practice, request.access)
        return WritableRecords(session, practice, index, self._sight(request), door)

    def _note(self, request: Asked, status: int) -> None:
        self.trail.note(note_of(request, request.access.agent, moment=_now(), status=status))

    def _metadata(self) -> bytes:
        if self._capability is None:
            self._capability = encode(
                capability_statement(
                    self._store.catalogue,
                    self._store.validator.resource_types,
                    base_url=self.served.base_url,
                    description=self.served.description,
                    date=position_instant(self._store.opened_at),
                    security=self.served.security,
                )
            )
        return self._capability


def _asks_one_thing(request: Asked) -> bool:
    """Whether a request needs no view in which several answers fit each other: one record, or one search."""
    is_plain = "_history" not in request.path and "$" not in request.path
    return is_plain and not any("include" in name for name, _value in request.query)


def _posted(request: Asked) -> Pairs:
    form = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return (*request.query, *form)


def _permit(sight: Sight, interaction: Interaction, resource_type: str) -> None:
    if not sight.allows(interaction, resource_type):
        raise refuse(403, IssueCode.FORBIDDEN, f"You may not do that with a {resource_type}.")


def _permit_audit(request: Asked) -> None:
    access = request.access
    is_read = request.method in {"GET", "HEAD"}
    if not (access.may_read_audit() if is_read else access.may_add_to_audit()):
        raise refuse(403, IssueCode.FORBIDDEN, "You may not do that with the audit.")


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


def _condition(request: Asked) -> str:
    return urlencode([pair for pair in request.query if pair[0] not in {"_format", "_pretty"}])


def _check_deadline(request: Asked) -> None:
    """The last thing before a commit: a write may have waited for the lock, or the process may have slept."""
    until = request.headers.get(DEADLINE, "")
    if until and not (until.isdecimal() and len(until) < 19 and time.time() * 1000 <= int(until)):
        raise refuse(408, IssueCode.TRANSIENT, "This came too late to be done; nothing was changed.")
