"""Turns a FHIR server's refusal into the error that says whose fault it is and whether to try again."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from web_modules.fhir import errors
from web_modules.fhir.resource_json import parse
from web_modules.fhir.transport import FhirResponse

_PASSING = frozenset({"lock-error", "throttled", "timeout", "transient"})
"""Issue types by which a 409 tells of a lock and not of a conflict (http://hl7.org/fhir/issue-type)."""

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
        kind = errors.FhirRefused if 400 <= answer.status < 500 else errors.FhirBroken
    return kind(message, status=answer.status, issues=issues)


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
    except ValueError:
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
