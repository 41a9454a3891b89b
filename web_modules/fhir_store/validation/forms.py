"""The usual forms of HL7's invariants: what one says of the elements of one object."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """One invariant.

    Attributes:
        key: HL7's name of it.
        words: what must be, for a person.
        holds: whether it does in an object that fits the schema.
    """

    key: str
    words: str
    holds: Callable[[Node], bool]


@lru_cache(maxsize=256)
def _form(name: str) -> re.Pattern[str]:
    """A choice such as `value[x]` in any of its forms."""
    return re.compile(f"_?{name.removesuffix('[x]')}[A-Z]")


def has(node: Node, name: str) -> bool:
    """Whether an element is there, as a value or by extensions alone; `value[x]` in any of its forms."""
    if name.endswith("[x]"):
        return any(map(_form(name).match, node))
    return name in node or f"_{name}" in node


def any_of(key: str, *names: str) -> Constraint:
    """At least one of some elements is there."""
    words = f"One of {', '.join(names)} is needed ({key})."
    return Constraint(key=key, words=words, holds=lambda node: any(has(node, name) for name in names))


def one_of(key: str, *names: str) -> Constraint:
    """Exactly one of some elements is there."""
    words = f"Exactly one of {', '.join(names)} is needed ({key})."
    return Constraint(key=key, words=words, holds=lambda node: sum(has(node, name) for name in names) == 1)


def not_both(key: str, first: str, second: str) -> Constraint:
    """Two elements exclude each other."""
    words = f"`{first}` and `{second}` must not both be there ({key})."
    return Constraint(key=key, words=words, holds=lambda node: not (has(node, first) and has(node, second)))


def needs(key: str, name: str, other: str) -> Constraint:
    """An element is there only beside another."""
    words = f"`{name}` needs `{other}` beside it ({key})."
    return Constraint(key=key, words=words, holds=lambda node: not has(node, name) or has(node, other))


def that(key: str, words: str, holds: Callable[[Node], bool]) -> Constraint:
    """Anything else that must hold."""
    return Constraint(key=key, words=f"{words} ({key}).", holds=holds)
