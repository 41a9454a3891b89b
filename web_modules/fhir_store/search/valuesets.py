"""The codes of a value set that is in the store, for the modifiers `:in` and `:not-in`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from web_modules.fhir_store.database.records import CURRENT, VERSION_COLUMNS, Records, stored
from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.elements.indexing import key_text
from web_modules.fhir_store.elements.parameters import parameter_number
from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse
from web_modules.fhir_store.search.sql import EVERYTHING, negated

MOST_CODES = 5000
"""Codes of one value set; a larger one needs a terminology server."""

_URL_NUMBER = parameter_number("ValueSet", "url")
_BY_URL = f"""
    SELECT {VERSION_COLUMNS} FROM {CURRENT} WHERE r.practice = ? AND r.type = 'ValueSet' AND r.is_deleted = 0
    AND r.number IN
        (SELECT i.number FROM search_uri AS i WHERE i.practice = ? AND i.parameter = ? AND i.uri = ?)
"""
_NEWEST = "ORDER BY r.number DESC LIMIT 1"


def codes_of(records: Records, base_url: str, name: str) -> Sequence[tuple[str, str]]:
    """The systems and codes of a value set.

    Args:
        records: the practice's.
        base_url: of the store.
        name: its address here, `ValueSet/1`, or its canonical URL.

    Raises:
        Refusal: 400, it is not here, or its codes are not written out in it.
    """
    local = name.removeprefix(f"{base_url}/")
    found = None
    if local.startswith("ValueSet/") and local.count("/") == 1:
        found = records.current("ValueSet", local.removeprefix("ValueSet/"))
    else:
        wanted = key_text(name.partition("|")[0])
        hidden = records.sight.withheld("ValueSet")
        shown = EVERYTHING if hidden is None else negated(hidden)
        values = (records.practice, records.practice, _URL_NUMBER, wanted, *shown.values)
        rows = records.session.rows(f"{_BY_URL} AND {shown.text} {_NEWEST}", values)
        found = stored(rows[0]) if rows else None
    if found is None or found.content is None:
        words = "The value set is not in this store, and this server asks no other for its codes."
        raise refuse(400, IssueCode.NOT_FOUND, words)
    value_set = decode(found.content)
    codes = {(key_text(system), key_text(code)) for system, code in _codes(value_set)}
    if len(codes) > MOST_CODES:
        raise refuse(400, IssueCode.TOO_COSTLY, f"The value set has more than {MOST_CODES} codes.")
    return sorted(codes)


def _codes(value_set: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "expansion" in value_set:
        yield from _expanded(value_set["expansion"].get("contains", ()))
        return
    compose = value_set.get("compose", {})
    excluded = {pair for part in compose.get("exclude", ()) for pair in _listed(part)}
    for part in compose.get("include", ()):
        yield from (pair for pair in _listed(part) if pair not in excluded)


def _expanded(contains: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    waiting = list(contains)
    while waiting:
        one = waiting.pop()
        if "code" in one and not one.get("abstract", False):
            yield one.get("system", ""), one["code"]
        waiting.extend(one.get("contains", ()))


def _listed(part: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "concept" not in part or "filter" in part or "valueSet" in part:
        raise _not_listed()
    for concept in part["concept"]:
        yield part.get("system", ""), concept["code"]


def _not_listed() -> Refusal:
    words = "The value set does not list its codes one by one, and this server works out no others."
    return refuse(400, IssueCode.NOT_SUPPORTED, words)
