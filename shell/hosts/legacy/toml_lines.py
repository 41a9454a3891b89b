"""In which line of a TOML text a key stands: `tomllib` tells its values alone."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Final

_NOTHING: Final[Mapping[str, object]] = {}


def line_of(text: str, path: Sequence[str]) -> int | None:
    """The line, counted from 1, in which a key begins; None when the text does not have it.

    For mistakes alone: the text is read once for each of its lines.

    Args:
        text: valid TOML.
        path: the key, as `("find", "title")`.
    """
    begins = 1
    lines = text.splitlines(keepends=True)
    for count in range(1, len(lines) + 1):
        read = _read("".join(lines[:count]))
        if read is None:
            continue  # in the middle of a value
        if _has(read, path):
            return begins
        begins = count + 1
    return None


def line_of_mistake(text: str) -> int | None:
    """The line in which what is no TOML begins; None when the text is TOML."""
    lines = text.splitlines(keepends=True)
    whole = [count for count in range(len(lines) + 1) if _read("".join(lines[:count])) is not None]
    return None if whole[-1] == len(lines) else whole[-1] + 1


def _read(text: str) -> Mapping[str, object] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _has(content: Mapping[str, object], path: Sequence[str]) -> bool:
    found: object = content
    for part in path:
        if not isinstance(found, Mapping) or part not in found:
            return False
        found = found[part]
    return True
