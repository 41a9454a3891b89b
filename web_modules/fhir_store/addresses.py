"""Writes the queries of addresses."""

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote_plus, urlencode

_quoted = lru_cache(maxsize=4096)(quote_plus)  # a search writes its values twice, and systems come again


def query_text(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values as they stand in an address, after the question mark."""
    return urlencode(tuple(pairs), quote_via=_quoted)
