"""FHIR JSON text to Python and back without losing a digit: decimals stay `Decimal`, never a binary float.

FHIR R4 datatypes.html#decimal: the precision of a decimal is significant, 1.10 is not 1.1.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

Resource = dict[str, Any]
Stored = msgspec.Raw
"""JSON text that is already written and only has to be put in its place."""

MAXIMUM_DEPTH = 100
"""Containers in containers; the deepest of HL7's own examples has 23."""

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")

MOST_VALUES = 50_000
"""In one resource; the largest of Synthea's has 380, and a million would hold the server for a minute."""

MOST_VALUES_OF_BUNDLE = 500_000
"""In 5,000 entries, the most that a Bundle may have, a hundred each; Synthea's have thirty."""


def decode(text: bytes) -> Any:
    """Read JSON text.

    Raises:
        ValueError: it is not JSON, or nests deeper than any FHIR resource does.
    """
    try:
        return _DECODER.decode(text)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    except RecursionError as error:
        raise ValueError("JSON nests too deep") from error
    except InvalidOperation as error:
        raise ValueError("a number is too large") from error


def has_more_values(text: bytes, most: int) -> bool:
    """Whether JSON text may hold more values than that, by its commas; reading them would take long."""
    return text.count(b",") > most


def encode(value: Any) -> bytes:
    """Write JSON text: compact, UTF-8, decimals with the digits they came with."""
    return _ENCODER.encode(value)
