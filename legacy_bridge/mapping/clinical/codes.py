"""A legacy code and a CodeableConcept: every name that the code has is kept, and none is guessed."""

from collections.abc import Collection, Mapping
from typing import Any

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.clinical.entry_kinds import fits
from legacy_bridge.mapping.field import extension_of, objects_in
from legacy_bridge.records import CloudContent, Coded, Kind, Reading
from legacy_bridge.sides.codes import CodeBook, CodeRow, WantedCodes

EMIS_CODE = "https://banyan.example/CodeSystem/emis-code-id"
"""The legacy program's own numbers of codes, which only its tables explain."""
LOCAL_READ = "https://banyan.example/CodeSystem/emis-local-read"
READ = "http://read.info/readv2"
SNOMED = "http://snomed.info/sct"
DESCRIPTION = "http://hl7.org/fhir/StructureDefinition/coding-sctdescid"
_READ_LENGTH = 5  # a Read code has five characters; what is longer is the legacy program's own
Concept = Mapping[str, Any]


def codings_of(row: CodeRow) -> list[dict[str, Any]]:
    """Every name of a code: SNOMED CT's with its description, the legacy program's own, Read's."""
    term = {} if row.term is None else {"display": row.term}
    found: list[dict[str, Any]] = []
    if row.concept is not None:
        described = {"url": DESCRIPTION, "valueId": row.description}
        extension = {} if row.description is None else {"extension": [described]}
        found.append({**extension, "system": SNOMED, "code": row.concept, **term})
    found.append({"system": EMIS_CODE, "code": row.number, **term, "userSelected": True})
    if row.read is not None and not any(letter.isspace() for letter in row.read):
        system = READ if len(row.read) == _READ_LENGTH and row.read[0] != "^" else LOCAL_READ
        found.append({"system": system, "code": row.read, **term})
    return found


def concept_of(row: CodeRow, before: Concept | None, *, is_same: bool) -> dict[str, Any]:
    """The CodeableConcept of a code.

    Args:
        row: what is known of the code.
        before: what stands there.
        is_same: it means this code already: what else stands there stays, and what lacks is added. Else
            nothing of it stays, for it would say something else.
    """
    mine = codings_of(row)
    if not is_same or before is None:
        return {"coding": mine, **({} if row.term is None else {"text": row.term})}
    there = list(before.get("coding", []))
    known = {(one.get("system"), one.get("code")) for one in there}
    added = [one for one in mine if (one["system"], one["code"]) not in known]
    text = before.get("text", row.term)
    return {**before, "coding": [*there, *added], **({} if text is None else {"text": text})}


def code_of(concept: Concept | None, book: CodeBook, kind: Kind) -> Coded | None:
    """The legacy code that a CodeableConcept means; None when there is no concept.

    Raises:
        RecordRefused: the practice has no code for it, or it says two things, or it is another kind's.
    """
    if concept is None:
        return None
    codings = concept.get("coding", [])
    own = {str(one.get("code")) for one in codings if one.get("system") == EMIS_CODE}
    concepts = {str(one.get("code")) for one in codings if one.get("system") == SNOMED}
    if len(own) > 1:
        raise _contradicts()
    if own:
        (number,) = own
        row = book.of_number.get(number, CodeRow(number=number))
        if row.concept is not None and concepts and row.concept not in concepts:
            raise _contradicts()
    else:
        row = _row_of(concept, concepts, book)
    if not fits(kind, row.category):
        raise RecordRefused(
            "code-of-another-kind",
            f"The legacy program does not take this code for a record of this kind ({kind.value}). "
            "Choose another code, or enter it where it belongs.",
        )
    return Coded(number=row.number, term=row.term)


def wanted_codes(readings: Collection[Reading], contents: Collection[CloudContent]) -> WantedCodes:
    """The codes that some records name."""
    coded = {value.number for one in readings for value in one.fields.values() if isinstance(value, Coded)}
    concepts: set[str] = set()
    for one in objects_in([one for content in contents for one in content.resources.values()]):
        system = one.get("system")
        if system == EMIS_CODE and "code" in one:
            coded.add(str(one["code"]))
        elif system == SNOMED and "code" in one:
            concepts.add(str(one["code"]))
    return WantedCodes(numbers=frozenset(coded), concepts=frozenset(concepts))


def _row_of(concept: Concept, concepts: Collection[str], book: CodeBook) -> CodeRow:
    """The practice's code for a concept: by its description, by its term, else the first that means it."""
    known = [book.of_concept[one] for one in sorted(concepts) if one in book.of_concept]
    if len(known) > 1:
        raise _contradicts()
    if not known:
        raise RecordRefused(
            "code-unknown",
            "The legacy program has no code for this. Choose another code in the new page.",
        )
    (rows,) = known
    descriptions = {
        extension_of(one, DESCRIPTION).get("valueId")
        for one in concept.get("coding", [])
        if one.get("system") == SNOMED
    }
    terms = {concept.get("text"), *(one.get("display") for one in concept.get("coding", []))}
    best = next((row for row in rows if row.description in descriptions), None)
    best = best or next((row for row in rows if row.term is not None and row.term in terms), None)
    if best is None and len({row.category for row in rows}) > 1:
        raise RecordRefused(
            "code-ambiguous",
            "The legacy program has several codes for this, of different categories. "
            "Choose the one that is meant in the new page.",
        )
    return best or rows[0]


def _contradicts() -> RecordRefused:
    return RecordRefused(
        "code-contradicts-itself",
        "The codes of this record do not mean the same. Choose the code again in the new page.",
    )
