"""What belongs to one patient, by HL7's definition (FHIR R4 compartmentdefinition-patient.html)."""

from collections.abc import Mapping
from dataclasses import replace

from web_modules.fhir_store.elements.moments import range_of
from web_modules.fhir_store.elements.parameters import Parameter, ParameterCatalogue, ParameterKind
from web_modules.fhir_store.refusals import IssueCode, of_parameter, refuse
from web_modules.fhir_store.search.criteria import AnyOf, Condition, Criterion
from web_modules.fhir_store.search.query import Branch, Include, Pairs, Search, SearchReader

PATIENT = "Patient"
_OWN = frozenset({"_type", "_since", "start", "end"})
_OF_PAGES = frozenset({"_count", "_total", "_summary", "_elements", "_format", "_pretty"})


def _referred_to(target_type: str) -> Include:
    return Include(
        source_type="", parameter=None, target_type=target_type, is_reverse=False, is_iterated=False
    )


class PatientCompartment:
    """Makes searches that stay with one patient."""

    def __init__(self, catalogue: ParameterCatalogue, reader: SearchReader) -> None:
        self._catalogue = catalogue
        self._reader = reader
        self._parameters: Mapping[str, tuple[str, ...]] = {
            kind: names
            for kind, names in catalogue.definitions.patient_compartment.items()
            if kind in catalogue.resource_types
        }

    def within(self, search: Search, patient_id: str) -> Search:
        """A search of one type, confined to what belongs to a patient.

        Raises:
            Refusal: 400, nothing of this type belongs to patients.
        """
        (branch,) = search.branches
        kind = branch.resource_type
        if kind not in self._parameters:
            words = f"What a {kind} is about does not make it a patient's, by HL7's definition."
            raise refuse(400, IssueCode.NOT_SUPPORTED, words)
        confined = replace(branch, criteria=(*branch.criteria, self._belonging(kind, patient_id)))
        return replace(search, path=f"{PATIENT}/{patient_id}/{kind}", branches=(confined,))

    def everything(self, patient_id: str, pairs: Pairs, *, is_strict: bool) -> Search:
        """All that belongs to a patient, and what it refers to.

        Args:
            patient_id: of the patient.
            pairs: `_type`, `_since`, `start`, `end`, and what pages have.
            is_strict: refuse what is not understood.

        Raises:
            Refusal: 400, a parameter is not understood.
        """
        asked = dict(pairs)
        named = (value.split(",") for name, value in pairs if name == "_type")
        wanted = [kind for kinds in named for kind in kinds if kind]
        belonging = {PATIENT, *self._parameters}
        types = sorted(belonging.intersection(wanted) if wanted else belonging)
        if not types or not self._catalogue.resource_types.issuperset(wanted):
            words = "`_type` must name types of FHIR R4, at least one of them of what belongs to patients."
            raise refuse(400, IssueCode.NOT_SUPPORTED, words, of_parameter("_type"))
        _check_span(asked)
        passed = [pair for pair in pairs if pair[0] not in _OWN]
        search = self._reader.read(PATIENT, passed, is_strict=is_strict)
        if any(branch.criteria or branch.sort for branch in search.branches) or search.includes:
            words = "`$everything` takes _type, _since, start, end and _count, and no search parameters."
            other = next(name for name, _value in search.used if name not in _OF_PAGES)
            raise refuse(400, IssueCode.NOT_SUPPORTED, words, of_parameter(other))
        branches = [
            Branch(
                resource_type=kind,
                criteria=(self._belonging(kind, patient_id), *self._dated(kind, asked)),
                sort=(),
            )
            for kind in types
        ]
        return replace(
            search,
            path=f"{PATIENT}/{patient_id}/$everything",
            branches=tuple(branches),
            includes=tuple(_referred_to(kind) for kind in wanted or ("",)),
            used=(*((name, value) for name, value in pairs if name in _OWN), *search.used),
        )

    def _belonging(self, kind: str, patient_id: str) -> Criterion:
        known = self._catalogue.of(kind)
        found = [
            Condition(parameter=known[name], modifier="", values=(f"{PATIENT}/{patient_id}",))
            for name in self._parameters.get(kind, ())
            if name in known
        ]
        if kind == PATIENT:
            found.append(Condition(parameter=known["_id"], modifier="", values=(patient_id,)))
        return AnyOf(criteria=tuple(found))

    def _dated(self, kind: str, asked: Mapping[str, str]) -> list[Criterion]:
        known = self._catalogue.of(kind)
        found: list[Criterion] = []
        if asked.get("_since"):
            found.append(_bound(known["_lastUpdated"], "ge", "_since", asked))
        date = known.get("date")
        if date is not None and date.kind is ParameterKind.DATE:
            undated = Condition(parameter=date, modifier="missing", values=("true",))
            for name, prefix in (("start", "ge"), ("end", "le")):
                if asked.get(name):
                    found.append(AnyOf(criteria=(_bound(date, prefix, name, asked), undated)))
        return found


def _check_span(asked: Mapping[str, str]) -> None:
    try:
        is_empty = range_of(asked.get("end", "9999")).high <= range_of(asked.get("start", "0001")).low
    except ValueError:  # said where it is read as a date
        return
    if is_empty:
        words = "`start` must not be after `end`: nothing is of such a time."
        raise refuse(400, IssueCode.INVALID, words, of_parameter("start"))


def _bound(parameter: Parameter, prefix: str, name: str, asked: Mapping[str, str]) -> Condition:
    return Condition(parameter=parameter, modifier="", values=(f"{prefix}{asked[name]}",), asked_as=name)
