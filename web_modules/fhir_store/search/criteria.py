"""Reads what a match must fulfil: conditions on itself, on what it points to, on what points to it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Union

from web_modules.fhir_store.elements.parameters import (
    BUILT_IN,
    Parameter,
    ParameterCatalogue,
    ParameterKind,
)
from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse

MOST_VALUES = 500
"""Values of one parameter; databases bound the size of a statement."""

MOST_LINKS = 20
"""Types that a chain without a type may lead to; beyond, the client must say which it means."""

DEEPEST_CHAIN = 5
MOST_CONDITIONS = 100
"""Conditions in one search, each type that a chain may lead to counted."""

_MODIFIERS: Mapping[ParameterKind, frozenset[str]] = {
    ParameterKind.STRING: frozenset({"exact", "contains"}),
    ParameterKind.TOKEN: frozenset({"not", "in", "not-in"}),
    ParameterKind.REFERENCE: frozenset({"identifier"}),
    ParameterKind.URI: frozenset({"above", "below"}),
}
_NEVER_IGNORED = frozenset({"_text", "_content", "_filter", "_query", "_containedType"})
"""Filters of FHIR that this store does not have; to leave one out would answer something else."""

_SPLIT = re.compile(r"(?<!\\),")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One parameter that a match must fulfil, by any one of its values.

    Attributes:
        parameter: what is compared.
        modifier: how, or empty.
        values: with what.
        asked_as: the name that a client wrote, which may lead through other resources.
    """

    parameter: Parameter
    modifier: str
    values: tuple[str, ...]
    asked_as: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A match must point to something that fulfils a criterion.

    Attributes:
        parameter: the reference.
        links: for each type that may be pointed to, what it must fulfil.
    """

    parameter: Parameter
    links: tuple[tuple[str, "Criterion"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse:
    """Something that fulfils a criterion must point to a match (`_has`).

    Attributes:
        source_type: what points here.
        parameter: by which reference.
        criterion: what it must fulfil.
    """

    source_type: str
    parameter: Parameter
    criterion: "Criterion"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """A match must fulfil at least one of some conditions; the store itself asks this, no client can."""

    criteria: tuple[Condition, ...]


Criterion = Union[Condition, Chain, Reverse, AnyOf]  # noqa: UP007  (refers to itself)


def split_values(text: str) -> tuple[str, ...]:
    """The values of a parameter: commas part them unless escaped (FHIR R4 search.html#escaping)."""
    return tuple(part for part in _SPLIT.split(text) if part)


def unescape(text: str) -> str:
    r"""Take the backslashes off `\,`, `\|`, `\$` and `\\`."""
    return re.sub(r"\\([,|$\\])", r"\1", text) if "\\" in text else text


class CriterionReader:
    """Reads the criteria of one search by the parameters that the store knows."""

    def __init__(self, catalogue: ParameterCatalogue) -> None:
        self._catalogue = catalogue
        self._read = 0
        self._asked_as = ""

    def read(self, resource_type: str, name: str, value: str, depth: int = 0) -> Criterion | None:
        """Understand one parameter of a search, or None when there is none of this name.

        Args:
            resource_type: what must fulfil it.
            name: with its modifier or chain, such as `subject:Patient.name`.
            value: as it was sent.
            depth: how many references lead to `resource_type`.

        Raises:
            Refusal: 400, it is known and cannot be done as it was asked.
        """
        self._read += 1
        if not depth:
            self._asked_as = name
        if depth > DEEPEST_CHAIN or self._read > MOST_CONDITIONS:
            raise refuse(400, IssueCode.TOO_COSTLY, "The search asks for too much at once; ask in parts.")
        if name.partition(":")[0] == "_has":
            return self._reverse(resource_type, name, value, depth)
        if name == "_list":
            return self._of_list(value, depth)
        first, dot, rest = name.partition(".")
        if dot:
            return self._chain(resource_type, first, rest, value, depth)
        return self._condition(resource_type, name, value)

    def _reverse(self, resource_type: str, name: str, value: str, depth: int) -> Criterion:
        parts = name.split(":", maxsplit=3)
        parameter = self._parameters(parts[1]).get(parts[2]) if len(parts) == 4 else None
        if parameter is None or not _may_point_to(parameter, resource_type):
            words = f"`{name[:64]}` is not of the form _has:Type:reference-parameter:parameter."
            raise refuse(400, IssueCode.NOT_SUPPORTED, words)
        criterion = self.read(parts[1], parts[3], value, depth + 1)
        if criterion is None:
            raise _unknown(parts[3], parts[1])
        return Reverse(source_type=parts[1], parameter=parameter, criterion=criterion)

    def _of_list(self, value: str, depth: int) -> Criterion | None:
        if value.startswith("$"):
            words = "Lists that are worked out, such as `$current-problems`, are not kept here."
            raise refuse(400, IssueCode.NOT_SUPPORTED, words)
        criterion = self.read("List", "_id", value, depth + 1)
        item = self._catalogue.of("List")["item"]
        return criterion and Reverse(source_type="List", parameter=item, criterion=criterion)

    def _chain(self, resource_type: str, first: str, rest: str, value: str, depth: int) -> Criterion | None:
        code, _, wanted = first.partition(":")
        parameter = self._parameters(resource_type).get(code)
        if parameter is None:
            return None
        if parameter.kind is not ParameterKind.REFERENCE:
            words = f"`{code[:64]}` does not point to anything, so `{rest[:64]}` cannot be asked of it."
            raise refuse(400, IssueCode.NOT_SUPPORTED, words)
        if wanted and not (wanted in self._catalogue.resource_types and _may_point_to(parameter, wanted)):
            raise refuse(400, IssueCode.NOT_SUPPORTED, f"`{code}` does not point to a {wanted[:64]}.")
        types = [wanted] if wanted else sorted(parameter.targets)
        if not 0 < len(types) <= MOST_LINKS:
            words = f"`{code}` may point to anything: say to what, as in `{code}:Patient.{rest[:64]}`."
            raise refuse(400, IssueCode.TOO_COSTLY, words)
        links: list[tuple[str, Criterion]] = []
        problem = _unknown(rest, "any type that it may point to")
        for kind in types:
            try:
                criterion = self.read(kind, rest, value, depth + 1)
            except Refusal as refusal:
                if refusal.issues[0].code is IssueCode.TOO_COSTLY:
                    raise
                problem = refusal
            else:
                if criterion is not None:
                    links.append((kind, criterion))
        if not links:
            raise problem
        return Chain(parameter=parameter, links=tuple(links))

    def _condition(self, resource_type: str, name: str, value: str) -> Criterion | None:
        code, _, modifier = name.partition(":")
        parameter = self._parameters(resource_type).get(code)
        if parameter is None:
            if code in _NEVER_IGNORED or code in self._catalogue.unsupported(resource_type):
                words = f"`{code[:64]}` is a search parameter that this server cannot search by."
                raise refuse(400, IssueCode.NOT_SUPPORTED, words)
            return None
        if modifier and not self._allows(parameter, modifier):
            words = f"The modifier in `{name[:64]}` is not one that this server knows there."
            raise refuse(400, IssueCode.NOT_SUPPORTED, words)
        values = split_values(value)
        if modifier == "missing" and values not in {("true",), ("false",)}:
            raise refuse(400, IssueCode.INVALID, f"`{name[:64]}` must be true or false.")
        if len(values) > MOST_VALUES:
            words = f"`{name[:64]}` may have {MOST_VALUES} values; ask in parts."
            raise refuse(400, IssueCode.TOO_COSTLY, words)
        if not values:
            raise refuse(400, IssueCode.INVALID, f"`{name[:64]}` has no value.")
        return Condition(parameter=parameter, modifier=modifier, values=values, asked_as=self._asked_as)

    def _allows(self, parameter: Parameter, modifier: str) -> bool:
        if parameter.code in BUILT_IN:
            return False
        match modifier:
            case "missing":
                return parameter.kind is not ParameterKind.COMPOSITE
            case "text":
                return bool(parameter.text_numbers)
            case "of-type":
                return bool(parameter.of_type_number)
            case _ if modifier in _MODIFIERS.get(parameter.kind, ()):
                return True
        return parameter.kind is ParameterKind.REFERENCE and modifier in self._catalogue.resource_types

    def _parameters(self, resource_type: str) -> Mapping[str, Parameter]:
        if resource_type not in self._catalogue.resource_types:
            words = f"`{resource_type[:64]}` is not a resource type that is searched here."
            raise refuse(400, IssueCode.NOT_SUPPORTED, words)
        return self._catalogue.of(resource_type)


def _may_point_to(parameter: Parameter, resource_type: str) -> bool:
    return parameter.kind is ParameterKind.REFERENCE and (
        not parameter.targets or resource_type in parameter.targets
    )


def _unknown(name: str, resource_type: str) -> Refusal:
    words = f"`{name[:64]}` is not a search parameter of {resource_type} that this server knows."
    return refuse(400, IssueCode.NOT_SUPPORTED, words)
