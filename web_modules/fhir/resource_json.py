"""FHIR JSON to Python and back without losing a digit: decimals are `Decimal`, never a binary float.

FHIR R4 datatypes.html#decimal: the precision of a decimal is significant, 1.10 is not 1.1.
"""

import json
from decimal import Decimal
from typing import Any

import orjson

Resource = dict[str, Any]
"""One FHIR resource as JSON: names to strings, booleans, ints, `Decimal`s, lists and objects."""


def parse(body: bytes) -> Any:
    """Read JSON text.

    Raises:
        ValueError: the text is not JSON, or holds NaN or an infinity.
    """
    if b"." not in body and b"e" not in body and b"E" not in body:
        return orjson.loads(body)
    value = orjson.loads(body)
    return json.loads(body, parse_float=Decimal) if _holds_float(value) else value


def serialise(value: Any) -> bytes:
    """Write JSON text, compact, in UTF-8; decimals keep their digits."""
    return orjson.dumps(value, default=_decimal_digits)


def _decimal_digits(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    raise TypeError(f"FHIR JSON cannot hold a {type(value).__name__}")


def _holds_float(value: Any) -> bool:
    if isinstance(value, float):
        return True
    if isinstance(value, dict):
        return any(_holds_float(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_float(item) for item in value)
    return False
