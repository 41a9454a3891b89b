"""Says of a content that is not in the index whether it fulfils a criterion: of a past version, say."""

from web_modules.fhir_store.elements.indexing import IndexRows
from web_modules.fhir_store.elements.parameters import BUILT_IN, ParameterKind
from web_modules.fhir_store.search.conditions import split_token
from web_modules.fhir_store.search.criteria import Condition, Criterion


def is_fulfilled(criterion: Criterion, resource_id: str, rows: IndexRows) -> bool:
    """Whether a resource fulfils a criterion, by its id and index rows.

    Ids and plain tokens only, which is what scopes ask for (`category=laboratory`). Of everything else only
    the database can tell, and the answer is no.
    """
    if not isinstance(criterion, Condition) or criterion.modifier:
        return False
    parameter = criterion.parameter
    if parameter.code == "_id":
        return resource_id in criterion.values
    if parameter.code in BUILT_IN or parameter.kind is not ParameterKind.TOKEN:
        return False
    held = [row[1:] for row in rows.get(ParameterKind.TOKEN, ()) if row[0] == parameter.number]
    return any(_holds(held, value, has_systems=parameter.has_systems) for value in criterion.values)


def _holds(held: list[tuple[str | int | float, ...]], value: str, *, has_systems: bool) -> bool:
    system, code = split_token(value, has_systems=has_systems)
    return any(
        (system is None or system == key_system) and (code is None or code == key_code)
        for key_system, key_code in held
    )
