"""Legacy codes as they are looked up for a batch: by their number, and by what other systems call them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from legacy_bridge.records import Coded


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """One code of the practice.

    Attributes:
        number: the legacy program's number of it.
        term: its term.
        concept: its SNOMED CT concept (for a drug: its dm+d product), or None.
        description: its SNOMED CT description, or None.
        read: its Read code, or a local one in its place, or None.
        category: the legacy program's category, or None.
    """

    number: str
    term: str | None = None
    concept: str | None = None
    description: str | None = None
    read: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCodes:
    """What is to be looked up.

    Attributes:
        numbers: the legacy program's numbers.
        concepts: SNOMED CT concepts.
    """

    numbers: frozenset[str] = frozenset()
    concepts: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.numbers or self.concepts)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeBook:
    """The codes that were looked up.

    Attributes:
        of_number: by the legacy program's number.
        of_concept: by SNOMED CT concept: every code that means it, lowest number first.
    """

    of_number: Mapping[str, CodeRow] = field(default_factory=dict)
    of_concept: Mapping[str, tuple[CodeRow, ...]] = field(default_factory=dict)

    @staticmethod
    def of(rows: Collection[CodeRow]) -> "CodeBook":
        """A book of some codes."""
        by_concept: dict[str, list[CodeRow]] = {}
        for row in sorted(rows, key=lambda one: (len(one.number), one.number)):
            if row.concept is not None:
                by_concept.setdefault(row.concept, []).append(row)
        return CodeBook(
            of_number={row.number: row for row in rows},
            of_concept={concept: tuple(found) for concept, found in by_concept.items()},
        )

    def row(self, code: Coded) -> CodeRow:
        """What is known of a code: of an unknown one its number alone."""
        return self.of_number.get(code.number, CodeRow(number=code.number, term=code.term))
