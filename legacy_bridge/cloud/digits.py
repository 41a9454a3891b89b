"""Gives numbers their digits back that a server has dropped: agreed on as 60.000, 60 is no edit."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from legacy_bridge.records import Quantity
from legacy_bridge.sides.links import Link


def with_digits(resources: Mapping[str, Any], link: Link) -> dict[str, Any]:
    """A record's resources, with each number that equals one that was agreed on written as that one."""
    pending = {} if link.pending is None else link.pending.fields
    values = (*link.baseline.values(), *pending.values())
    agreed = {one.value(): one.value() for one in values if isinstance(one, Quantity)}
    return {name: _exact(one, agreed) for name, one in resources.items()}


def _exact(value: Any, agreed: Mapping[Decimal, Decimal]) -> Any:
    if isinstance(value, Mapping):
        return {name: _exact(one, agreed) for name, one in value.items()}
    if isinstance(value, list):
        return [_exact(one, agreed) for one in value]
    is_number = isinstance(value, Decimal | int) and not isinstance(value, bool)
    return agreed.get(Decimal(value), value) if is_number else value
