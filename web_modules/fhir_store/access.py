"""What somebody may do with a practice's records: pure data that identity makes and the store enforces.

The store asks three things: `grants_for` says on which terms an interaction with a type is allowed (each
grant is an alternative; within one grant its patient and its query must both hold), `sees` says whether a
resource's confidentiality labels let it be shown, and `compartment` names the one patient to whom everything
is confined.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

ANY_TYPE = "*"
"""The resource type of a grant that holds for every type but `AUDIT_EVENT`."""

AUDIT_EVENT = "AuditEvent"
"""Tells of every record, hidden ones among them: only a grant that names it opens the audit."""

OPEN_LABELS = frozenset({"U", "L", "M", "N"})
"""HL7 v3 Confidentiality: unrestricted, low, moderate, normal. Whoever may read at all sees these."""

RESTRICTED_LABELS = frozenset({"R", "V"})
"""Restricted and very restricted: hidden from whoever is not cleared. The system has no other codes."""

SHARED_TYPES = frozenset(
    {"HealthcareService", "Location", "Medication", "Organization", "Practitioner", "PractitionerRole"}
)
"""What records of every patient refer to and no patient's compartment holds."""


class Interaction(StrEnum):
    """What can be done, by SMART's letters (SMART App Launch 2.2, scopes)."""

    CREATE = "c"
    READ = "r"
    UPDATE = "u"
    DELETE = "d"
    SEARCH = "s"


EVERYTHING = frozenset(Interaction)
READING = frozenset({Interaction.READ, Interaction.SEARCH})
WRITING = EVERYTHING - READING


class AgentKind(StrEnum):
    """What kind of party asks."""

    PERSON = "person"
    SERVICE = "service"
    """A part of Banyan itself, such as the bridge."""
    APPLICATION = "application"
    """A program that acts for nobody but itself (SMART Backend Services)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Who asks.

    Attributes:
        id: of the person, or of the program when no person is behind it.
        name: as shown.
        role: of the person at the practice, such as `gp`; empty for a program.
        client: the OAuth client through which a person asks; empty for our own pages.
        kind: person, service or application.
        registration: system and number of the person's professional registration, parted by `|`, or empty.
    """

    id: str
    name: str
    role: str = ""
    client: str = ""
    kind: AgentKind = AgentKind.PERSON
    registration: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One permission.

    Attributes:
        resource_type: such as Observation, or `ANY_TYPE`.
        interactions: what may be done.
        query: search parameters and values a resource must all match, such as ("category", "laboratory").
        patient: id of the patient in whose compartment a resource must be; None when that does not matter.
    """

    resource_type: str
    interactions: frozenset[Interaction]
    query: tuple[tuple[str, str], ...] = ()
    patient: str | None = None

    def covers(self, interaction: Interaction | str, resource_type: str) -> bool:
        """Whether this speaks of an interaction with a type; patient and query are still to be checked."""
        is_of_any = self.resource_type == ANY_TYPE and resource_type != AUDIT_EVENT
        return interaction in self.interactions and (is_of_any or self.resource_type == resource_type)

    def meet(self, other: "Grant") -> "Grant | None":
        """What both permit, or None when that is nothing."""
        types = {self.resource_type, other.resource_type}
        if AUDIT_EVENT not in types:
            types -= {ANY_TYPE}
        patients = {self.patient, other.patient} - {None}
        interactions = self.interactions & other.interactions
        if len(types) > 1 or len(patients) > 1 or not interactions:
            return None
        return Grant(
            resource_type=next(iter(types), ANY_TYPE),
            interactions=interactions,
            query=tuple(dict.fromkeys((*self.query, *other.query))),
            patient=next(iter(patients), None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Everything that somebody may do at one practice; without a grant, nothing.

    Attributes:
        agent: who asks.
        grants: alternatives.
        clearance: confidentiality codes beyond N that may be shown: "R", "V".
        relationships: ids of the patients with whom there is a legitimate relationship; None: no need of one.
    """

    agent: Agent
    grants: tuple[Grant, ...]
    clearance: frozenset[str] = frozenset()
    relationships: frozenset[str] | None = frozenset()

    def may(self, interaction: Interaction | str, resource_type: str) -> bool:
        """Whether an interaction with a type is allowed on any terms."""
        return any(grant.covers(interaction, resource_type) for grant in self.grants)

    def grants_for(self, interaction: Interaction | str, resource_type: str) -> tuple[Grant, ...]:
        """On which terms an interaction with a type is allowed: any one of these is enough."""
        return tuple(grant for grant in self.grants if grant.covers(interaction, resource_type))

    def compartment(self) -> str | None:
        """The one patient to whom every grant is confined (`SHARED_TYPES` apart), or None."""
        patients = {grant.patient for grant in self.grants if grant.resource_type not in SHARED_TYPES}
        return next(iter(patients)) if len(patients) == 1 else None

    def may_read_audit(self) -> bool:
        """Whether the audit is open: it is named, and nothing of any patient is hidden.

        The audit is of the whole practice: no grant for one patient or by a query opens a part of it.
        """
        return self._is_named_audit(Interaction.READ) and (
            self.clearance >= RESTRICTED_LABELS and self.relationships is None
        )

    def may_add_to_audit(self) -> bool:
        """Whether an AuditEvent may be sent."""
        return self._is_named_audit(Interaction.CREATE)

    def _is_named_audit(self, interaction: Interaction) -> bool:
        grants = self.grants_for(interaction, AUDIT_EVENT)
        return any(grant.patient is None and not grant.query for grant in grants)

    def sees(self, labels: Collection[str], patients: Collection[str] = ()) -> bool:
        """Whether a resource may be shown, as far as confidentiality goes.

        Args:
            labels: the confidentiality codes of its `meta.security`; none means N.
            patients: ids of the patients whom it is about. What is restricted and of nobody known is not
                shown to whoever needs a relationship.
        """
        restricted = set(labels) - OPEN_LABELS
        if not restricted:
            return True
        if not restricted <= self.clearance:
            return False
        return self.relationships is None or (bool(patients) and set(patients) <= self.relationships)


FULL_GRANTS = (Grant(resource_type=ANY_TYPE, interactions=EVERYTHING),)
"""Everything of everybody but the audit."""

ADDING_TO_AUDIT = Grant(resource_type=AUDIT_EVENT, interactions=frozenset({Interaction.CREATE}))
READING_AUDIT = Grant(resource_type=AUDIT_EVENT, interactions=READING)

OURSELVES = Access(
    agent=Agent(id="banyan", name="Banyan", kind=AgentKind.SERVICE),
    grants=(*FULL_GRANTS, ADDING_TO_AUDIT, READING_AUDIT),
    clearance=RESTRICTED_LABELS,
    relationships=None,
)
"""This program itself, where nobody else asks: it looks for changes, and after its own health."""
