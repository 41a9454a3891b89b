"""Amounts as ranges: of one with a comparator, of a Range (FHIR R4 search.html#quantity)."""

import math
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

LARGEST_AMOUNT = sys.float_info.max
"""Stands for every amount beyond it, and for an open end: JSON, by which pages go on, has no infinity."""

_LARGEST = Decimal(LARGEST_AMOUNT)


def amount(value: Decimal | int) -> float:
    """A number for comparing; what is shown is the content."""
    return float(min(max(value, -_LARGEST), _LARGEST))


def spread_of(quantity: Mapping[str, Any]) -> tuple[float, float] | None:
    """The ends of what a quantity with a comparator may be; None when it is an amount by itself.

    `<5.4` ends at the last number before 5.4, as that itself is not meant.
    """
    comparator, value = quantity.get("comparator"), quantity.get("value")
    if comparator is None or value is None:
        return None
    end = amount(value)
    match comparator:
        case "<":
            return -LARGEST_AMOUNT, math.nextafter(end, -LARGEST_AMOUNT)
        case "<=":
            return -LARGEST_AMOUNT, end
        case ">=":
            return end, LARGEST_AMOUNT
        case _:
            return math.nextafter(end, LARGEST_AMOUNT), LARGEST_AMOUNT


def ends_of(between: Mapping[str, Any]) -> tuple[float, float]:
    """The ends of a Range; one that is not said is open."""
    low, high = between.get("low", {}).get("value"), between.get("high", {}).get("value")
    return (
        -LARGEST_AMOUNT if low is None else amount(low),
        LARGEST_AMOUNT if high is None else amount(high),
    )
