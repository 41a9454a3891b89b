"""Turns a FHIR server's refusal into the error that says whose fault it is and whether to try again."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from web_modules.fhir import errors
from web_modules.fhir.resource_json import parse, serialise
from web_modules.fhir.transport import FhirResponse

_PASSING = frozenset({"lock-error", "throttled", "timeout", "transient"})
"""Issue types by which a 409 tells of a lock and not of a conflict (http://hl7.org/fhir/issue-type)."""

_TOO_LATE_OR_EARLY = frozenset({408, 425})
"""The request did not come in time, or came before the connection was trusted: it was not wrong."""

_KINDS = {
    401: errors.FhirForbidden,
    403: errors.FhirForbidden,
    404: errors.FhirNotFound,
    409: errors.FhirConflict,
    410: errors.FhirGone,
    412: errors.FhirConflict,
}


def error_of(answer: FhirResponse, asked: str) -> errors.FhirError:
    """The error of an answer that is no success.

    Args:
        answer: with a status of 300 or more.
        asked: what was asked, such as `GET Patient/1`.
    """
    issues = tuple(words for issue in _issues(answer.body) if (words := _words(issue)))
    message = f"The FHIR server answered {answer.status} to {asked}.{f' {issues[0]}' if issues else ''}"
    if is_passing(answer):
        return errors.FhirBusy(
            message, status=answer.status, issues=issues, retry_after_seconds=retry_after_seconds(answer)
        )
    if 300 <= answer.status < 400:
        message += " It points elsewhere, and credentials go nowhere else: check the address of the base."
    kind = _KINDS.get(answer.status)
    if kind is None:
        is_wrong = 400 <= answer.status < 500 and answer.status not in _TOO_LATE_OR_EARLY
        kind = errors.FhirRefused if is_wrong else errors.FhirBroken
    return kind(message, status=answer.status, issues=issues)


def step_error(response: Mapping[str, Any], asked: str) -> errors.FhirError | None:
    """The error of one step of a Bundle's answer; None where it was done.

    Args:
        response: of the step's entry.
        asked: what was asked, such as `PUT Patient/1`.
    """
    told = str(response.get("status", "")).split(" ", maxsplit=1)[0]
    if not told or told.startswith("2"):
        return None
    body = serialise(response.get("outcome") or {})
    status = int(told) if told.isascii() and told.isdigit() else 500
    return error_of(FhirResponse(status=status, headers={}, body=body), asked)


def located(location: str) -> tuple[str, str]:
    """Type and id of a resource's address, with or without a version.

    Raises:
        FhirBroken: it is none.
    """
    parts = location.split("/_history/", maxsplit=1)[0].rstrip("/").split("/")
    if len(parts) < 2:
        raise errors.FhirBroken("The FHIR server does not say where it put the resource.")
    return parts[-2], parts[-1]


def is_passing(answer: FhirResponse) -> bool:
    """Whether the server asks to come again: 429, 503, or a 409 that tells of a lock."""
    if answer.status != 409:
        return answer.status in {429, 503}
    codes = {issue.get("code") for issue in _issues(answer.body)}
    return "retry-after" in answer.headers or (bool(codes) and codes <= _PASSING)


def retry_after_seconds(answer: FhirResponse) -> float | None:
    """How long the server asks to wait (RFC 9110, Retry-After), or None when it does not say."""
    header = answer.headers.get("retry-after", "").strip()
    if header.isascii() and header.isdigit():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000": universal time, of no known zone
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _issues(body: bytes) -> Iterator[dict[str, Any]]:
    try:
        outcome = parse(body)
    except ValueError:
        return
    found = outcome.get("issue") if isinstance(outcome, dict) else None
    yield from (issue for issue in (found if isinstance(found, list) else ()) if isinstance(issue, dict))


def _words(issue: dict[str, Any]) -> str:
    details = issue.get("details")
    text = details.get("text") if isinstance(details, dict) else None
    return str(issue.get("diagnostics") or text or "")
