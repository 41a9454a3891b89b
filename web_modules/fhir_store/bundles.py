"""Carries out transactions (all or nothing) and batches (each for itself). FHIR R4 http.html#transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import is_not
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from web_modules.fhir.transport import FhirRequest, FhirResponse
from web_modules.fhir_store.database.records import WritableRecords, new_id
from web_modules.fhir_store.documents import Resource, Stored
from web_modules.fhir_store.interactions import Done, Interactions
from web_modules.fhir_store.refusals import IssueCode, Refusal, outcome, refuse
from web_modules.fhir_store.steps import ORDER, Step, StepReader, check_unique, placing
from web_modules.fhir_store.validation.validator import Validator

_REASONS = {200: "OK", 201: "Created", 204: "No Content", 304: "Not Modified"}
_LINKS = frozenset({"reference", "url", "valueUri", "valueUrl", "valueUuid", "valueCanonical"})

Reading = Callable[[FhirRequest, WritableRecords], FhirResponse]
"""Answers a GET inside the writing transaction, so that it sees what the bundle has written."""


class BundleRunner:
    """Runs bundles against one practice."""

    def __init__(
        self, validator: Validator, interactions: Interactions, base_url: str, read: Reading
    ) -> None:
        self._validator = validator
        self._entries = StepReader(validator.resource_types, base_url)
        self._interactions = interactions
        self._base_url = base_url
        self._read = read

    def steps(self, bundle: Resource) -> list[Step | Refusal]:
        """Understand a transaction or batch; see `StepReader.read`."""
        return self._entries.read(bundle)

    def transaction(
        self, records: WritableRecords, understood: Sequence[Step | Refusal], *, wants_content: bool
    ) -> Resource:
        """Do every step, in FHIR's order, or raise and let the caller roll back.

        Raises:
            Refusal: the first step that cannot be done, with its place in the bundle.
        """
        steps = [replace(step) for step in understood if isinstance(step, Step)]
        check_unique(steps)
        names: dict[str, str] = {}
        for step in steps:
            with placing(step.place):
                self._prepare(records, step)
            if step.full_url and step.resource_id:
                target = f"{step.resource_type}/{step.resource_id}"
                names[step.full_url] = target
                if step.method == "POST" and not step.full_url.startswith("urn:"):
                    names["/".join(step.full_url.rsplit("/", maxsplit=2)[-2:])] = target
        for step in steps:
            if step.resource is not None:
                with placing(step.place):
                    step.resource = self._linked(records, step.resource, names)
        answers: dict[int, dict[str, Any]] = {}
        touched: set[str] = set()
        for step in sorted(steps, key=lambda one: ORDER[one.method]):
            with placing(step.place):
                so_far = len(records.written)
                answers[step.index] = self._done(records, step, wants_content=wants_content)
                for name in {written.partition("/_history/")[0] for written in records.written[so_far:]}:
                    if name in touched:
                        words = "Two entries of the transaction mean the same resource."
                        raise refuse(400, IssueCode.DUPLICATE, words)
                    touched.add(name)
        return _response("transaction-response", [answers[step.index] for step in steps])

    def batch(
        self, records: WritableRecords, understood: Sequence[Step | Refusal], *, wants_content: bool
    ) -> Resource:
        """Do each step for itself; one that is refused leaves the others alone."""
        answers = []
        for one in understood:
            if isinstance(one, Refusal):
                answers.append(_of_refusal(one))
                continue
            step = replace(one)
            so_far = len(records.written)
            try:
                with records.session.part():
                    if step.resource is not None:
                        self._validator.check(step.resource, f"{step.place}.resource")
                    self._prepare(records, step)
                    answers.append(self._done(records, step, wants_content=wants_content))
            except Refusal as refusal:
                del records.written[so_far:]
                answers.append(_of_refusal(refusal))
        return _response("batch-response", answers)

    def _prepare(self, records: WritableRecords, step: Step) -> None:
        """Find out which resource is meant where a condition or the server names it."""
        if step.method == "PUT" and not step.resource_id:
            found = self._interactions.matching(records, step.resource_type, step.query)
            given = str((step.resource or {}).get("id", "")) or new_id()
            step.resource_id = given if found is None else found.id
        if step.method != "POST":
            return
        if step.if_none_exist:
            step.existing = self._interactions.matching(records, step.resource_type, step.if_none_exist)
        step.resource_id = new_id() if step.existing is None else step.existing.id

    def _linked(self, records: WritableRecords, resource: Resource, names: Mapping[str, str]) -> Resource:
        """The resource with its links to other entries, and its conditional references, made real.

        What was sent is left as it is: the transaction may have to be done again.
        """
        changed: Resource = {}
        for key, value in resource.items():
            real: Any = value
            if isinstance(value, str):
                if key in _LINKS:
                    real = self._real(records, key, value, names)
            elif isinstance(value, dict):
                real = self._linked(records, value, names)
            elif isinstance(value, list):
                real = self._linked_each(records, key, value, names)
            if real is not value:
                changed[key] = real
        return resource | changed if changed else resource

    def _linked_each(
        self, records: WritableRecords, key: str, values: list[Any], names: Mapping[str, str]
    ) -> list[Any]:
        made = [
            self._linked(records, value, names)
            if isinstance(value, dict)
            else names.get(value, value)
            if isinstance(value, str) and key in _LINKS
            else value
            for value in values
        ]
        return made if any(map(is_not, made, values)) else values

    def _real(self, records: WritableRecords, key: str, link: str, names: Mapping[str, str]) -> str:
        if link not in names and key == "reference" and "?" in link:
            return self._conditional(records, link)
        return names.get(link, link)

    def _conditional(self, records: WritableRecords, reference: str) -> str:
        resource_type, _, condition = reference.partition("?")
        if resource_type not in self._validator.resource_types:
            return reference
        found = self._interactions.matching(records, resource_type, condition)
        if found is None:
            words = f"The conditional reference to a {resource_type} finds none."
            raise refuse(412, IssueCode.NOT_FOUND, words)
        return f"{resource_type}/{found.id}"

    def _done(self, records: WritableRecords, step: Step, *, wants_content: bool) -> dict[str, Any]:
        if step.method in {"GET", "HEAD"}:
            return self._got(records, step)
        done = self._written(records, step)
        response: dict[str, Any] = {"status": f"{done.status} {_REASONS[done.status]}"}
        answer: dict[str, Any] = {"response": response}
        version = done.version
        if version is not None:
            address = f"{version.type}/{version.id}"
            response["location"] = f"{address}/_history/{version.version}"
            response["etag"] = version.etag
            response["lastModified"] = version.instant
            if version.content is not None:
                answer = {"fullUrl": f"{self._base_url}/{address}", "response": response}
                if wants_content:
                    answer["resource"] = Stored(version.content)
        return answer

    def _written(self, records: WritableRecords, step: Step) -> Done:  # noqa: PLR0911  (one return a method)
        if step.method == "DELETE":
            if step.query and not step.resource_id:
                return self._interactions.conditional_delete(records, step.resource_type, step.query)
            return self._interactions.delete(
                records, step.resource_type, step.resource_id, if_match=step.if_match
            )
        if step.patch is not None:
            kind, patch, expected = step.resource_type, step.patch, step.if_match
            if step.resource_id:
                return self._interactions.patch(records, kind, step.resource_id, patch, if_match=expected)
            return self._interactions.conditional_patch(records, kind, step.query, patch, if_match=expected)
        resource = step.resource or {}
        if step.method == "POST":
            if step.existing is not None:
                return Done(status=200, version=step.existing)
            return Done(
                status=201, version=records.put(resource | {"id": step.resource_id}, None, method="POST")
            )
        if step.query:
            done = self._interactions.conditional_update(
                records, resource, step.query, if_match=step.if_match, fresh_id=step.resource_id
            )
            if done.version is None or done.version.id != step.resource_id:
                words = "Another entry of the transaction changes what the condition finds."
                raise refuse(412, IssueCode.CONFLICT, words)
            return done
        if resource.get("id", step.resource_id) != step.resource_id:
            raise refuse(400, IssueCode.INVALID, "The id in the resource is not that in the url.")
        return self._interactions.update(
            records,
            resource | {"id": step.resource_id},
            if_match=step.if_match,
            if_none_match=step.headers.get("if-none-match", ""),
        )

    def _got(self, records: WritableRecords, step: Step) -> dict[str, Any]:
        parts = urlsplit(step.url)
        request = FhirRequest(
            method="GET",
            path=parts.path.strip("/"),
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers=step.headers,
        )
        answer = self._read(request, records)
        response: dict[str, Any] = {"status": f"{answer.status} {_REASONS.get(answer.status, 'Refused')}"}
        if answer.status >= 400:
            response["outcome"] = Stored(answer.body)
            return {"response": response}
        if "etag" in answer.headers:
            response["etag"] = answer.headers["etag"]
        return (
            {"resource": Stored(answer.body), "response": response} if answer.body else {"response": response}
        )


def _of_refusal(refusal: Refusal) -> dict[str, Any]:
    return {"response": {"status": str(refusal.status), "outcome": outcome(refusal.issues)}}


def _response(kind: str, entries: list[dict[str, Any]]) -> Resource:
    made: Resource = {"resourceType": "Bundle", "type": kind}
    return made | ({"entry": entries} if entries else {})
