"""Which methods an address takes (RFC 9110, section 15.5.6: a 405 names them)."""

from collections.abc import Sequence

from web_modules.fhir_store.access import AUDIT_EVENT
from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse

_READING = "GET, HEAD"


def not_done_here(segments: Sequence[str], words: str) -> Refusal:
    """The refusal of a method that an address does not take.

    Args:
        segments: of the path below the base.
        words: for a person.
    """
    issues = refuse(405, IssueCode.NOT_SUPPORTED, words).issues
    return Refusal(405, issues, headers={"allow": _taken(segments)})


def _taken(segments: Sequence[str]) -> str:  # noqa: PLR0911  (one return a kind of address)
    match segments:
        case [kind] if kind == AUDIT_EVENT:
            return f"{_READING}, POST"
        case [kind, *_] if kind == AUDIT_EVENT:
            return _READING
        case []:
            return f"{_READING}, POST"
        case [*_, "_search"]:
            return "POST"
        case [*_, last] if last.startswith("$"):
            return f"{_READING}, POST"
        case [_, _, "_history"]:
            return f"{_READING}, DELETE"
        case ["metadata"] | ["_history"] | [_, "_history"] | [_, _, _, *_]:
            return _READING
        case [_]:
            return f"{_READING}, POST, PUT, PATCH, DELETE"
    return f"{_READING}, PUT, PATCH, DELETE"
