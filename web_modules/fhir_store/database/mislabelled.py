"""Finds the records that have a confidentiality label which nobody can read."""

from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.elements.labels import UNREADABLE
from web_modules.fhir_store.elements.parameters import parameter_number

_WITH_A_LABEL = """
    FROM search_token AS i JOIN resource AS r ON r.practice = i.practice AND r.number = i.number
    WHERE i.practice = ? AND i.parameter = ?
"""

UNREADABLE_NUMBER = parameter_number("Resource", UNREADABLE)


def mislabelled(session: Session, practice: str, most: int) -> tuple[list[str], int]:
    """The first of them, such as `Patient/1`, and how many there are."""
    key = (practice, UNREADABLE_NUMBER)
    rows = session.rows(
        f"SELECT r.type, r.id {_WITH_A_LABEL} ORDER BY r.type, r.id LIMIT ?",
        (*key, most),
    )
    if not rows:
        return [], 0
    [(count,)] = session.rows(f"SELECT count(*) {_WITH_A_LABEL}", key)
    return [f"{kind}/{name}" for kind, name in rows], int(count)
