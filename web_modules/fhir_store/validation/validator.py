"""Decides at the door whether a resource may be stored: HL7's schema first, then the rules it misses."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from web_modules.fhir_store.definitions import Definitions
from web_modules.fhir_store.documents import (
    MOST_VALUES,
    MOST_VALUES_OF_BUNDLE,
    Resource,
    decode_sent,
    encode,
    has_more_values,
)
from web_modules.fhir_store.elements.model import ElementModel
from web_modules.fhir_store.refusals import Issue, IssueCode, Refusal, refuse
from web_modules.fhir_store.validation.references import NOWHERE, Targets, contained_targets, entry_targets
from web_modules.fhir_store.validation.rules import RuleCheck
from web_modules.fhir_store.validation.schema_check import MOST_ISSUES, SchemaCheck

_MOST_INNER = 100
"""Resources inside one another; contained ones must not nest at all."""

_VERSIONED = frozenset({"versionId", "lastUpdated"})
_CONTAINER = frozenset({"#"})


class Validator:
    """Checks parsed resources. Safe from every thread; a type's first resource takes some milliseconds."""

    def __init__(self, definitions: Definitions, model: ElementModel) -> None:
        self.resource_types = definitions.resource_types
        self._schema = SchemaCheck(definitions)
        self._rules = RuleCheck(definitions, model)

    def parse(self, body: bytes) -> Resource:
        """Read a request's body as a resource of a known type.

        Raises:
            Refusal: 400, it is not JSON or not a resource; 413, it holds more values than any record.
        """
        if has_more_values(body, MOST_VALUES_OF_BUNDLE):
            raise _too_many_values()
        try:
            value = decode_sent(body)
        except ValueError as error:
            raise refuse(
                400, IssueCode.STRUCTURE, f"The body is not JSON that can be read: {error}."
            ) from error
        if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
            raise refuse(
                400, IssueCode.STRUCTURE, "The body is not a FHIR resource: it needs a `resourceType`."
            )
        if value["resourceType"] not in self.resource_types:
            raise refuse(
                400,
                IssueCode.STRUCTURE,
                "The body's `resourceType` is not a resource type of FHIR R4.",
                "Resource",
            )
        if value["resourceType"] != "Bundle" and has_more_values(body, MOST_VALUES):
            raise _too_many_values()
        return value

    def check(self, resource: Resource, where: str | None = None) -> None:
        """Refuse what must not be stored.

        Args:
            resource: parsed, of a known type.
            where: the FHIRPath of it in what was sent; its own type when it was sent by itself.

        Raises:
            Refusal: 422, with every issue found, up to a limit.
        """
        issues = self.issues(resource, where or resource["resourceType"])
        if issues:
            raise Refusal(422, issues)

    def issues(self, resource: Resource, where: str) -> list[Issue]:
        """What is wrong with a resource and those inside it; none when it may be stored."""
        found: list[Issue] = []
        holders: list[tuple[Resource, str]] = []
        for one, place, sent_along in self._with_inner(resource, where, found):
            kind = one["resourceType"]
            wrong = self._schema.issues(one, kind) or self._rules.issues(one, kind, kind, sent_along)
            found.extend(_moved(issue, kind, place) for issue in wrong)
            if "contained" in one:
                holders.append((one, place))
            if len(found) >= MOST_ISSUES:
                break
        if not found:
            found = [issue for one, place in holders for issue in _wrong_in_contained(one, place)]
        return found[:MOST_ISSUES]

    def _with_inner(
        self, resource: Resource, where: str, found: list[Issue]
    ) -> Iterator[tuple[Resource, str, Targets]]:
        waiting: deque[tuple[Any, str, int, Targets]] = deque([(resource, where, 0, NOWHERE)])
        while waiting:
            one, place, depth, around = waiting.popleft()
            kind = one.get("resourceType") if isinstance(one, Mapping) else None
            if not isinstance(kind, str) or kind not in self.resource_types:
                found.append(
                    Issue(
                        code=IssueCode.STRUCTURE,
                        words="This must be a resource with a `resourceType` of FHIR R4.",
                        expression=place,
                    )
                )
                continue
            if depth > _MOST_INNER:
                found.append(
                    Issue(code=IssueCode.TOO_COSTLY, words="Resources nest too deep here.", expression=place)
                )
                continue
            sent_along = _sent_along(one, around)
            yield dict(one), place, sent_along
            waiting.extend((inner, path, depth + 1, sent_along) for inner, path in _inner(one, place))


def _sent_along(resource: Mapping[str, Any], around: Targets) -> Targets:
    if resource["resourceType"] == "Bundle":
        return entry_targets(_objects(resource.get("entry")))
    if isinstance(resource.get("contained"), list) and not _CONTAINER & around.keys():
        return contained_targets(resource, around)
    return around


def _wrong_in_contained(resource: Resource, where: str) -> Iterator[Issue]:
    """Invariants dom-2, dom-3 and dom-4 of FHIR R4 domainresource.html.

    Not dom-5: a label that somebody has put on what is contained protects the whole record.
    """
    text = encode(resource)
    ids: set[str] = set()
    for index, one in enumerate(resource["contained"]):
        words = None
        if "contained" in one:
            words = "A contained resource must not contain another (dom-2)."
        elif not _VERSIONED.isdisjoint(one.get("meta", {})):
            words = "A contained resource has no version of its own; leave that out of its `meta` (dom-4)."
        elif one.get("id") in ids:
            words = "Another contained resource has this id, so nobody could tell which is meant."
        elif f'"#{one.get("id", "")}"'.encode() not in text and b'"#"' not in encode(one):
            words = "Nothing refers to this contained resource, so it would be lost; refer to it by its id."
        ids |= {one["id"]} if "id" in one else set()
        if words is not None:
            yield Issue(code=IssueCode.INVARIANT, words=words, expression=f"{where}.contained[{index}]")


def _inner(resource: Mapping[str, Any], where: str) -> Iterator[tuple[Any, str]]:
    contained = resource.get("contained")
    if isinstance(contained, list):
        yield from ((one, f"{where}.contained[{index}]") for index, one in enumerate(contained))
    if resource["resourceType"] == "Bundle":
        for index, entry in enumerate(_objects(resource.get("entry"))):
            if "resource" in entry:
                yield entry["resource"], f"{where}.entry[{index}].resource"
            outcome = entry.get("response")
            if isinstance(outcome, dict) and "outcome" in outcome:
                yield outcome["outcome"], f"{where}.entry[{index}].response.outcome"
    elif resource["resourceType"] == "Parameters":
        yield from _parameters(resource.get("parameter"), f"{where}.parameter")


def _parameters(parameters: Any, where: str) -> Iterator[tuple[Any, str]]:
    waiting = [(parameters, where)]
    while waiting:
        several, place = waiting.pop()
        for index, parameter in enumerate(_objects(several)):
            if "resource" in parameter:
                yield parameter["resource"], f"{place}[{index}].resource"
            waiting.append((parameter.get("part"), f"{place}[{index}].part"))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one if isinstance(one, dict) else {} for one in value] if isinstance(value, list) else []


def _too_many_values() -> Refusal:
    words = "The body holds more values than any record; send it in parts."
    return refuse(413, IssueCode.TOO_COSTLY, words)


def _moved(issue: Issue, kind: str, place: str) -> Issue:
    """An issue of an inner resource, told from the outermost."""
    if issue.expression is None or place == kind:
        return issue
    return Issue(code=issue.code, words=issue.words, expression=place + issue.expression.removeprefix(kind))
