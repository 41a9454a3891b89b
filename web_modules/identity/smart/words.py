"""What an application asks for, in words for the person who decides."""

from web_modules.fhir_store.access import ANY_TYPE, Interaction
from web_modules.identity.scopes import Level, ResourceScope, Scopes

_PLAIN = {
    "openid": "know who you are",
    "offline_access": "go on when you have signed out, for up to 90 days",
    "online_access": "go on until your session ends",
    "messaging/scratchpad": "keep drafts in the window while it is open",
    "messaging/ui": "open other screens of the window",
}


def asked_for(scopes: Scopes) -> list[str]:
    """One line for each thing."""
    lines = [_PLAIN[one] for one in scopes.plain if one in _PLAIN]
    return [*lines, *(_line(one) for one in scopes.resources)]


def _line(scope: ResourceScope) -> str:
    grant = scope.grant
    doings = []
    if grant.interactions & {Interaction.READ, Interaction.SEARCH}:
        doings.append("read")
    if Interaction.CREATE in grant.interactions:
        doings.append("add")
    if Interaction.UPDATE in grant.interactions:
        doings.append("change")
    if Interaction.DELETE in grant.interactions:
        doings.append("delete")
    doing = doings[0] if len(doings) == 1 else f"{', '.join(doings[:-1])} and {doings[-1]}"
    what = "every record" if grant.resource_type == ANY_TYPE else f"{grant.resource_type} records"
    whose = "of the patient whom you choose" if scope.level is Level.PATIENT else "that you may see"
    condition = "".join(f", where {name} is {value}" for name, value in grant.query)
    return f"{doing} {what} {whose}{condition}"
