"""Turns what somebody may do into conditions on the resource table: grants, patients and labels.

The same conditions stand in every statement that reads records, in those of a chain or an include too, so
nothing that is hidden can be found, counted or inferred from an answer. FHIR R4 security-labels.html; SMART
App Launch 2.2, scopes.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from web_modules.fhir.systems import CONFIDENTIALITY
from web_modules.fhir_store.access import (
    ANY_TYPE,
    EVERYTHING,
    RESTRICTED_LABELS,
    WRITING,
    Access,
    Grant,
    Interaction,
)
from web_modules.fhir_store.database.server_cursor import EACH
from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.elements.contexts import BINARY, CONTEXT, CONTEXT_NUMBER
from web_modules.fhir_store.elements.indexing import Indexer, IndexRows
from web_modules.fhir_store.elements.labels import LABELLED_INSIDE, UNREADABLE, labels_of
from web_modules.fhir_store.elements.parameters import ParameterCatalogue, ParameterKind, parameter_number
from web_modules.fhir_store.search.contents import is_fulfilled
from web_modules.fhir_store.search.criteria import Criterion, CriterionReader
from web_modules.fhir_store.search.narrowing import Narrower
from web_modules.fhir_store.search.sql import EVERYTHING as ANY
from web_modules.fhir_store.search.sql import NEVER, Sql, among, either, every, negated

Compartment = Mapping[str, Sequence[str]]
"""For each type, the search parameters that say of which patient it is."""

_UNREADABLE = parameter_number("Resource", UNREADABLE)

_HAS_NO_CONTEXT = (
    "NOT EXISTS (SELECT 1 FROM search_reference AS i WHERE i.practice = ? AND i.number = r.number"
    " AND i.parameter = ?)"
)

_SUBJECT = frozenset({"patient", "subject", "beneficiary"})
"""Of a compartment's parameters those that say whom a record is about, and not who else had a part in it."""


def is_unlimited(access: Access) -> bool:
    """Whether everything is open to somebody."""
    everything = any(
        grant.resource_type == ANY_TYPE
        and grant.interactions >= EVERYTHING
        and not grant.query
        and grant.patient is None
        for grant in access.grants
    )
    return everything and access.clearance >= RESTRICTED_LABELS and access.relationships is None


class LimitedSight:
    """What somebody with limits sees of one practice."""

    is_limited = True

    def __init__(
        self,
        access: Access,
        practice: str,
        catalogue: ParameterCatalogue,
        indexer: Indexer,
        compartment: Compartment,
        base_url: str,
    ) -> None:
        """Limit what is seen.

        Args:
            access: of whoever asks.
            practice: its ODS code.
            catalogue: the search parameters.
            indexer: of them.
            compartment: of a patient.
            base_url: the practice's FHIR base.
        """
        self._access = access
        self._practice = practice
        self._catalogue = catalogue
        self._indexer = indexer
        self._compartment = compartment
        self._base_url = base_url
        self._narrower = Narrower(practice, base_url, lambda _name: ())
        self._known: dict[tuple[Interaction, str], Sql | None] = {}

    def allows(self, interaction: Interaction, resource_type: str) -> bool:
        """Whether an interaction with a type is permitted on any terms."""
        return self._access.may(interaction, resource_type)

    def limit(self, interaction: Interaction, resource_type: str) -> Sql | None:
        """What a resource `r` of a type must fulfil, or None when all of the type is open."""
        key = (interaction, resource_type)
        if key not in self._known:
            hidden = self._hidden(resource_type)
            parts = [self._granted(interaction, resource_type), None if hidden is None else negated(hidden)]
            if resource_type == BINARY:  # what has a context is looked at by itself, see `in_context`
                parts.append(Sql(_HAS_NO_CONTEXT, (self._practice, CONTEXT_NUMBER)))
            there = [part for part in parts if part is not None]
            self._known[key] = every(there) if there else None
        return self._known[key]

    def in_context(
        self, interaction: Interaction, context_type: str, *, is_labelled: bool
    ) -> tuple[Sql, Sql | None]:
        """What a Binary with a security context must fulfil, and what its context must; see `Sight`."""
        terms = [
            self._terms(replace(grant, patient=None), interaction, BINARY)
            for grant in self._access.grants_for(interaction, BINARY)
        ]
        granted = either([ANY if term is None else term for term in terms])
        context = self._in_place(interaction, context_type)
        if not is_labelled:
            return every([granted, negated(self._labelled(BINARY, RESTRICTED_LABELS))]), context
        above = RESTRICTED_LABELS - self._access.clearance
        own = every([granted, negated(self._labelled(BINARY, above))]) if above else granted
        if self._access.relationships is None:
            return own, context
        known = self._is_of_known_patients(context_type)
        return own, known if context is None else every([context, known])

    def _in_place(self, interaction: Interaction, context_type: str) -> Sql | None:
        """What a context must fulfil: it may be read, and who writes for one patient writes for that one."""
        readable = self.limit(Interaction.READ, context_type)
        patients = [grant.patient for grant in self._access.grants_for(interaction, BINARY)]
        confined = [patient for patient in patients if patient is not None]
        if interaction not in WRITING or len(confined) < len(patients):
            return readable
        about = either([self._is_of(patient, interaction, context_type) for patient in confined])
        return about if readable is None else every([readable, about])

    def withheld(self, resource_type: str) -> Sql | None:
        """What is permitted but for its confidentiality label fulfils this; None when no label hides it."""
        hidden = self._hidden(resource_type)
        if resource_type == BINARY:  # what has a context is read by its id alone
            in_context = negated(Sql(_HAS_NO_CONTEXT, (self._practice, CONTEXT_NUMBER)))
            return in_context if hidden is None else either([hidden, in_context])
        granted = self._granted(Interaction.SEARCH, resource_type)
        return hidden if hidden is None or granted is None else every([granted, hidden])

    def _hidden(self, resource_type: str) -> Sql | None:
        """What has a label above the clearance, or one that asks for a relationship where there is none."""
        above = RESTRICTED_LABELS - self._access.clearance
        cleared = RESTRICTED_LABELS & self._access.clearance
        hidden = [self._labelled(resource_type, above)] if above else []
        if cleared and self._access.relationships is not None:
            stranger = negated(self._is_of_known_patients(resource_type))
            hidden.append(every([self._labelled(resource_type, cleared), stranger]))
        return either(hidden) if hidden else None

    def shows(self, content: bytes) -> bool:
        """Whether a past version may be read by its own content; what cannot be told is not shown."""
        resource = decode(content)
        resource_type = resource["resourceType"]
        if resource_type == BINARY and CONTEXT in resource:
            return False  # whoever may see the record today may not have been let see what stood for it then
        rows = self._indexer.rows(resource, self._base_url)
        patients = self._patients(resource, rows)
        return self._access.sees(labels_of(resource), patients) and any(
            (grant.patient is None or grant.patient in patients) and self._is_matched(grant, resource, rows)
            for grant in self._access.grants_for(Interaction.READ, resource_type)
        )

    def takes(self, interaction: Interaction, resource: Mapping[str, Any]) -> bool:
        """Whether what a resource contains may be written: with a grant for one patient, of no other."""
        others = {
            patient
            for inner in resource.get("contained", ())
            for patient in self._named(inner, self._subject_numbers(inner["resourceType"]))
        }
        return any(
            grant.patient is None or others <= {grant.patient}
            for grant in self._access.grants_for(interaction, resource["resourceType"])
        )

    def _is_matched(self, grant: Grant, resource: Mapping[str, Any], rows: IndexRows) -> bool:
        criteria = self._criteria(grant, resource["resourceType"])
        return criteria is not None and all(is_fulfilled(one, resource["id"], rows) for one in criteria)

    def _patients(self, resource: Mapping[str, Any], rows: IndexRows) -> frozenset[str]:
        """The ids of those in whose compartments a resource is."""
        if resource["resourceType"] == "Patient":
            return frozenset({str(resource["id"])})
        return self._named(resource, self._numbers(resource["resourceType"]), rows)

    def _named(
        self, resource: Mapping[str, Any], numbers: Sequence[int], rows: IndexRows | None = None
    ) -> frozenset[str]:
        """The ids of the patients whom some parameters find in a resource."""
        known = self._indexer.rows(resource, self._base_url) if rows is None else rows
        return frozenset(
            str(target_id)
            for number, target_type, target_id in known.get(ParameterKind.REFERENCE, ())
            if number in numbers and target_type == "Patient"
        )

    def _granted(self, interaction: Interaction, resource_type: str) -> Sql | None:
        terms = [
            self._terms(grant, interaction, resource_type)
            for grant in self._access.grants_for(interaction, resource_type)
        ]
        return None if None in terms else either([term for term in terms if term is not None])

    def _terms(self, grant: Grant, interaction: Interaction, resource_type: str) -> Sql | None:
        parts = [] if grant.patient is None else [self._is_of(grant.patient, interaction, resource_type)]
        criteria = self._criteria(grant, resource_type)
        if criteria is None:
            return NEVER
        if criteria:
            parts.append(self._narrower.checking(resource_type, criteria))
        return every(parts) if parts else None

    def _criteria(self, grant: Grant, resource_type: str) -> list[Criterion] | None:
        """What a grant asks of a resource, or None when it is not understood and so permits nothing."""
        reader = CriterionReader(self._catalogue)
        criteria = [reader.read(resource_type, name, value) for name, value in grant.query]
        known = [criterion for criterion in criteria if criterion is not None]
        return known if len(known) == len(criteria) else None

    def _is_of(self, patient: str, interaction: Interaction, resource_type: str) -> Sql:
        """Whether it is in a patient's compartment; to be written, about that patient and no other."""
        if resource_type == "Patient":
            return Sql("r.id = ?", (patient,))
        is_this = Sql("i.target_id = ?", (patient,))
        if interaction not in WRITING:
            return self._pointing(self._numbers(resource_type), is_this)
        subjects = self._subject_numbers(resource_type)
        of_others = self._pointing(subjects, negated(is_this))
        return every([self._pointing(subjects, is_this), negated(of_others)])

    def _is_of_known_patients(self, resource_type: str) -> Sql:
        """Whether it is about patients, all of whom there is a relationship with."""
        known = (json.dumps(sorted(self._access.relationships or ())),)
        if resource_type == "Patient":
            return Sql(f"r.id IN ({EACH})", known)
        is_known = Sql(f"i.target_id IN ({EACH})", known)
        numbers = self._numbers(resource_type)
        of_known = self._pointing(numbers, is_known)
        of_others = self._pointing(numbers, negated(is_known))
        return every([of_known, negated(of_others)])

    def _pointing(self, numbers: Sequence[int], target: Sql) -> Sql:
        parameters = among("i.parameter", numbers)
        return Sql(
            "EXISTS (SELECT 1 FROM search_reference AS i WHERE i.practice = ? AND i.number = r.number"
            f" AND {parameters.text} AND i.target_type = 'Patient' AND {target.text})",
            (self._practice, *parameters.values, *target.values),
        )

    def _numbers(self, resource_type: str) -> list[int]:
        """By which the index knows the parameters that say of which patient a resource is."""
        return self._known_numbers(resource_type, self._compartment.get(resource_type, ()))

    def _subject_numbers(self, resource_type: str) -> list[int]:
        """Of those the ones that say whom it is about; all, where none says only that."""
        names = self._compartment.get(resource_type, ())
        return self._known_numbers(resource_type, [name for name in names if name in _SUBJECT] or names)

    def _known_numbers(self, resource_type: str, names: Iterable[str]) -> list[int]:
        known = self._catalogue.of(resource_type)
        return [known[name].number for name in names if name in known]

    def _labelled(self, resource_type: str, codes: Iterable[str]) -> Sql:
        numbers = [parameter_number(resource_type, name) for name in ("_security", LABELLED_INSIDE)]
        numbers.append(_UNREADABLE)
        parameters, named = among("i.parameter", numbers), among("i.code", sorted(codes))
        return Sql(
            "r.number IN (SELECT i.number FROM search_token AS i WHERE i.practice = ?"
            f" AND {parameters.text} AND {named.text} AND i.system = ?)",
            (self._practice, *parameters.values, *named.values, CONFIDENTIALITY),
        )
