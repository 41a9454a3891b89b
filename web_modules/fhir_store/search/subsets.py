"""Shows less of a resource than there is (`_summary`, `_elements`), and marks it as less."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from web_modules.fhir_store.definitions import Definitions
from web_modules.fhir_store.documents import Resource, decode, encode
from web_modules.fhir_store.elements.model import ElementModel
from web_modules.fhir_store.refusals import IssueCode, of_parameter, refuse

_ALWAYS = frozenset({"resourceType", "id", "meta"})
SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
"""Says of a resource that it is not shown whole (FHIR R4 search.html#elements)."""


class Summary(StrEnum):
    """How much of a resource is shown (FHIR R4 search.html#summary)."""

    TRUE = "true"
    TEXT = "text"
    DATA = "data"
    FALSE = "false"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subset:
    """What of each resource is wanted.

    Attributes:
        summary: by HL7's marks.
        elements: these only, and what must never be left out; of any type, or as `Type.element`.
    """

    summary: Summary = Summary.FALSE
    elements: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.summary is Summary.FALSE and not self.elements

    def of_included(self) -> "Subset":
        """The same for what comes along with matches: elements count only when their type is named."""
        return replace(self, elements=tuple(name for name in self.elements if "." in name))

    def of_type(self, resource_type: str) -> "Subset":
        """The same for one type: of the elements, those that it may have."""
        start = f"{resource_type}."
        mine = (
            name.removeprefix(start) for name in self.elements if "." not in name or name.startswith(start)
        )
        return replace(self, elements=tuple(mine))


WHOLE = Subset()


def read_subset(summary: str, elements: str) -> Subset:
    """Understand `_summary` (`count` apart) and `_elements`; an empty text when not given.

    Raises:
        Refusal: 400, there is no such summary, or both are asked for.
    """
    if not summary and not elements:
        return WHOLE
    names = tuple(part.strip() for part in elements.split(",") if part.strip())
    if summary and summary not in set(Summary):
        words = "`_summary` must be true, text, data, count or false."
        raise refuse(400, IssueCode.INVALID, words, of_parameter("_summary"))
    if names and summary not in {"", Summary.FALSE}:
        words = "Ask for `_summary` or for `_elements`, not for both."
        raise refuse(400, IssueCode.INVALID, words, of_parameter("_elements"))
    return Subset(summary=Summary(summary or "false"), elements=names)


def is_subset(resource: Mapping[str, Any]) -> bool:
    """Whether a resource says of itself that it is not whole."""
    tags = resource.get("meta", {}).get("tag", ())
    return any(tag.get("code") == "SUBSETTED" for tag in tags if isinstance(tag, dict))


class Subsetter:
    """Makes subsets of stored resources by HL7's definitions."""

    def __init__(self, definitions: Definitions, model: ElementModel) -> None:
        self._definitions = definitions
        self._model = model
        self._required: dict[str, frozenset[str]] = {}

    def shown(self, content: bytes, subset: Subset) -> bytes:
        """What a client gets of a resource."""
        if subset.is_whole:
            return content
        resource = decode(content)
        subset = subset.of_type(resource["resourceType"])
        if subset.is_whole:
            return content
        less = self._less(resource, subset)
        if len(less) == len(resource) and less == resource:
            return content
        meta = dict(resource.get("meta", {}))
        less["meta"] = meta | {"tag": [*meta.get("tag", ()), SUBSETTED]}
        return encode({key: less[key] for key in resource if key in less} | less)

    def _less(self, resource: Resource, subset: Subset) -> Resource:
        kind = resource["resourceType"]
        match subset.summary:
            case Summary.DATA:
                return {key: value for key, value in resource.items() if key != "text"}
            case Summary.TEXT:
                kept = self._mandatory(kind) | {"text"}
                return {key: value for key, value in resource.items() if _stem(key) in kept}
            case Summary.TRUE:
                return self._summarised(resource, kind)
        choices = {form for name in subset.elements for form in self._forms(kind, name)}
        kept = self._mandatory(kind) | self._facts(kind).modifiers | choices
        return {key: value for key, value in resource.items() if _stem(key) in kept}

    def _summarised(self, node: Mapping[str, Any], kind: str) -> dict[str, Any]:
        kept = self._facts(kind).summary | _ALWAYS
        if "_" not in kind:
            kept |= self._mandatory(kind)
        elements = self._model.elements(kind)
        found: dict[str, Any] = {}
        for key, value in node.items():
            if _stem(key) not in kept:
                continue
            inner = elements[key].type if key in elements else ""
            if "_" not in inner:  # only what is part of this type is looked into
                found[key] = value
            elif isinstance(value, list):
                found[key] = [self._summarised(one, inner) or one for one in value]
            else:
                found[key] = self._summarised(value, inner) or value
        return found

    def _forms(self, kind: str, name: str) -> tuple[str, ...]:
        return tuple(element.key for element in self._model.navigate(kind, name)) or (name,)

    def _facts(self, kind: str) -> Any:
        return self._definitions.facts[kind]

    def _mandatory(self, kind: str) -> frozenset[str]:
        required = self._required.get(kind)
        if required is None:
            facts = self._definitions.facts[kind]
            required = self._required[kind] = frozenset(
                (
                    *_ALWAYS,
                    *self._definitions.types[kind].get("required", ()),
                    *facts.required,
                    *(name for names in facts.required_choices for name in names),
                )
            )
        return required


def _stem(key: str) -> str:
    return key.removeprefix("_")
