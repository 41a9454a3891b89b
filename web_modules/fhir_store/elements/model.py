"""The elements of each FHIR type, with their types, as the JSON Schema tells them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from web_modules.fhir_store.definitions import Definitions


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element of a type.

    Attributes:
        key: its name in JSON, such as `valueQuantity`.
        type: the FHIR type, or the schema's name of a nested one, such as `Patient_Contact`.
        is_list: whether it repeats.
    """

    key: str
    type: str
    is_list: bool


class ElementModel:
    """Answers what elements a type has. Types are worked out when first asked for."""

    def __init__(self, definitions: Definitions) -> None:
        self._types = definitions.types
        self._known: dict[str, Mapping[str, Element]] = {}
        self._by_suffix = {name[0].upper() + name[1:]: name for name in self._types if "_" not in name}

    def is_primitive(self, type_name: str) -> bool:
        """Whether a type is a JSON string, number or boolean."""
        return "properties" not in self._types.get(type_name, {})

    def elements(self, type_name: str) -> Mapping[str, Element]:
        """The elements of a type by their names in JSON; none for a primitive or an unknown type."""
        known = self._known.get(type_name)
        if known is None:
            properties = self._types.get(type_name, {}).get("properties", {})
            found = (
                self._element(key, schema) for key, schema in properties.items() if not key.startswith("_")
            )
            known = {element.key: element for element in found if element is not None}
            self._known[type_name] = known
        return known

    def navigate(self, type_name: str, name: str) -> tuple[Element, ...]:
        """The elements that a FHIRPath name stands for: itself, or every form of a `value[x]`."""
        elements = self.elements(type_name)
        if name in elements:
            return (elements[name],)
        return tuple(
            element
            for key, element in elements.items()
            if key.startswith(name) and key[len(name) :] in self._by_suffix
        )

    def _element(self, key: str, schema: Mapping[str, Any]) -> Element | None:
        if "const" in schema:
            return None
        if schema.get("type") == "array":
            one = self._element(key, schema["items"])
            return one and Element(key=key, type=one.type, is_list=True)
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", maxsplit=1)[-1]
            return Element(key=key, type=name, is_list=False) if name in self._types else None
        if "enum" in schema:
            return Element(key=key, type="code", is_list=False)
        for length in range(1, len(key)):  # a primitive form of a choice is written out: valueString
            name = self._by_suffix.get(key[length:])
            if name is not None and self.is_primitive(name):
                return Element(key=key, type=name, is_list=False)
        return Element(key=key, type=schema.get("type", "string"), is_list=False)
