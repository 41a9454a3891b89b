"""Takes a searchset apart: what matches, and what is said of the search (FHIR R4 search.html#errors)."""

from collections.abc import Iterator
from dataclasses import dataclass

from web_modules.fhir.resource_json import Resource

SUPPRESSED = "suppressed"
"""The issue type that says: something was left out for its confidentiality."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing that a server says of a search.

    Attributes:
        code: of http://hl7.org/fhir/ValueSet/issue-type, such as `suppressed`.
        words: for a person; may be empty.
    """

    code: str
    words: str


def matches(searchset: Resource) -> list[Resource]:
    """What was looked for, without what came along and what is said of the search."""
    return [
        entry["resource"]
        for entry in searchset.get("entry", [])
        if entry.get("search", {}).get("mode", "match") == "match"
    ]


def told_of(searchset: Resource) -> Iterator[Told]:
    """What is said of the search."""
    for entry in searchset.get("entry", []):
        if entry.get("search", {}).get("mode") == "outcome":
            for issue in entry["resource"].get("issue", []):
                words = issue.get("details", {}).get("text") or issue.get("diagnostics") or ""
                yield Told(code=str(issue.get("code", "")), words=str(words))


def withholds(searchset: Resource) -> bool:
    """Whether confidential records of this kind, or of the patient or time asked for, are hidden."""
    return any(told.code == SUPPRESSED for told in told_of(searchset))
