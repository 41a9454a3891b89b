"""Codes that FHIR R4 requires and HL7's JSON Schema does not: of concepts, currencies and media types.

The schema knows the required codes of elements of type `code`. These are HL7's other required bindings whose
codes HL7 lists; it lists neither those of UCUM and LOINC nor currencies, of which only the form can be told.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from web_modules.fhir_store.refusals import IssueCode
from web_modules.fhir_store.validation.invariants import Broken, Invariant

_HL7 = "http://terminology.hl7.org/CodeSystem/"
_SEVERITIES = ("adverse-event-severity", "mild moderate severe")
_OUTCOMES = ("adverse-event-outcome", "resolved recovering ongoing resolvedWithSequelae fatal unknown")
_OF_ALLERGIES = ("allergyintolerance-clinical", "active inactive resolved")
_SURE_ALLERGIES = ("allergyintolerance-verification", "unconfirmed confirmed refuted entered-in-error")
_OF_CONDITIONS = ("condition-clinical", "active recurrence relapse inactive remission resolved")
_SURE_CONDITIONS = (
    "condition-ver-status",
    "unconfirmed provisional differential confirmed refuted entered-in-error",
)
_APPLICABILITIES = ("applicability", "in-network out-of-network other")
_IMPROVEMENTS = ("measure-improvement-notation", "increase decrease")
_SUPPLIES = ("supply-item-type", "medication device")

_CURRENCY = re.compile(r"[A-Z]{3}")
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(\s*;.*)?", re.ASCII)


def _concepts(**bound: tuple[str, str]) -> Invariant:
    """Each of these concepts that has codings has one of a system's codes."""
    known = {name: (f"{_HL7}{system}", codes.split()) for name, (system, codes) in bound.items()}

    def broken(node: Mapping[str, Any]) -> Iterator[Broken]:
        for name, (system, codes) in known.items():
            codings = node[name].get("coding") if name in node else None
            if codings and not any(
                one.get("system") == system and one.get("code") in codes for one in codings
            ):
                words = f"One of the codings must be of {system}: {', '.join(codes)}."
                yield Broken(code=IssueCode.CODE_INVALID, words=words, at=(name,))

    return broken


def _form(name: str, form: re.Pattern[str], words: str) -> Callable[[Mapping[str, Any]], Iterator[Broken]]:
    """An element is of a form."""

    def broken(node: Mapping[str, Any]) -> Iterator[Broken]:
        if name in node and not form.fullmatch(node[name]):
            yield Broken(code=IssueCode.CODE_INVALID, words=words, at=(name,))

    return broken


_OF_CONTENT = _form("contentType", _MEDIA_TYPE, "This must be a media type, such as text/plain.")

BINDINGS: Mapping[str, Invariant] = {
    "AdverseEvent": _concepts(severity=_SEVERITIES, outcome=_OUTCOMES),
    "AllergyIntolerance": _concepts(clinicalStatus=_OF_ALLERGIES, verificationStatus=_SURE_ALLERGIES),
    "Attachment": _OF_CONTENT,
    "Binary": _OF_CONTENT,
    "Condition": _concepts(clinicalStatus=_OF_CONDITIONS, verificationStatus=_SURE_CONDITIONS),
    "InsurancePlan_Cost": _concepts(applicability=_APPLICABILITIES),
    "Measure": _concepts(improvementNotation=_IMPROVEMENTS),
    "MeasureReport": _concepts(improvementNotation=_IMPROVEMENTS),
    "Money": _form("currency", _CURRENCY, "This must be a currency of ISO 4217, such as GBP."),
    "SupplyDelivery": _concepts(type=_SUPPLIES),
}
"""What must hold of an object of each of these types."""
