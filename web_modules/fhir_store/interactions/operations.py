"""Answers FHIR's operations: `$validate`, `$meta`. FHIR R4 operations.html."""

from collections.abc import Sequence
from typing import Any

from web_modules.fhir.transport import FhirRequest, FhirResponse
from web_modules.fhir_store.database.records import Records, StoredVersion
from web_modules.fhir_store.documents import Resource, decode
from web_modules.fhir_store.interactions import answers
from web_modules.fhir_store.interactions.writing import shown
from web_modules.fhir_store.refusals import Issue, IssueCode, of_parameter, outcome, refuse
from web_modules.fhir_store.validation.validator import Validator

_MODES = frozenset({"", "create", "update", "delete", "profile"})


def meta_of(version: StoredVersion) -> FhirResponse:
    """`$meta`: the profiles, tags and labels of a resource."""
    meta = decode(version.content or b"null")["meta"]
    parameter = {"name": "return", "valueMeta": meta}
    return answers.of_json({"resourceType": "Parameters", "parameter": [parameter]})


def check_operation(segments: Sequence[str]) -> None:
    """Whether an address that ends in an operation ends in one of ours.

    Raises:
        Refusal: 404, it does not.
    """
    if not segments or not segments[-1].startswith("$"):
        return
    match segments:
        case [_, "$validate"] | [_, _, "$validate" | "$meta"] | ["Patient", _, "$everything"]:
            return
    words = "This server does not know this operation here; see its CapabilityStatement."
    raise refuse(404, IssueCode.NOT_SUPPORTED, words)


def pairs_asked(request: FhirRequest, validator: Validator) -> tuple[tuple[str, str], ...]:
    """The parameters of an operation, in the address and in the Parameters that are its body, if any.

    Raises:
        Refusal: 400, the body is something else, or one of them is not a plain value.
    """
    if not request.body:
        return tuple(request.query)
    parameters = validator.parse(request.body)
    if parameters["resourceType"] != "Parameters":
        raise refuse(400, IssueCode.INVALID, "The body of an operation must be Parameters.", "Resource")
    validator.check(parameters)
    given = []
    for one in parameters.get("parameter", ()):
        value = next((value for key, value in one.items() if key.startswith("value")), None)
        if not isinstance(value, str | int) or isinstance(value, bool):
            words = "Every parameter of this operation is a date, a code or a whole number."
            raise refuse(400, IssueCode.INVALID, words, "Parameters.parameter")
        given.append((one["name"], str(value)))
    return (*request.query, *given)


def validate(
    request: FhirRequest, records: Records, validator: Validator, resource_type: str, resource_id: str
) -> FhirResponse:
    """`$validate`: what would be said of a resource if it were sent, without storing it.

    Args:
        request: with the resource as its body, or Parameters with `resource`, `mode` and `profile`; at an
            instance the body may be missing, and what is stored is checked.
        records: the practice's.
        validator: checks.
        resource_type: in the address.
        resource_id: in the address, or empty.

    Raises:
        Refusal: 400, the request itself is not understood.
    """
    asked = dict(request.query)
    resource: Resource | None = None
    if request.body:
        resource = validator.parse(request.body)
        if resource["resourceType"] == "Parameters":
            given = _given(resource)
            if "resource" in given or "mode" in given or resource_type != "Parameters":
                asked |= {name: value for name, value in given.items() if isinstance(value, str)}
                inner = given.get("resource")
                resource = inner if isinstance(inner, dict) else None
    mode = asked.get("mode", "")
    if mode not in _MODES:
        words = "`mode` must be create, update, delete or profile."
        raise refuse(400, IssueCode.INVALID, words, of_parameter("mode"))
    issues: list[Issue] = []
    if resource_id and (mode in {"update", "delete", ""} or resource is None):
        current = shown(records.current(resource_type, resource_id), resource_type)
        if resource is None and mode != "update":
            resource = decode(current.content or b"null")
    elif mode in {"update", "delete"}:
        words = f"`mode` {mode} is asked of one resource: {resource_type}/id."
        raise refuse(400, IssueCode.INVALID, words, of_parameter("mode"))
    if resource is None:
        raise refuse(400, IssueCode.REQUIRED, "There is nothing to validate: send a resource.")
    if mode != "delete":
        issues += _checked(resource, validator, resource_type, resource_id)
    if "profile" in asked or mode == "profile":
        words = "This server validates against FHIR R4 itself; the profile was not looked at."
        issues.append(Issue(code=IssueCode.NOT_SUPPORTED, words=words))
    if issues:
        return answers.of_json(outcome(issues))
    words = "No problem was found."
    return answers.of_json(
        outcome([Issue(code=IssueCode.INFORMATIONAL, words=words)], severity="information")
    )


def _checked(resource: Resource, validator: Validator, resource_type: str, resource_id: str) -> list[Issue]:
    kind = resource.get("resourceType")
    if kind != resource_type:
        words = f"This is no {resource_type}, which the address says."
        return [Issue(code=IssueCode.INVALID, words=words, expression="Resource")]
    issues = validator.issues(resource, resource_type)
    if resource_id and resource.get("id") != resource_id:
        words = "The id must be there and be the one in the address."
        issues.append(Issue(code=IssueCode.INVALID, words=words, expression=f"{resource_type}.id"))
    return issues


def _given(parameters: Resource) -> dict[str, Any]:
    found: dict[str, Any] = {}
    listed = parameters.get("parameter")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            values = [value for key, value in one.items() if key == "resource" or key.startswith("value")]
            found[one["name"]] = values[0] if values else None
    return found
