"""Makes the links between the entries of a bundle real. FHIR R4 http.html#trules."""

import re
from collections.abc import Callable, Mapping
from operator import is_not
from typing import Any

from web_modules.fhir_store.documents import Resource
from web_modules.fhir_store.elements.model import ElementModel
from web_modules.fhir_store.refusals import IssueCode, refuse

_LINKS = frozenset({"uri", "url", "oid", "uuid"})
"""Types of elements that may link to another entry; a `canonical` never does."""

_REFERENCE = "Reference.reference"
_NARRATIVE = "xhtml"
_INNER_RESOURCE = "ResourceList"
_NARRATIVE_LINK = re.compile(r"""(<(?:a|img)\s[^>]*?\b(?:href|src)\s*=\s*)(["'])(.*?)\2""", re.DOTALL)

Finding = Callable[[str, str], str | None]
"""The id of the one resource of a type that a condition finds."""


class Linker:
    """Rewrites links by the types of the elements that hold them."""

    def __init__(self, model: ElementModel, resource_types: frozenset[str]) -> None:
        self._model = model
        self._resource_types = resource_types
        self._known: dict[str, Mapping[str, str]] = {}

    def linked(self, resource: Resource, names: Mapping[str, str], find: Finding, place: str) -> Resource:
        """The resource with its links to other entries, and its conditional references, made real.

        What was sent is left as it is: the transaction may have to be done again. A Bundle is left alone:
        what it holds refers to what it holds.

        Args:
            resource: valid.
            names: by what the other entries are referred to, and what to write instead.
            find: answers conditional references.
            place: where the resource is, as FHIRPath.

        Raises:
            Refusal: 400, a reference by UUID or OID to what is not there; 412, a conditional reference finds
                none, or several.
        """
        return _Walk(self._links, self._resource_types, names, find).resource(resource, place)

    def _links(self, type_name: str) -> Mapping[str, str]:
        """Which elements of a type may be or hold links, with their types."""
        known = self._known.get(type_name)
        if known is None:
            known = {
                key: _REFERENCE if (type_name, key) == ("Reference", "reference") else element.type
                for key, element in self._model.elements(type_name).items()
                if self._may_link(type_name, key, element.type)
            }
            self._known[type_name] = known
        return known

    def _may_link(self, owner: str, key: str, type_name: str) -> bool:
        if (owner, key) == ("Reference", "reference") or type_name in {_NARRATIVE, _INNER_RESOURCE}:
            return True
        if key == "url" and (owner == "Extension" or owner in self._resource_types):
            return False  # it says what this is, and links to nothing
        return type_name in _LINKS or not self._model.is_primitive(type_name)


class _Walk:
    """One walk over a resource."""

    def __init__(
        self,
        links: Callable[[str], Mapping[str, str]],
        resource_types: frozenset[str],
        names: Mapping[str, str],
        find: Finding,
    ) -> None:
        self._links = links
        self._resource_types = resource_types
        self._names = names
        self._find = find

    def resource(self, resource: Resource, place: str) -> Resource:
        kind = resource["resourceType"]
        return resource if kind == "Bundle" else self._object(resource, kind, place)

    def _object(self, node: Resource, type_name: str, place: str) -> Resource:
        links = self._links(type_name)
        changed: Resource = {}
        for key, value in node.items():
            kind = links.get(key) or ("Element" if key[0] == "_" else None)
            if kind is None:
                continue
            if isinstance(value, list):
                real: Any = [
                    self._value(one, kind, f"{place}.{key}[{index}]") for index, one in enumerate(value)
                ]
                if any(map(is_not, real, value)):
                    changed[key] = real
            else:
                real = self._value(value, kind, f"{place}.{key}")
                if real is not value:
                    changed[key] = real
        return node | changed if changed else node

    def _value(self, value: Any, kind: str, place: str) -> Any:
        if isinstance(value, dict):
            inside = kind == _INNER_RESOURCE
            return self.resource(value, place) if inside else self._object(value, kind, place)
        if not isinstance(value, str):
            return value
        if kind == _REFERENCE:
            return self._reference(value, place)
        if kind == _NARRATIVE:
            return self._narrative(value)
        return self._names.get(value, value)

    def _narrative(self, text: str) -> str:
        if not self._names or ("href" not in text and "src" not in text):
            return text
        return _NARRATIVE_LINK.sub(
            lambda found: f"{found[1]}{found[2]}{self._names.get(found[3], found[3])}{found[2]}", text
        )

    def _reference(self, link: str, place: str) -> str:
        real = self._names.get(link)
        if real is not None:
            return real
        if link.startswith(("urn:uuid:", "urn:oid:")):
            words = "This refers to an entry that is not there: nobody could follow it."
            raise refuse(400, IssueCode.NOT_FOUND, words, place)
        kind, is_condition, condition = link.partition("?")
        if not is_condition or kind not in self._resource_types:
            return link
        found = self._find(kind, condition)
        if found is None:
            words = f"The conditional reference to a {kind} finds none."
            raise refuse(412, IssueCode.NOT_FOUND, words, place)
        return f"{kind}/{found}"
