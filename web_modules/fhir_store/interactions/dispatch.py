"""Finds out what a request asks for, and has it done: one way for each of FHIR's interactions."""

from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl

from web_modules.fhir.transport import FhirRequest, FhirResponse
from web_modules.fhir_store.access import AUDIT_EVENT
from web_modules.fhir_store.addresses import query_text
from web_modules.fhir_store.audit.service import AuditService
from web_modules.fhir_store.bundles.running import Answers, BundleRunner
from web_modules.fhir_store.bundles.steps import Step, reading, writing
from web_modules.fhir_store.database.records import WritableRecords
from web_modules.fhir_store.database.transactions import CommitUnknown, DatabaseSilent
from web_modules.fhir_store.documents import Resource
from web_modules.fhir_store.interactions import answers, binaries
from web_modules.fhir_store.interactions.asked import Asked
from web_modules.fhir_store.interactions.methods import not_done_here
from web_modules.fhir_store.interactions.operations import check_operation
from web_modules.fhir_store.interactions.patching import read_patch
from web_modules.fhir_store.interactions.practice_records import PracticeRecords, ServedPractice
from web_modules.fhir_store.interactions.preferences import preference
from web_modules.fhir_store.interactions.reading import Reading
from web_modules.fhir_store.interactions.writing import Done, Interactions, check_id
from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse
from web_modules.fhir_store.search.matching import Searcher
from web_modules.fhir_store.search.query import Pairs, SearchReader
from web_modules.fhir_store.store import Store
from web_modules.fhir_store.subscriptions.door import SubscriptionRules

LONGEST_WAIT_SECONDS = 30.0
"""A held request is answered before usual proxies give up on it."""

Work = Callable[[WritableRecords], Done]


class Dispatch:
    """The interactions of one practice. Safe from every thread."""

    def __init__(self, store: Store, served: ServedPractice) -> None:
        """Answer for a practice that the store has open."""
        self._served = served
        self._validator = store.validator
        self._changes = store.changes(served.practice)
        reader = SearchReader(store.catalogue)
        searcher = Searcher(store.catalogue, store.indexer, served.base_url)
        self._reading = Reading(store, served, reader, searcher)
        self._records = PracticeRecords(store, served, SubscriptionRules(reader, searcher, served.endpoints))
        self._interactions = Interactions(reader, searcher, store.validator)
        self._bundles = BundleRunner(
            store.validator,
            store.catalogue.model,
            self._interactions,
            served.base_url,
            self._reading.answer_within,
        )
        self._audit = AuditService(
            served.practice,
            served.base_url,
            self._records.view,
            lambda notes: store.append(served.practice, notes),
            self._reading.subsetter,
        )

    def answer(self, request: Asked) -> FhirResponse:  # noqa: PLR0911, PLR0912  (one an interaction)
        """Answer a request; blocks.

        Raises:
            Refusal: it is not done.
            DatabaseSilent: the database does not answer.
        """
        segments = [part for part in request.path.split("/") if part]
        if segments[:1] == [AUDIT_EVENT]:
            return self._audited(request, segments[1:])
        check_operation(segments)
        match request.method, segments:
            case "POST", []:
                return self._bundle(request)
            case "GET" | "HEAD", _:
                held = waiting_position(request)
                if held is not None:
                    self._changes.wait(*held)
                with self._records.reading(request) as records:
                    return self._reading.answer(request, records)
            case "POST", [*rest, "_search"] if len(rest) < 2:
                with self._records.reading(request) as records:
                    return self._reading.search(request, records, "".join(rest), _posted(request))
            case "POST", [resource_type]:
                resource = self._resource(request, resource_type)
                condition = request.headers.get("if-none-exist")
                return self._write(
                    request,
                    lambda records: self._interactions.create(records, resource, if_none_exist=condition),
                )
            case "POST", [resource_type, *rest, "$validate"] if len(rest) < 2:
                with self._records.reading(request) as records:
                    return self._reading.validate(request, records, resource_type, rest)
            case "POST", [_, _, "$everything" | "$meta"]:
                with self._records.reading(request) as records:
                    return self._reading.answer(request, records)
            case "PUT", [resource_type, resource_id]:
                return self._update(request, self._resource(request, resource_type, check_id(resource_id)))
            case "PUT", [resource_type]:
                return self._conditional_update(request, resource_type)
            case "PATCH", [resource_type, *rest] if len(rest) < 2:
                return self._patch(request, self._reading.known(resource_type), rest)
            case "DELETE", [resource_type, resource_id]:
                self._reading.known(resource_type)
                expected = request.headers.get("if-match", "")
                return self._write(
                    request,
                    lambda records: self._interactions.delete(
                        records, resource_type, check_id(resource_id), if_match=expected
                    ),
                )
            case "DELETE", [resource_type, resource_id, "_history"]:
                self._reading.known(resource_type)
                return self._write(
                    request,
                    lambda records: self._interactions.delete_history(
                        records, resource_type, check_id(resource_id)
                    ),
                )
            case "DELETE", [resource_type]:
                self._reading.known(resource_type)
                condition = _condition(request)
                return self._write(
                    request,
                    lambda records: self._interactions.conditional_delete(records, resource_type, condition),
                )
        raise not_done_here(segments, "This server does not do that here; see its CapabilityStatement.")

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
        validator = self._validator
        bundle = validator.parse(request.body)
        if bundle["resourceType"] != "Bundle":
            raise refuse(400, IssueCode.INVALID, "Only a Bundle can be sent to the base itself.", "Resource")
        steps = self._bundles.steps(bundle)
        is_transaction = bundle["type"] == "transaction"
        if is_transaction:
            validator.check(bundle)
        wanted = preference(request.headers.get("prefer", ""), "return")
        run = self._bundles.transaction if is_transaction else self._bundles.batch
        answered: Answers = {}
        if writing(steps):
            answered |= self._records.written(request, lambda records: run(records, steps, wanted=wanted))
        if len(answered) < len(steps):
            answered |= self._bundle_read(request, steps, is_after_writing=bool(answered))
        return answers.of_json(self._bundles.response(bundle, steps, answered))

    def _bundle_read(
        self, request: Asked, steps: Sequence[Step | Refusal], *, is_after_writing: bool
    ) -> Answers:
        try:
            with self._records.reading(request) as records:
                found = self._bundles.read(records, steps)
            self._records.note_read(request, [step.asked for step in reading(steps)])
        except DatabaseSilent as error:
            if is_after_writing:
                raise CommitUnknown(str(error)) from error
            raise
        return found

    def _resource(self, request: Asked, resource_type: str, resource_id: str = "") -> Resource:
        self._reading.known(resource_type)
        if binaries.is_sent(request, resource_type):
            resource = binaries.binary_of(request, resource_id)
        else:
            resource = self._validator.parse(request.body)
        if resource["resourceType"] != resource_type:
            raise refuse(
                400, IssueCode.INVALID, f"The body is no {resource_type}, which the address says.", "Resource"
            )
        if resource_id and resource.get("id") != resource_id:
            words = "The id in the body must be there and be the one in the address."
            raise refuse(400, IssueCode.INVALID, words, f"{resource_type}.id")
        self._validator.check(resource)
        return resource

    def _audited(self, request: Asked, rest: list[str]) -> FhirResponse:
        _permit_audit(request)
        if request.method in {"GET", "HEAD"}:
            return self._audit.read(request, rest)
        if request.method == "POST" and not rest:
            return self._audit.add(request, self._resource(request, AUDIT_EVENT))
        words = "The audit is only read and added to, never changed."
        raise not_done_here([AUDIT_EVENT, *rest], words)

    def _write(self, request: Asked, work: Work) -> FhirResponse:
        done = self._records.written(request, work)
        return answers.of_done(done, self._served.base_url, request.headers.get("prefer", ""))


def _posted(request: Asked) -> Pairs:
    form = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return (*request.query, *form)


def _permit_audit(request: Asked) -> None:
    access = request.access
    is_read = request.method in {"GET", "HEAD"}
    if not (access.may_read_audit() if is_read else access.may_add_to_audit()):
        raise refuse(403, IssueCode.FORBIDDEN, "You may not do that with the audit.")


def _condition(request: Asked) -> str:
    condition = query_text([pair for pair in request.query if pair[0] not in {"_format", "_pretty"}])
    if not condition:
        words = "Say which one is meant: by its id in the address, or by a condition."
        raise refuse(400, IssueCode.INVALID, words)
    return condition


def waiting_position(request: FhirRequest) -> tuple[int, float] | None:
    """For how long, and from which position on, a request wants to be held; None when it does not.

    A history with `If-None-Match: W/"position"` and `Prefer: wait=SECONDS` (RFC 7240) is answered when
    something is newer than that position, or 304 after the wait.
    """
    known = request.headers.get("if-none-match", "")
    wait = preference(request.headers.get("prefer", ""), "wait")
    position = known.removeprefix("W/").strip('"')
    is_position = position.isdecimal() and len(position) < 19
    is_wait = wait.isascii() and wait.isdecimal() and len(wait) < 5
    if not is_wait or not is_position or not request.path.endswith("_history"):
        return None
    return int(position), min(float(wait), LONGEST_WAIT_SECONDS)
