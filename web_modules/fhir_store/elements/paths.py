"""Compiles the FHIRPath expressions of HL7's search parameters into routes through a resource.

Only what occurs in them is understood: names, `|`, `as T`, `.as(T)`, `.where(resolve() is T)`,
`.where(name='value')` and `x.exists() and x != false`. The types of the elements decide, so a route knows
the FHIR type of what lies at its end. Anything else is a `PathError`, and the parameter is then not declared.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from web_modules.fhir_store.elements.model import Element, ElementModel

_TOKEN = re.compile(r"\s*(!=|[()|.=]|'[^']*'|\w+)")
_EXISTS = re.compile(r"^([\w.]+)\.exists\(\) and \1 != false$")
_ANY_RESOURCE = frozenset({"Resource", "DomainResource"})


class PathError(Exception):
    """The expression is outside the subset, or names an element that the type does not have."""


class FilterKind(Enum):
    """How a step narrows what it found."""

    REFERENCE_TO = "reference to"
    EQUALS = "equals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Keeps references to one type, or objects of which one element has one value."""

    kind: FilterKind
    name: str
    value: str = ""

    def holds(self, node: Any) -> bool:
        """Whether a node passes."""
        if not isinstance(node, dict):
            return False
        if self.kind is FilterKind.EQUALS:
            return bool(node.get(self.name) == self.value)
        return reference_type(node) == self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One element further, and what of it is kept."""

    key: str
    filter: Filter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A way through a resource to values of one known type.

    Attributes:
        steps: the elements on the way; none for the resource itself.
        type: the FHIR type at the end.
        is_single: whether at most one value can be there.
        any_of: when given, the one value is whether any of these has a value other than false.
    """

    steps: tuple[Step, ...]
    type: str
    is_single: bool
    any_of: tuple["Route", ...] = ()

    @property
    def name(self) -> str:
        """What the route looks at, in words that stay the same."""
        return ".".join(
            step.key if step.filter is None else f"{step.key}({step.filter.name}={step.filter.value})"
            for step in self.steps
        )

    def values(self, resource: Mapping[str, Any]) -> Iterable[Any]:
        """The values at the end of the route, in the order of the resource."""
        if self.any_of:
            return (any(value is not False for route in self.any_of for value in route.values(resource)),)
        if len(self.steps) == 1 and self.steps[0].filter is None:
            only = resource.get(self.steps[0].key)
            if only is None:
                return ()
            return [one for one in only if one is not None] if isinstance(only, list) else (only,)
        nodes: list[Any] = [resource]
        for step in self.steps:
            key = step.key
            found: list[Any] = []
            for node in nodes:
                value = node.get(key) if isinstance(node, dict) else None
                if value is None:
                    continue
                if isinstance(value, list):
                    found += [one for one in value if one is not None]
                else:
                    found.append(value)
            if step.filter is not None:
                found = [node for node in found if step.filter.holds(node)]
            if not found:
                return ()
            nodes = found
        return nodes


def reference_type(reference: Mapping[str, Any]) -> str | None:
    """The type that a Reference points to, from its address or its `type`, or None when it does not say."""
    address = reference.get("reference")
    if isinstance(address, str):
        parts = address.split("/_history/", maxsplit=1)[0].rsplit("/", maxsplit=2)
        if len(parts) >= 2 and parts[-2]:
            return parts[-2]
    named = reference.get("type")
    return named.rsplit("/", maxsplit=1)[-1] if isinstance(named, str) else None


def compile_path(expression: str, base: str, model: ElementModel) -> tuple[Route, ...]:
    """The routes of an expression through one resource type; none when it speaks of other types only.

    Raises:
        PathError: the expression is not understood.
    """
    test = _EXISTS.match(expression)
    if test:
        tested = _Compiler(test.group(1), base, model).routes()
        return (Route(steps=(), type="boolean", is_single=True, any_of=tested),) if tested else ()
    return _Compiler(expression, base, model).routes()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Branch:
    steps: tuple[Step, ...]
    type: str
    is_single: bool

    def further(self, element: Element) -> "_Branch":
        return _Branch(
            steps=(*self.steps, Step(key=element.key)),
            type=element.type,
            is_single=self.is_single and not element.is_list,
        )

    def filtered(self, kept: Filter) -> "_Branch":
        if not self.steps:
            raise PathError("a filter needs an element before it")
        last = Step(key=self.steps[-1].key, filter=kept)
        return _Branch(steps=(*self.steps[:-1], last), type=self.type, is_single=self.is_single)


class _Compiler:
    """A recursive descent over the words of one expression."""

    def __init__(self, expression: str, base: str, model: ElementModel) -> None:
        self._words = _words(expression)
        self._at = 0
        self._base = base
        self._model = model

    def routes(self) -> tuple[Route, ...]:
        branches = self._union()
        if self._peek() is not None:
            raise PathError(f"unexpected {self._peek()}")
        return tuple(
            Route(steps=branch.steps, type=branch.type, is_single=branch.is_single) for branch in branches
        )

    def _peek(self) -> str | None:
        return self._words[self._at] if self._at < len(self._words) else None

    def _take(self, wanted: str | None = None) -> str:
        word = self._peek()
        if word is None or (wanted is not None and word != wanted):
            raise PathError(f"{wanted or 'a name'} expected, not {word}")
        self._at += 1
        return word

    def _union(self) -> list[_Branch]:
        found = self._term()
        while self._peek() == "|":
            self._take()
            found += self._term()
        return found

    def _term(self) -> list[_Branch]:
        branches = self._path()
        if self._peek() == "as":
            self._take()
            branches = _of_type(branches, self._take())
        return branches

    def _path(self) -> list[_Branch]:
        if self._peek() == "(":
            self._take()
            branches = self._union()
            self._take(")")
        else:
            root = self._take()
            applies = root == self._base or root in _ANY_RESOURCE
            branches = [_Branch(steps=(), type=self._base, is_single=True)] if applies else []
        while self._peek() == ".":
            self._take()
            branches = self._step(branches, self._take())
        return branches

    def _step(self, branches: list[_Branch], name: str) -> list[_Branch]:
        if self._peek() == "(":
            return self._function(branches, name)
        found = [
            branch.further(element)
            for branch in branches
            for element in self._model.navigate(branch.type, name)
        ]
        if branches and not found:
            raise PathError(f"{self._base} has no {name} there")
        return found

    def _function(self, branches: list[_Branch], name: str) -> list[_Branch]:
        self._take("(")
        if name == "as":
            branches = _of_type(branches, self._take())
        elif name == "where":
            kept = self._condition()
            branches = [branch.filtered(kept) for branch in branches]
        else:
            raise PathError(f"the function {name} is not understood")
        self._take(")")
        return branches

    def _condition(self) -> Filter:
        name = self._take()
        if name == "resolve":
            for word in ("(", ")", "is"):
                self._take(word)
            return Filter(kind=FilterKind.REFERENCE_TO, name=self._take())
        self._take("=")
        value = self._take()
        if not value.startswith("'"):
            raise PathError("only a comparison with a text is understood")
        return Filter(kind=FilterKind.EQUALS, name=name, value=value[1:-1])


def _of_type(branches: list[_Branch], type_name: str) -> list[_Branch]:
    return [branch for branch in branches if branch.type == type_name]


def _words(expression: str) -> list[str]:
    words: list[str] = []
    at = 0
    text = expression.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise PathError(f"the sign {text[at]!r} is not understood")
        words.append(match.group(1))
        at = match.end()
    return words
