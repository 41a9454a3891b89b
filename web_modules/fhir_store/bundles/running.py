"""Carries out transactions (all or nothing) and batches (each for itself). FHIR R4 http.html#transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from web_modules.fhir.transport import FhirRequest, FhirResponse
from web_modules.fhir_store.bundles.linking import Finding, Linker
from web_modules.fhir_store.bundles.room import Room, no_room_for_answer, no_room_for_writing
from web_modules.fhir_store.bundles.steps import (
    ORDER,
    Step,
    StepReader,
    check_unique,
    names_given,
    placing,
    reading,
    writing,
)
from web_modules.fhir_store.database.records import Records, WritableRecords, new_id
from web_modules.fhir_store.documents import Resource, Stored
from web_modules.fhir_store.elements.model import ElementModel
from web_modules.fhir_store.interactions.answers import outcome_of
from web_modules.fhir_store.interactions.preferences import OUTCOME, REPRESENTATION
from web_modules.fhir_store.interactions.writing import Done, Interactions, nothing_fulfils
from web_modules.fhir_store.refusals import IssueCode, Refusal, outcome, refuse
from web_modules.fhir_store.validation.validator import Validator

Reading = Callable[[FhirRequest, Records], FhirResponse]
"""Answers a GET of a bundle; a refusal is an answer."""

Answers = dict[int, dict[str, Any]]
"""Entries of the answer, by the places of the entries that they answer."""


class _Waiting(Exception):
    """A conditional reference, which is resolved when everything else is written."""


def _wait(_resource_type: str, _condition: str) -> str | None:
    raise _Waiting


class BundleRunner:
    """Runs bundles against one practice."""

    def __init__(
        self,
        validator: Validator,
        model: ElementModel,
        interactions: Interactions,
        base_url: str,
        read: Reading,
    ) -> None:
        self._validator = validator
        self._linker = Linker(model, validator.resource_types)
        self._entries = StepReader(validator.resource_types, base_url)
        self._interactions = interactions
        self._base_url = base_url
        self._read = read

    def steps(self, bundle: Resource) -> list[Step | Refusal]:
        """Understand a transaction or batch; see `StepReader.read`."""
        return self._entries.read(bundle)

    def transaction(
        self, records: WritableRecords, understood: Sequence[Step | Refusal], *, wanted: str
    ) -> Answers:
        """Do every step that writes, in FHIR's order, or raise and let the caller roll back.

        Conditional references are resolved last: they find what the other entries have made.

        Raises:
            Refusal: the first step that cannot be done, with its place in the bundle.
        """
        steps, room = [replace(step) for step in writing(understood)], Room()
        promised: dict[tuple[str, str], str] = {}
        for step in steps:
            with placing(step.place):
                self._prepare(records, step, promised)
                if step.existing is not None and not room.fits(step.existing.content):
                    raise no_room_for_writing()
        check_unique(steps)
        names = names_given(steps)
        waiting: set[int] = set()
        for step in steps:
            with placing(step.place):
                try:
                    step.resource = self._linked(step, names, _wait)
                except _Waiting:
                    waiting.add(step.index)
        answers: Answers = {}
        made: set[tuple[str, str]] = set()
        for step in sorted(steps, key=lambda one: (one.index in waiting, ORDER[one.method])):
            with placing(step.place):
                if step.index in waiting:
                    step.resource = self._linked(step, names, self._finding(records))
                self._look_again(records, step, is_taken=step.key in made)
                answers[step.index] = self._done(records, step, room, wanted=wanted)
                made.add(step.key)
        return answers

    def batch(
        self, records: WritableRecords, understood: Sequence[Step | Refusal], *, wanted: str
    ) -> Answers:
        """Do each step that writes for itself; one that is refused leaves the others alone."""
        answers, room = Answers(), Room()
        for step in map(replace, writing(understood)):
            so_far = len(records.written)
            try:
                with records.session.part():
                    if step.resource is not None:
                        self._validator.check(step.resource, f"{step.place}.resource")
                    step.resource = self._linked(step, {}, self._finding(records))
                    self._prepare(records, step, {})
                    answers[step.index] = self._done(records, step, room, wanted=wanted)
            except Refusal as refusal:
                del records.written[so_far:]
                answers[step.index] = _of_refusal(refusal)
        return answers

    def read(self, records: Records, understood: Sequence[Step | Refusal]) -> Answers:
        """Do every step that only reads: after the others, and without keeping anybody from writing."""
        room = Room()
        return {step.index: self._got(records, step, room) for step in reading(understood)}

    def response(self, bundle: Resource, understood: Sequence[Step | Refusal], answered: Answers) -> Resource:
        """The answer to a bundle, its entries in the order in which they came."""
        entries = [
            _of_refusal(one) if isinstance(one, Refusal) else answered[one.index] for one in understood
        ]
        made: Resource = {"resourceType": "Bundle", "type": f"{bundle['type']}-response"}
        return made | ({"entry": entries} if entries else {})

    def _prepare(self, records: WritableRecords, step: Step, promised: dict[tuple[str, str], str]) -> None:
        """Find out which resource is meant where a condition or the server names it.

        Args:
            records: the practice's.
            step: what to do.
            promised: the ids under which earlier entries will create, by type and condition.
        """
        if step.condition:
            step.existing = self._interactions.matching(records, step.resource_type, step.condition)
        if step.existing is not None:
            step.resource_id = step.existing.id
        elif step.method == "POST":
            fresh = new_id()
            key = (step.resource_type, step.condition)
            step.resource_id = promised.setdefault(key, fresh) if step.condition else fresh
        elif step.method == "PUT" and not step.resource_id:
            step.resource_id = str((step.resource or {}).get("id", "")) or new_id()

    def _look_again(self, records: WritableRecords, step: Step, *, is_taken: bool) -> None:
        """Search again before writing: earlier entries may have changed what the condition finds.

        Args:
            records: the practice's.
            step: what to do.
            is_taken: whether an earlier entry has made the resource that this one would make.

        Raises:
            Refusal: 412, another resource than the one that the entry was taken to mean.
        """
        is_answered = step.method == "POST" and step.existing is not None
        if not step.condition or is_answered or step.method == "DELETE":
            return
        found = self._interactions.matching(records, step.resource_type, step.condition)
        if step.method == "POST" and found is not None and found.id == step.resource_id:
            step.existing = found  # an earlier entry with the same condition has made it
            return
        before = None if step.existing is None else step.existing.id
        if is_taken or before != (None if found is None else found.id):
            words = "Another entry of the transaction changes what the condition finds."
            raise refuse(412, IssueCode.CONFLICT, words)

    def _finding(self, records: WritableRecords) -> Finding:
        def find(resource_type: str, condition: str) -> str | None:
            found = self._interactions.matching(records, resource_type, condition)
            return None if found is None else found.id

        return find

    def _linked(self, step: Step, names: Mapping[str, str], find: Finding) -> Resource | None:
        if step.resource is None:
            return None
        return self._linker.linked(step.resource, names, find, f"{step.place}.resource")

    def _done(self, records: WritableRecords, step: Step, room: Room, *, wanted: str) -> dict[str, Any]:
        done = self._written(records, step)
        if step.patch is not None and done.version is not None and not room.fits(done.version.content):
            raise no_room_for_writing()
        response: dict[str, Any] = {"status": f"{done.status} {HTTPStatus(done.status).phrase}"}
        answer: dict[str, Any] = {"response": response}
        version = done.version
        if version is not None:
            address = f"{version.type}/{version.id}"
            response["location"] = f"{address}/_history/{version.version}"
            response["etag"] = version.etag
            response["lastModified"] = version.instant
            if version.content is not None:
                answer = {"fullUrl": f"{self._base_url}/{address}", "response": response}
                is_shown = version is not step.existing or room.fits(version.content)
                if wanted == REPRESENTATION and is_shown:
                    answer["resource"] = Stored(version.content)
        if wanted == OUTCOME:
            response["outcome"] = outcome_of(version)
        return answer

    def _written(self, records: WritableRecords, step: Step) -> Done:  # noqa: PLR0911  (one return a method)
        if step.method == "DELETE":
            if not step.resource_id:
                return Done(status=204, version=None)
            return self._interactions.delete(
                records, step.resource_type, step.resource_id, if_match=step.if_match
            )
        if step.patch is not None:
            if not step.resource_id:
                raise nothing_fulfils(step.resource_type)
            return self._interactions.patch(
                records, step.resource_type, step.resource_id, step.patch, if_match=step.if_match
            )
        resource = step.resource or {}
        if step.method == "POST":
            if step.existing is not None:
                return Done(status=200, version=step.existing)
            return Done(
                status=201, version=records.put(resource | {"id": step.resource_id}, None, method="POST")
            )
        if step.condition:
            return self._interactions.update_found(
                records, resource, step.existing, if_match=step.if_match, fresh_id=step.resource_id
            )
        if resource.get("id", step.resource_id) != step.resource_id:
            raise refuse(400, IssueCode.INVALID, "The id in the resource is not that in the url.")
        return self._interactions.update(
            records,
            resource | {"id": step.resource_id},
            if_match=step.if_match,
            if_none_match=step.headers.get("if-none-match", ""),
        )

    def _got(self, records: Records, step: Step, room: Room) -> dict[str, Any]:
        answer = None if room.is_full else self._read(step.asked, records)
        if answer is None or not room.fits(answer.body):
            return _of_refusal(no_room_for_answer())
        response: dict[str, Any] = {"status": f"{answer.status} {HTTPStatus(answer.status).phrase}"}
        if answer.status >= 400:
            response["outcome"] = Stored(answer.body)
            return {"response": response}
        if "etag" in answer.headers:
            response["etag"] = answer.headers["etag"]
        return (
            {"resource": Stored(answer.body), "response": response} if answer.body else {"response": response}
        )


def _of_refusal(refusal: Refusal) -> dict[str, Any]:
    status = f"{refusal.status} {HTTPStatus(refusal.status).phrase}"
    return {"response": {"status": status, "outcome": outcome(refusal.issues)}}
