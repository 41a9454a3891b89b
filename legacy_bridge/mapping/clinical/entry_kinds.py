"""What a coded entry is, told by its code's category: the rule, as data for mapping and SQL alike.

One legacy table holds everything that is coded. Its column `ObservationType` and the code's category say what
a row is; an allergy is an allergy when either says so, for one that is missed is the worst mistake.
"""

from collections.abc import Mapping

from legacy_bridge.records import Kind

ALLERGY_TYPE = "Allergy"
INVESTIGATION_TYPE = "Investigation"
ALLERGY_CATEGORIES = ("Allergy and adverse drug reactions", "Allergy and adverse reactions")
DISORDER_CATEGORIES = ("Dental disorder", "Nursing problem")
MIXED_CATEGORY = "Conditions, operations and procedures"
"""Of these the first letter of the Read code tells: chapters A to S are disorders."""
DISORDER_CHAPTERS = tuple("ABCDEFGHJKLMNPQRS")

_OF_CATEGORY: Mapping[str, Kind] = dict.fromkeys(ALLERGY_CATEGORIES, Kind.ALLERGY)


def fits(kind: Kind, category: str | None) -> bool:
    """Whether an entry of a kind may have a code of a category; of an unknown code nobody can tell."""
    if category is None:
        return True
    return _OF_CATEGORY.get(category, kind) is kind and (
        kind is not Kind.ALLERGY or category in ALLERGY_CATEGORIES
    )
