"""FHIR JSON text to Python and back without losing a digit: decimals stay `Decimal`, never a binary float.

FHIR R4 datatypes.html#decimal: the precision of a decimal is significant, 1.10 is not 1.1.
"""

import json
from codecs import BOM_UTF8
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


def decode_sent(text: bytes) -> Any:
    """Read JSON text from outside, in which no object may say one thing twice: only the last would be kept.

    Written again, a value has as many colons as its text, unless a key is there twice or a colon is escaped;
    only then is it worth to look closer, which takes ten times as long.

    Raises:
        ValueError: it is not JSON, nests deeper than any FHIR resource does, or has a key twice.
    """
    text = text.removeprefix(
        BOM_UTF8
    )  # a parser may ignore it (RFC 8259, section 8.1), and some programs send it
    value = decode(text)
    if text.count(b":") != encode(value).count(b":") or b"\\u003" in text:
        try:
            json.loads(text, object_pairs_hook=_without_repetition)
        except RecursionError as error:
            raise ValueError("JSON nests too deep") from error
    return value


def _without_repetition(pairs: list[tuple[str, Any]]) -> None:
    keys = set()
    for key, _value in pairs:
        if key in keys:
            raise ValueError(f"the key `{key[:64]}` is there twice in one object")
        keys.add(key)


def has_more_values(text: bytes, most: int) -> bool:
    """Whether JSON text may hold more values than that, by its commas; reading them would take long."""
    return text.count(b",") > most


def encode(value: Any) -> bytes:
    """Write JSON text: compact, UTF-8, decimals with the digits they came with."""
    return _ENCODER.encode(value)
