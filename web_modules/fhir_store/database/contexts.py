"""Whether a Binary may be seen by its security context: a record that stands for it (FHIR R4 binary.html).

What is in a Binary says nothing of any patient. Whoever may read its context may do with it what they may do
with a Binary; its own labels count beside that.
"""

from web_modules.fhir_store.access import Interaction
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.elements.contexts import BINARY, CONTEXT_NUMBER
from web_modules.fhir_store.search.sql import EVERYTHING
from web_modules.fhir_store.sight import Sight

_CONTEXT = """
    SELECT i.target_type, i.target_id FROM resource AS r
    JOIN search_reference AS i ON i.practice = r.practice AND i.number = r.number
    WHERE r.practice = ? AND r.type = ? AND r.id = ? AND r.is_deleted = 0 AND i.parameter = ?
"""
_IS_THERE = (
    "SELECT 1 FROM resource AS r WHERE r.practice = ? AND r.type = ? AND r.id = ? AND r.is_deleted = 0"
)


def is_opened_by_context(
    session: Session, practice: str, sight: Sight, interaction: Interaction, resource_id: str
) -> bool:
    """Whether a Binary has a context, and somebody with limits may so do something with the Binary."""
    rows = session.rows(_CONTEXT, (practice, BINARY, resource_id, CONTEXT_NUMBER))
    if len(rows) != 1:
        return False
    [(kind, name)] = rows
    for is_labelled in (False, True):
        own, context = sight.in_context(interaction, kind, is_labelled=is_labelled)
        asked = (((BINARY, resource_id), own), ((kind, name), context or EVERYTHING))
        if all(
            session.rows(f"{_IS_THERE} AND {part.text}", (practice, *key, *part.values))
            for key, part in asked
        ):
            return True
    return False
