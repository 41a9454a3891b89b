"""SMART scopes: read, normalised to version 2, narrowed, and turned into grants.

SMART App Launch 2.2, "Scopes and Launch Context". What is not understood is no scope: it is left out of what
is granted, and the token answer says what was granted (RFC 6749 section 3.3).
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode

from web_modules.fhir_store.access import ANY_TYPE, READING, SHARED_TYPES, Grant, Interaction

_RESOURCE = re.compile(
    r"^(?P<level>patient|user|system)/(?P<type>\*|[A-Z][A-Za-z]{1,63})"
    r"\.(?P<what>read|write|\*|(?=[cruds])c?r?u?d?s?)(?:\?(?P<query>[^\s?]+))?$"
)
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
_ORDER = "cruds"
_QUERIED = frozenset({"_id", "_profile", "_security", "_tag"})
"""Of the parameters of all types those that say something of one resource by itself."""
_NAME = re.compile(r"^[a-z][A-Za-z0-9-]*$")

MESSAGING_SCOPES = ("messaging/scratchpad", "messaging/ui")
"""What an application may say to the window that it is shown in (SMART Web Messaging 1.0.0)."""

PLAIN_SCOPES = frozenset(
    {
        "openid",
        "fhirUser",
        "profile",
        "launch",
        "launch/patient",
        "offline_access",
        "online_access",
        *MESSAGING_SCOPES,
    }
)
"""What is not about resources."""


class Level(StrEnum):
    """Whose rights a scope speaks of."""

    PATIENT = "patient"
    USER = "user"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceScope:
    """One scope for resources, such as `patient/Observation.rs?category=laboratory`.

    Attributes:
        level: whose rights.
        grant: what; its patient is not known yet.
    """

    level: Level
    grant: Grant

    @property
    def text(self) -> str:
        """In the form of version 2."""
        letters = "".join(letter for letter in _ORDER if letter in self.grant.interactions)
        query = f"?{urlencode(self.grant.query, safe=':/|')}" if self.grant.query else ""
        return f"{self.level}/{self.grant.resource_type}.{letters}{query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """A set of scopes.

    Attributes:
        plain: those of `PLAIN_SCOPES`, in order.
        resources: those for resources, in order.
    """

    plain: tuple[str, ...] = ()
    resources: tuple[ResourceScope, ...] = ()

    @property
    def text(self) -> str:
        """As in a token: parted by spaces."""
        return " ".join((*self.plain, *(one.text for one in self.resources)))

    @property
    def needs_patient(self) -> bool:
        """Whether one patient has to be chosen: it is asked for, or some scopes mean nothing without."""
        asked = "launch/patient" in self.plain
        return asked or any(one.level is Level.PATIENT for one in self.resources)

    def narrowed(self, allowed: "Scopes") -> "Scopes":
        """The part of these that others allow as well."""
        return Scopes(
            plain=tuple(one for one in self.plain if one in allowed.plain),
            resources=_simplified(_meets(self.resources, allowed.resources)),
        )

    def only(self, levels: Iterable[Level]) -> "Scopes":
        """Those of some levels, and the plain ones."""
        wanted = frozenset(levels)
        return Scopes(plain=self.plain, resources=tuple(one for one in self.resources if one.level in wanted))

    def of_types(self, known: Collection[str]) -> "Scopes":
        """Those of known resource types, and the plain ones."""
        types = {ANY_TYPE, *known}
        kept = tuple(one for one in self.resources if one.grant.resource_type in types)
        return Scopes(plain=self.plain, resources=kept)

    def without(self, *plain: str) -> "Scopes":
        """These, some plain ones left out."""
        return Scopes(plain=tuple(one for one in self.plain if one not in plain), resources=self.resources)

    def grants(self, patient: str | None) -> tuple[Grant, ...]:
        """What they permit; a patient's level permits nothing while no patient is known."""
        return tuple(dict.fromkeys(_grants(self.resources, patient)))


def parse_scopes(text: str) -> Scopes:
    """Read scopes; what is not understood is left out."""
    plain: list[str] = []
    resources: list[ResourceScope] = []
    for part in dict.fromkeys(text.split()):
        if part in PLAIN_SCOPES:
            plain.append(part)
            continue
        found = _resource_scope(part)
        if found is not None:
            resources.append(found)
    return Scopes(plain=tuple(plain), resources=tuple(dict.fromkeys(resources)))


def meet_grants(some: Iterable[Grant], others: Iterable[Grant]) -> tuple[Grant, ...]:
    """What both permit."""
    known = tuple(others)
    met = (one.meet(other) for one in some for other in known)
    return tuple(dict.fromkeys(one for one in met if one is not None))


def _resource_scope(text: str) -> ResourceScope | None:
    found = _RESOURCE.match(text)
    if found is None:
        return None
    letters = _VERSION_1.get(found["what"], found["what"])
    is_version_1 = found["what"] in _VERSION_1
    query = tuple(parse_qsl(found["query"] or "", keep_blank_values=True))
    if found["query"] is not None and (is_version_1 or not _is_simple(query)):
        return None
    grant = Grant(
        resource_type=found["type"], interactions=frozenset(Interaction(one) for one in letters), query=query
    )
    return ResourceScope(level=Level(found["level"]), grant=grant)


def _is_simple(query: tuple[tuple[str, str], ...]) -> bool:
    """Whether one resource by itself matches or not: no chains, includes, sorting or paging."""
    return bool(query) and all(
        value and (name in _QUERIED or _NAME.match(name.partition(":")[0])) for name, value in query
    )


def _meets(some: Iterable[ResourceScope], others: Iterable[ResourceScope]) -> Iterator[ResourceScope]:
    known = tuple(others)
    for one in some:
        for other in known:
            met = one.grant.meet(other.grant) if one.level is other.level else None
            if met is not None:
                yield ResourceScope(level=one.level, grant=met)


def _simplified(scopes: Iterable[ResourceScope]) -> tuple[ResourceScope, ...]:
    """Without those that another one contains."""
    distinct = tuple(dict.fromkeys(scopes))
    return tuple(
        one
        for one in distinct
        if not any(
            other is not one and other.level is one.level and one.grant.meet(other.grant) == one.grant
            for other in distinct
        )
    )


def _grants(resources: Iterable[ResourceScope], patient: str | None) -> Iterator[Grant]:
    for one in resources:
        grant = one.grant
        if one.level is not Level.PATIENT:
            yield grant
        elif patient is not None:
            read = grant.interactions & READING
            if grant.resource_type in SHARED_TYPES:
                shared = {grant.resource_type}
            else:
                shared = set(SHARED_TYPES) if grant.resource_type == ANY_TYPE and not grant.query else set()
                yield Grant(
                    resource_type=grant.resource_type,
                    interactions=grant.interactions,
                    query=grant.query,
                    patient=patient,
                )
            for shared_type in sorted(shared):
                if read:
                    yield Grant(resource_type=shared_type, interactions=read, query=grant.query)
