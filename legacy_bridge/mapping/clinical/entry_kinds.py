"""What a coded entry is, told by its code's category: the rule, as data for mapping and SQL alike.

One legacy table holds everything that is coded. Its column `ObservationType` and the code's category say what
a row is; an allergy is an allergy when either says so, for one that is missed is the worst mistake.
"""

from collections.abc import Mapping

from legacy_bridge.records import Kind

INVESTIGATION_TYPE = "Investigation"
NO_EPISODE = "None"
"""The legacy program's word for no episodicity."""
TYPES: Mapping[Kind, str] = {
    Kind.ALLERGY: "Allergy",
    Kind.IMMUNIZATION: "Immunisation",
    Kind.FAMILY_HISTORY: "Family History",
    Kind.TEST_REQUEST: "Test Request",
    Kind.REFERRAL: "Referral",
    Kind.DOCUMENT: "Document",
}
"""What `ObservationType` calls the kinds that have a word of their own."""
CATEGORIES: Mapping[Kind, tuple[str, ...]] = {
    Kind.ALLERGY: ("Allergy and adverse drug reactions", "Allergy and adverse reactions"),
    Kind.IMMUNIZATION: ("Immunisations",),
    Kind.FAMILY_HISTORY: ("Family history",),
    Kind.TEST_REQUEST: ("Investigation requests",),
    Kind.REFERRAL: ("Referral",),
}
"""The categories of codes that make a row one of these, whatever else it says."""
PRESCRIBED = (Kind.MEDICATION, Kind.ISSUE)
DRUG_CATEGORY = "drug"
"""What stands for the category of a drug's code, which has none."""
DISORDER_CATEGORIES = ("Dental disorder", "Nursing problem")
PROCEDURE_CATEGORIES = ("Procedure code", "Dental procedure", "Planned dental intervention")
MIXED_CATEGORY = "Conditions, operations and procedures"
"""Of these the first letter of the Read code tells: A to S are disorders, 7 and 8 are done to people."""
DISORDER_CHAPTERS = tuple("ABCDEFGHJKLMNPQRS")
PROCEDURE_CHAPTERS = ("7", "8")
TELLING_CATEGORIES = (
    *(category for categories in CATEGORIES.values() for category in categories),
    *(*DISORDER_CATEGORIES, *PROCEDURE_CATEGORIES, MIXED_CATEGORY),
)
"""The categories that may make a row more than an observation."""

_OF_CATEGORY: Mapping[str, Kind] = {
    category: kind for kind, categories in CATEGORIES.items() for category in categories
}


def fits(kind: Kind, category: str | None) -> bool:
    """Whether a record of a kind may have a code of a category; of an unknown code nobody can tell."""
    if category is None:
        return True
    if kind is Kind.DIARY:  # what is to be done may be anything
        return category != DRUG_CATEGORY
    if kind in PRESCRIBED or category == DRUG_CATEGORY:
        return kind in PRESCRIBED and category == DRUG_CATEGORY
    if kind is Kind.CONDITION:  # anything but an allergy may be somebody's problem
        return _OF_CATEGORY.get(category) is not Kind.ALLERGY
    return _OF_CATEGORY.get(category, kind) is kind and category in CATEGORIES.get(kind, (category,))
