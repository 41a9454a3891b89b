"""Tells which criterion of a search says of whom it asks, and nothing of what their records hold."""

from web_modules.fhir_store.elements.indexing import split_reference
from web_modules.fhir_store.search.criteria import AnyOf, Condition, Criterion
from web_modules.fhir_store.search.query import Branch

_NAMING = {"patient": "Patient", "subject": "Patient", "actor": "Patient", "slot": "Slot"}
"""Parameters and what they name. A time in the book is no secret: whoever books must not give it twice."""


def whom_alone(branch: Branch, base_url: str) -> Criterion | None:
    """The first criterion that names patients, or a time in the book; None when none does.

    One at most: two together could ask whether a hidden record joins them.
    """
    return next((one for one in branch.criteria if _is_naming(one, branch.resource_type, base_url)), None)


def _is_naming(criterion: Criterion, resource_type: str, base_url: str) -> bool:
    if isinstance(criterion, AnyOf):  # of a compartment, or else of dates
        return all(
            one.parameter.code == "_id" or _are_all(one, "Patient", base_url) for one in criterion.criteria
        )
    if not isinstance(criterion, Condition) or criterion.modifier:
        return False
    code = criterion.parameter.code
    if code == "_id":
        return resource_type == "Patient"
    return code in _NAMING and _are_all(criterion, _NAMING[code], base_url)


def _are_all(condition: Condition, target_type: str, base_url: str) -> bool:
    is_bare_known = condition.parameter.code in {"patient", "slot"}
    return all(
        split_reference(value, base_url)[0] == target_type if "/" in value else is_bare_known
        for value in condition.values
    )
