"""FHIR JSON to Python and back without losing a digit: decimals are `Decimal`, whole numbers exact.

FHIR R4 datatypes.html#decimal: the precision of a decimal is significant, 1.10 is not 1.1.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import orjson

Resource = dict[str, Any]
"""One FHIR resource as JSON: names to strings, booleans, ints, `Decimal`s, lists and objects."""

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
"""Whole numbers of any length stay whole, and each text is read once: a fifth of the time of two readings."""


def parse(body: bytes) -> Any:
    """Read JSON text.

    Raises:
        ValueError: the text is not JSON, holds NaN or an infinity, nests too deep, or holds a number of
            thousands of digits.
    """
    try:
        return _DECODER.decode(body)
    except RecursionError as error:
        raise ValueError("JSON nests too deep") from error
    except InvalidOperation as error:
        raise ValueError("a number is too large") from error


def serialise(value: Any) -> bytes:
    """Write JSON text, compact, in UTF-8; decimals keep their digits."""
    try:
        return orjson.dumps(value, default=_decimal_digits)
    except TypeError:
        return orjson.dumps(_with_long_numbers(value), default=_decimal_digits)


def _with_long_numbers(value: Any) -> Any:
    """The same, with whole numbers that need more than 64 bits written out: orjson refuses them."""
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return orjson.Fragment(str(value))
    if isinstance(value, dict):
        return {name: _with_long_numbers(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_long_numbers(item) for item in value]
    return value


def _decimal_digits(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    raise TypeError(f"FHIR JSON cannot hold a {type(value).__name__}")
