"""A condition: a coded entry, with the problem that extends it where there is one, and Condition."""

from collections.abc import Mapping
from typing import Any

from legacy_bridge.mapping.clinical.entry import PROBLEM, entry_fields, entry_mapping, plain_values
from legacy_bridge.mapping.clinical.fields import date_field, field, link_field, row_of, text_field
from legacy_bridge.mapping.clinical.places import Place, element, extension
from legacy_bridge.mapping.clinical.record import VERIFICATION_CONDITION, ClinicalMapping
from legacy_bridge.mapping.field import Column, Draft, Element, FieldMapping
from legacy_bridge.mapping.values import text_of
from legacy_bridge.records import CloudContent, Kind, RowGroup, RowValue, Value
from legacy_bridge.sides.codes import CodeRow
from legacy_bridge.sides.links import References

_TYPE = "Condition"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
_PROBLEM_LIST = "problem-list-item"
_CONFIRMED = {"coding": [{"system": VERIFICATION_CONDITION[1], "code": "confirmed", "display": "Confirmed"}]}
ACTIVE, PAST = "Active Problem", "Past Problem"
_STATUSES: Mapping[str, str] = {
    "active": ACTIVE,
    "recurrence": ACTIVE,
    "relapse": ACTIVE,
    "inactive": PAST,
    "remission": PAST,
    "resolved": PAST,
}
_CODES: Mapping[str, str] = {ACTIVE: "active", PAST: "inactive"}
_SIGNIFICANCES: Mapping[str, CodeRow] = {
    "Significant Problem": CodeRow(number="", concept="386134007", term="Significant"),
    "Minor Problem": CodeRow(number="", concept="371928007", term="Not significant"),
}
"""The legacy program's two words, with the SNOMED CT concepts that its publisher gives them."""


def _column(name: str, length: int) -> Column:
    return Column(table=PROBLEM, name=name, length=length, extends=True)


def _end() -> Place:
    """The end of a problem; FHIR R4 (con-4) knows none of an active one, so that is kept in an extension."""
    plain, kept = element("abatementDateTime"), extension("problem-end", "valueDateTime")

    def get(resource: Mapping[str, Any]) -> Any:
        return plain.get(resource) or kept.get(resource)

    def put(resource: Element, value: Any) -> None:
        is_over = _STATUSES.get(_status_code(resource) or "") == PAST
        plain.put(resource, value if is_over else None)
        kept.put(resource, None if is_over else value)

    return Place(get=get, put=put)


_END = _end()


def _status_code(resource: Mapping[str, Any]) -> str | None:
    codings = (resource.get("clinicalStatus") or {}).get("coding", [])
    return next((text_of(one.get("code")) for one in codings if one.get("system") == _CLINICAL), None)


def _status(content: CloudContent, _references: References) -> Value | None:
    """The legacy program's word; a status that means the same stays as it is."""
    code = _status_code(content.resources[_TYPE])
    return None if code is None else _STATUSES.get(code)


def _put_status(draft: Draft, value: Value | None, _references: References) -> None:
    condition = draft[_TYPE]
    code = _status_code(condition)
    if value is None:
        condition.pop("clinicalStatus", None)
    elif code is None or _STATUSES.get(code) != value:
        known = _CODES.get(str(value))
        coded = {} if known is None else {"coding": [{"system": _CLINICAL, "code": known}]}
        condition["clinicalStatus"] = {**coded, "text": value}
    _END.put(condition, _END.get(condition))


def _is_problem(content: CloudContent, _references: References) -> Value | None:
    return True if _problem_list(content.resources[_TYPE]) else None


def _problem_list(resource: Mapping[str, Any]) -> bool:
    return any(
        one.get("system") == _CATEGORY and one.get("code") == _PROBLEM_LIST
        for category in resource.get("category", [])
        for one in category.get("coding", [])
    )


def _put_is_problem(draft: Draft, value: Value | None, _references: References) -> None:
    condition = draft[_TYPE]
    codes = {True: _PROBLEM_LIST, False: "encounter-diagnosis"}
    rest = [
        category
        for category in condition.get("category", [])
        if not any(
            one.get("system") == _CATEGORY and one.get("code") in codes.values()
            for one in category.get("coding", [])
        )
    ]
    mine = {"coding": [{"system": _CATEGORY, "code": codes[value is True]}]}
    condition["category"] = [mine, *rest]


def _duration(group: RowGroup) -> Value | None:
    days = row_of(group, PROBLEM).get("ExpectedDuration")
    return days if isinstance(days, int) and not isinstance(days, bool) else None


_SIGNIFICANCE = extension("problem-significance", "valueCodeableConcept")


def _significance_concept(value: Value) -> Mapping[str, Any]:
    known = _SIGNIFICANCES.get(str(value))
    coding = (
        {}
        if known is None
        else {"coding": [{"system": "http://snomed.info/sct", "code": known.concept, "display": known.term}]}
    )
    return {**coding, "text": value}


def _text_columns(value: Value | None) -> Mapping[str, RowValue]:
    return {
        f"{PROBLEM}.{name}": written
        for name, written in _column("SignificanceDescription", 20).write(value).items()
    }


CONDITION = entry_mapping(
    ClinicalMapping,
    Kind.CONDITION,
    skeleton={"verificationStatus": _CONFIRMED},
    error=VERIFICATION_CONDITION,
    drops_in_error=("clinicalStatus", "abatementDateTime"),  # FHIR R4 Condition: con-4, con-5
    optional={"reviewed_by": "", "parent_problem": ""},
    awaited=frozenset({"parent_problem", "problem"}),
    new_row={
        f"{PROBLEM}.ProblemStatusDescription": ACTIVE,
        f"{PROBLEM}.SignificanceDescription": "Significant Problem",
        f"{PROBLEM}.EndDatePrecision": "U",
    },
    fields=(
        *entry_fields(
            _TYPE,
            Kind.CONDITION,
            date=element("onsetDateTime"),
            entered=element("recordedDate"),
            clinician=element("asserter"),
            entered_by=element("recorder"),
        ),
        *plain_values(_TYPE),
        FieldMapping(
            name="is_problem",
            from_rows=lambda group: True if group.rows.get(PROBLEM) else None,
            from_cloud=_is_problem,
            to_draft=_put_is_problem,
            to_columns=lambda _: {},
        ),
        FieldMapping(
            name="status",
            from_rows=_column("ProblemStatusDescription", 50).read,
            from_cloud=_status,
            to_draft=_put_status,
            to_columns=lambda value: (
                {f"{PROBLEM}.ProblemStatusDescription": value} if isinstance(value, str) else {}
            ),
        ),
        field(
            "significance",
            _TYPE,
            _SIGNIFICANCE,
            rows=_column("SignificanceDescription", 20).read,
            read=lambda content, _: text_of((_SIGNIFICANCE.get(content.resources[_TYPE]) or {}).get("text")),
            write=lambda value, _references, _before: _significance_concept(value),
            columns=_text_columns,
        ),
        date_field(
            "end",
            PROBLEM,
            ("EndDate", "EndDatePrecision"),
            _TYPE,
            _END,
            extends=True,
        ),
        field(
            "expected_days",
            _TYPE,
            extension("problem-expected-days", "valueInteger"),
            rows=_duration,
            read=lambda content, _: extension("problem-expected-days", "valueInteger").get(
                content.resources[_TYPE]
            ),
            write=lambda value, _references, _before: value,
            columns=lambda value: {f"{PROBLEM}.ExpectedDuration": value if isinstance(value, int) else None},
        ),
        date_field(
            "reviewed",
            PROBLEM,
            ("LastReviewDate", "LastReviewDatePrecision"),
            _TYPE,
            extension("problem-last-reviewed", "valueDateTime"),
            extends=True,
        ),
        link_field(
            "reviewed_by",
            PROBLEM,
            "LastReviewUserInRoleGuid",
            _TYPE,
            extension("problem-last-reviewed-by", "valueReference"),
            kind=Kind.PRACTITIONER,
            target="Practitioner",
            extends=True,
        ),
        link_field(
            "parent_problem",
            PROBLEM,
            "ParentProblemObservationGuid",
            _TYPE,
            extension("problem-parent", "valueReference"),
            kind=Kind.CONDITION,
            target="Condition",
            extends=True,
        ),
        text_field(
            "parent_relationship",
            _column("ParentProblemRelationship", 20),
            _TYPE,
            extension("problem-parent-relationship", "valueString"),
        ),
    ),
)
