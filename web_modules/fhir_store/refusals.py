"""What the store refuses a client, and how it says so: an OperationOutcome with a path and plain words."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class IssueCode(StrEnum):
    """The words of http://hl7.org/fhir/ValueSet/issue-type that this store uses."""

    INVALID = "invalid"
    STRUCTURE = "structure"
    REQUIRED = "required"
    VALUE = "value"
    INVARIANT = "invariant"
    NOT_SUPPORTED = "not-supported"
    DUPLICATE = "duplicate"
    MULTIPLE_MATCHES = "multiple-matches"
    NOT_FOUND = "not-found"
    DELETED = "deleted"
    CONFLICT = "conflict"
    TOO_COSTLY = "too-costly"
    LOGIN = "login"
    FORBIDDEN = "forbidden"
    CODE_INVALID = "code-invalid"
    SUPPRESSED = "suppressed"
    EXCEPTION = "exception"
    TRANSIENT = "transient"
    THROTTLED = "throttled"
    INFORMATIONAL = "informational"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One thing that is wrong.

    Attributes:
        code: its kind.
        words: a sentence for a person; never a value out of the record.
        expression: where: a FHIRPath such as `Patient.name[0].family`, or `of_parameter`; or None.
    """

    code: IssueCode
    words: str
    expression: str | None = None


class Refusal(Exception):
    """A request that the store does not carry out, with the HTTP status that says why."""

    def __init__(
        self, status: int, issues: Sequence[Issue], *, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(issues[0].words)
        self.status = status
        self.issues = tuple(issues)
        self.headers = headers or {}


def refuse(status: int, code: IssueCode, words: str, expression: str | None = None) -> Refusal:
    """A refusal for one reason."""
    return Refusal(status, (Issue(code=code, words=words, expression=expression),))


def of_parameter(name: str) -> str:
    """Where a parameter of a request is (FHIR R4, OperationOutcome.issue.location)."""
    return f"http.{name[:64]}".replace("\0", "")


@contextmanager
def about(parameter: str) -> Iterator[None]:
    """Say of what is refused within that it is this parameter, unless it says already where it is."""
    try:
        yield
    except Refusal as refusal:
        place = of_parameter(parameter)
        issues = [replace(issue, expression=issue.expression or place) for issue in refusal.issues]
        raise Refusal(refusal.status, issues, headers=refusal.headers) from refusal


def outcome(issues: Sequence[Issue], *, severity: str = "error") -> dict[str, Any]:
    """The OperationOutcome that tells these issues."""
    told = []
    for issue in issues:
        one: dict[str, Any] = {
            "severity": severity,
            "code": issue.code.value,
            "details": {"text": issue.words},
            "diagnostics": f"{issue.expression}: {issue.words}" if issue.expression else issue.words,
        }
        if issue.expression:
            one["expression"] = [issue.expression]
        told.append(one)
    return {"resourceType": "OperationOutcome", "issue": told}
