"""Names that could be taken for each other: by who reads a list in a hurry, or hears one on the telephone."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_FAMILIAR_LETTERS = 2
"""Given names that begin so are taken for each other: Sarah and Sally beside the same family name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A person's name, as it is shown in a list."""

    family: str
    given: str


def similar_names(names: Sequence[Name]) -> frozenset[int]:
    """The places in a list of those whose names could be taken for another's."""
    plain = [(plain_name(one.family), _parts(one.family), plain_name(one.given)) for one in names]
    alike: set[int] = set()
    for at, (family, parts, given) in enumerate(plain):
        for other, (other_family, other_parts, other_given) in enumerate(plain[at + 1 :], start=at + 1):
            is_within = family in other_parts or other_family in parts or _begins(family, other_family)
            if (is_within or _is_near(family, other_family)) and _is_familiar(given, other_given):
                alike |= {at, other}
    return frozenset(alike)


def _begins(one: str, other: str) -> bool:
    """Whether one name is the beginning of the other: Smith and Smithers."""
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) > _FAMILIAR_LETTERS and longer.startswith(shorter)


def _is_familiar(one: str, other: str) -> bool:
    return _is_near(one, other) or (
        len(one) >= _FAMILIAR_LETTERS and one[:_FAMILIAR_LETTERS] == other[:_FAMILIAR_LETTERS]
    )


def _is_near(one: str, other: str) -> bool:
    """Whether at most one letter was left out, added, changed, or swapped with its neighbour."""
    if one == other:
        return True
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) <= _FAMILIAR_LETTERS:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return True
    a, b = one[start:], other[start:]
    is_swapped = a[:2] == b[:2][::-1] and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or is_swapped


def _parts(family: str) -> frozenset[str]:
    """A double-barrelled name's parts, each of which a person may be called by."""
    return frozenset(plain_name(one) for one in family.replace("-", " ").split())


def plain_name(text: str) -> str:
    """Letters only, without accents and case: what the ear hears."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in apart if letter.isalpha())
