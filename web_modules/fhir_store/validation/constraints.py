"""HL7's invariants of single types, as far as this store enforces them: each by its key, in plain words.

HL7 writes them in FHIRPath. They are written out here instead: an evaluator (fhirpathpy 2.2) takes 30 to
190 µs for each of the dozens that a resource has, and validating a resource takes 50 µs altogether.
"""

from collections.abc import Callable, Mapping, Sequence

from web_modules.fhir_store.elements.moments import range_of
from web_modules.fhir_store.validation.forms import (
    Constraint,
    Node,
    any_of,
    has,
    needs,
    not_both,
    one_of,
    that,
)

_UCUM = "http://unitsofmeasure.org"
_ALLERGY_VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_CONDITION_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_CONDITION_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_AGAINST_MEALS = frozenset({"C", "CM", "CD", "CV"})


def _is_coded(node: Node, name: str, system: str, *codes: str) -> bool:
    return any(
        coding.get("system") == system and coding.get("code") in codes
        for coding in node.get(name, {}).get("coding", ())
    )


def _entries(node: Node) -> Sequence[Node]:
    entries: Sequence[Node] = node.get("entry", ())
    return entries


def _begins_with(node: Node, bundle_type: str, resource_type: str) -> bool:
    entries = _entries(node)
    first = entries[0].get("resource", {}).get("resourceType") if entries else None
    return node.get("type") != bundle_type or first == resource_type


def _is_distinct(bundle: Node) -> bool:
    names = [
        (entry["fullUrl"], entry.get("resource", {}).get("meta", {}).get("versionId"))
        for entry in _entries(bundle)
        if "fullUrl" in entry
    ]
    is_told_elsewhere = bundle.get("type") == "transaction"  # with the entry, by `steps`
    return bundle.get("type") == "history" or is_told_elsewhere or len(set(names)) == len(names)


def _is_ordered(node: Node) -> bool:
    low, high = node.get("low", {}), node.get("high", {})
    same_unit = all(low.get(name) == high.get(name) for name in ("system", "code", "unit"))
    return not (same_unit and "value" in low and "value" in high) or bool(low["value"] <= high["value"])


def _is_not_before(node: Node, later: str, earlier: str) -> bool:
    if later not in node or earlier not in node:
        return True
    try:
        return range_of(node[later]).high > range_of(node[earlier]).low
    except ValueError:  # there is no such day, of which the walk tells
        return True


def _repeats_its_code(observation: Node) -> bool:
    own = observation.get("code", {}).get("coding", ())
    return any(
        coding in own
        for component in observation.get("component", ())
        for coding in component.get("code", {}).get("coding", ())
    )


def _is_ratio(node: Node) -> bool:
    has_both = "numerator" in node and "denominator" in node
    return has_both or ("extension" in node and "numerator" not in node and "denominator" not in node)


def _is_whole_count(node: Node) -> bool:
    has_unit = "value" not in node or node.get("code") == "1"
    return has_unit and node.get("system", _UCUM) == _UCUM and "." not in str(node.get("value", ""))


def _is_parameter(node: Node) -> bool:
    return sum(has(node, name) for name in ("value[x]", "resource", "part")) == 1


def _offset_fits(node: Node) -> bool:
    return "offset" not in node or ("when" in node and not _AGAINST_MEALS.intersection(node["when"]))


def _of_time(node: Node) -> bool:
    return "code" not in node or (node.get("system") == _UCUM and "value" in node)


def _at_home(name: str) -> Callable[[Node], bool]:
    return lambda node: not any(one.get("use") == "home" for one in node.get(name, ()))


_PLAIN = (needs("qty-3", "code", "system"),)
_IN_UCUM = that("dis-1", "The unit must be one of UCUM", lambda node: node.get("system", _UCUM) == _UCUM)

CONSTRAINTS: Mapping[str, tuple[Constraint, ...]] = {
    "Age": (
        *_PLAIN,
        needs("age-1", "value", "code"),
        that(
            "age-1",
            "An age is above 0, in a unit of UCUM",
            lambda node: node.get("system", _UCUM) == _UCUM and node.get("value", 1) > 0,
        ),
    ),
    "AllergyIntolerance": (
        that(
            "ait-1",
            "`clinicalStatus` is needed unless the record was entered in error",
            lambda node: (
                "clinicalStatus" in node
                or _is_coded(node, "verificationStatus", _ALLERGY_VERIFICATION, "entered-in-error")
            ),
        ),
        that(
            "ait-2",
            "What was entered in error has no `clinicalStatus`",
            lambda node: (
                "clinicalStatus" not in node
                or not _is_coded(node, "verificationStatus", _ALLERGY_VERIFICATION, "entered-in-error")
            ),
        ),
    ),
    "Appointment": (
        that(
            "app-2",
            "An appointment has both a `start` and an `end`, or neither",
            lambda node: has(node, "start") == has(node, "end"),
        ),
        that(
            "app-3",
            "Only what is proposed, cancelled or on a waiting list lacks `start` and `end`",
            lambda node: (
                (has(node, "start") and has(node, "end"))
                or node.get("status") in {"proposed", "cancelled", "waitlist"}
            ),
        ),
        that(
            "app-4",
            "A `cancelationReason` is for what was cancelled, or for a no-show",
            lambda node: "cancelationReason" not in node or node.get("status") in {"noshow", "cancelled"},
        ),
    ),
    "Appointment_Participant": (any_of("app-1", "type", "actor"),),
    "AppointmentResponse": (any_of("apr-1", "participantType", "actor"),),
    "Attachment": (needs("att-1", "data", "contentType"),),
    "AuditEvent_Entity": (not_both("sev-1", "name", "query"),),
    "Bundle": (
        that(
            "bdl-1",
            "Only a searchset or history has a `total`",
            lambda node: "total" not in node or node.get("type") in {"searchset", "history"},
        ),
        that(
            "bdl-2",
            "Only entries of a searchset have a `search`",
            lambda node: (
                node.get("type") == "searchset" or not any("search" in entry for entry in _entries(node))
            ),
        ),
        that("bdl-7", "Entries with the same `fullUrl` must be different versions", _is_distinct),
        that(
            "bdl-9",
            "A document needs an `identifier` with system and value",
            lambda node: (
                node.get("type") != "document" or {"system", "value"} <= node.get("identifier", {}).keys()
            ),
        ),
        that(
            "bdl-10",
            "A document needs a `timestamp`",
            lambda node: node.get("type") != "document" or "timestamp" in node,
        ),
        that(
            "bdl-11",
            "A document begins with a Composition",
            lambda node: _begins_with(node, "document", "Composition"),
        ),
        that(
            "bdl-12",
            "A message begins with a MessageHeader",
            lambda node: _begins_with(node, "message", "MessageHeader"),
        ),
    ),
    "Bundle_Entry": (
        any_of("bdl-5", "resource", "request", "response"),
        that(
            "bdl-8", "A `fullUrl` names no version", lambda node: "/_history/" not in node.get("fullUrl", "")
        ),
    ),
    "CarePlan_Activity": (not_both("cpl-3", "detail", "reference"),),
    "Composition_Section": (
        any_of("cmp-1", "text", "entry", "section"),
        not_both("cmp-2", "emptyReason", "entry"),
    ),
    "Condition": (
        that(
            "con-4",
            "What has abated is inactive, resolved or in remission by its `clinicalStatus`",
            lambda node: (
                not has(node, "abatement[x]")
                or _is_coded(node, "clinicalStatus", _CONDITION_CLINICAL, "resolved", "remission", "inactive")
            ),
        ),
        that(
            "con-5",
            "What was entered in error has no `clinicalStatus`",
            lambda node: (
                "clinicalStatus" not in node
                or not _is_coded(node, "verificationStatus", _CONDITION_VERIFICATION, "entered-in-error")
            ),
        ),
    ),
    "Condition_Evidence": (any_of("con-2", "code", "detail"),),
    "Condition_Stage": (any_of("con-1", "summary", "assessment"),),
    "Consent": (any_of("ppc-1", "policy", "policyRule"),),
    "ContactPoint": (needs("cpt-2", "value", "system"),),
    "Count": (
        *_PLAIN,
        that("cnt-3", "A count is a whole number with the code 1 of UCUM", _is_whole_count),
    ),
    "DataRequirement_CodeFilter": (one_of("drq-1", "path", "searchParam"),),
    "DataRequirement_DateFilter": (one_of("drq-2", "path", "searchParam"),),
    "Distance": (*_PLAIN, needs("dis-1", "value", "code"), _IN_UCUM),
    "Duration": (*_PLAIN, that("drt-1", "A unit of time is of UCUM, beside a `value`", _of_time)),
    "Expression": (any_of("exp-1", "expression", "reference"),),
    "FamilyMemberHistory": (
        not_both("fhs-1", "age[x]", "born[x]"),
        needs("fhs-2", "estimatedAge", "age[x]"),
    ),
    "Goal_Target": (needs("gol-1", "detail[x]", "measure"),),
    "Group": (
        that(
            "grp-1",
            "Only an actual group has members",
            lambda node: "member" not in node or node.get("actual") is True,
        ),
    ),
    "Immunization_Education": (any_of("imm-1", "documentType", "reference"),),
    "ImmunizationRecommendation_Recommendation": (any_of("imr-1", "vaccineCode", "targetDisease"),),
    "InsurancePlan": (any_of("ipn-1", "identifier", "name"),),
    "Linkage": (
        that("lnk-1", "A linkage has at least two items", lambda node: len(node.get("item", ())) > 1),
    ),
    "List": (
        not_both("lst-1", "emptyReason", "entry"),
        that(
            "lst-2",
            "Only a list of changes has entries that are `deleted`",
            lambda node: (
                node.get("mode") == "changes" or not any(has(entry, "deleted") for entry in _entries(node))
            ),
        ),
        that(
            "lst-3",
            "Only a working list has entries with a `date`",
            lambda node: (
                node.get("mode") == "working" or not any(has(entry, "date") for entry in _entries(node))
            ),
        ),
    ),
    "MedicationAdministration_Dosage": (any_of("mad-1", "dose", "rate[x]"),),
    "MedicationDispense": (
        that(
            "mdd-1",
            "What is handed over was prepared before",
            lambda node: _is_not_before(node, "whenHandedOver", "whenPrepared"),
        ),
    ),
    "Observation": (
        not_both("obs-6", "dataAbsentReason", "value[x]"),
        that(
            "obs-7",
            "Beside a component with the same code there is no value",
            lambda node: "component" not in node or not has(node, "value[x]") or not _repeats_its_code(node),
        ),
    ),
    "Observation_ReferenceRange": (any_of("obs-3", "low", "high", "text"),),
    "Organization": (
        any_of("org-1", "identifier", "name"),
        that("org-2", "An organization's address is nobody's home", _at_home("address")),
        that("org-3", "An organization's telecom is nobody's home", _at_home("telecom")),
    ),
    "Parameters_Parameter": (
        that("inv-1", "A parameter has exactly one of a value, a resource and parts", _is_parameter),
    ),
    "Quantity": _PLAIN,
    "QuestionnaireResponse_Item": (not_both("qrs-1", "answer", "item"),),
    "Range": (that("rng-2", "The `low` of a range is not above its `high`", _is_ordered),),
    "Ratio": (that("rat-1", "A ratio has a numerator and a denominator, or only extensions", _is_ratio),),
    "RequestGroup_Action": (one_of("rqg-1", "resource", "action"),),
    "ServiceRequest": (needs("prr-1", "orderDetail", "code"),),
    "Task": (
        that(
            "inv-1",
            "A task was not changed before it was made",
            lambda node: _is_not_before(node, "lastModified", "authoredOn"),
        ),
    ),
    "Timing_Repeat": (
        needs("tim-1", "duration", "durationUnit"),
        needs("tim-2", "period", "periodUnit"),
        that("tim-4", "A `duration` is not below 0", lambda node: node.get("duration", 0) >= 0),
        that("tim-5", "A `period` is not below 0", lambda node: node.get("period", 0) >= 0),
        needs("tim-6", "periodMax", "period"),
        needs("tim-7", "durationMax", "duration"),
        needs("tim-8", "countMax", "count"),
        that("tim-9", "An `offset` needs a `when` that is before or after something", _offset_fits),
        not_both("tim-10", "timeOfDay", "when"),
    ),
}
"""Of severity error in HL7's definitions of R4, by type."""

_ELSEWHERE = ("dom-2", "dom-3", "dom-4", "ele-1", "ext-1", "pat-1", "per-1", "ref-1", "txt-1")
ENFORCED = tuple(sorted({*_ELSEWHERE, *(one.key for several in CONSTRAINTS.values() for one in several)}))
"""The keys of all of HL7's invariants that are enforced, those of the other modules too."""
