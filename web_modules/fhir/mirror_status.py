"""The words in which the mirror says how it is, as FHIR resources on the server that it mirrors to.

One Basic a function holds its freshness and parity; what waits for a person is in `mirror_tasks`.
Whoever reads them needs no further API, and sees the last one, aged, when the bridge is silent.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from web_modules.fhir.history import instant
from web_modules.fhir.resource_json import Resource

FRESHNESS_IDENTIFIER = "https://banyan.example/Id/mirror-freshness"
CODES = "https://banyan.example/CodeSystem/mirror"
_EXTENSION = "https://banyan.example/StructureDefinition/mirror-freshness"

AMBER_AFTER_SECONDS = 60  # hazard H03
RED_AFTER_SECONDS = 300  # hazard H03: no prescribing from here


class Age(Enum):
    """How far behind the truth a pane may be."""

    FRESH = "fresh"
    AMBER = "amber"
    RED = "red"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How one function's mirror stands.

    Attributes:
        function: the function's id, such as patients.
        watermark: everything committed on either side up to here has crossed or is listed; aware UTC.
        published_at: when the bridge said so; aware UTC.
        leads: the side that leads: legacy or cloud.
        is_mirrored: False in the stages in which the bridge carries nothing.
        waiting: records still to cross.
        conflicts: open conflicts.
        quarantined: records that cannot be carried.
        withheld: confidential records that are not shown on the cloud side.
        matched: records equal on both sides at the last count, or None when not counted yet.
        total: records counted, or None.
        stopped: why nothing is carried until a person has looked, in a sentence; empty while it is.
    """

    function: str
    watermark: datetime
    published_at: datetime
    leads: str
    is_mirrored: bool
    waiting: int = 0
    conflicts: int = 0
    quarantined: int = 0
    withheld: int = 0
    matched: int | None = None
    total: int | None = None
    stopped: str = ""

    def age_at(self, now: datetime) -> Age:
        """How old the data may be at a moment (aware)."""
        seconds = (now - self.watermark).total_seconds()
        if seconds >= RED_AFTER_SECONDS:
            return Age.RED
        return Age.AMBER if seconds >= AMBER_AFTER_SECONDS else Age.FRESH


def freshness_resource(freshness: Freshness) -> Resource:
    """Write a freshness as a Basic; its identifier makes an update conditional on the function."""
    parts: list[dict[str, Any]] = [
        {"url": "watermark", "valueInstant": instant_text(freshness.watermark)},
        {"url": "publishedAt", "valueInstant": instant_text(freshness.published_at)},
        {"url": "leads", "valueCode": freshness.leads},
        {"url": "isMirrored", "valueBoolean": freshness.is_mirrored},
    ]
    for name in ("waiting", "conflicts", "quarantined", "withheld", "matched", "total"):
        value = getattr(freshness, name)
        if value is not None:
            parts.append({"url": name, "valueUnsignedInt": value})
    if freshness.stopped:
        parts.append({"url": "stopped", "valueString": freshness.stopped})
    return {
        "resourceType": "Basic",
        "extension": [{"url": _EXTENSION, "extension": parts}],
        "identifier": [{"system": FRESHNESS_IDENTIFIER, "value": freshness.function}],
        "code": {"coding": [{"system": CODES, "code": "freshness"}]},
    }


def freshness_of(resource: Resource) -> Freshness | None:
    """Read a freshness from a Basic, or None when the Basic is something else."""
    function = next(
        (one["value"] for one in resource.get("identifier", []) if one.get("system") == FRESHNESS_IDENTIFIER),
        None,
    )
    whole = next((one for one in resource.get("extension", []) if one.get("url") == _EXTENSION), None)
    if function is None or whole is None:
        return None
    parts = {part["url"]: part for part in whole["extension"]}

    def number(name: str) -> int | None:
        value = parts.get(name, {}).get("valueUnsignedInt")
        return None if value is None else int(value)

    return Freshness(
        function=function,
        watermark=instant(parts["watermark"]["valueInstant"]),
        published_at=instant(parts["publishedAt"]["valueInstant"]),
        leads=parts["leads"]["valueCode"],
        is_mirrored=parts["isMirrored"]["valueBoolean"],
        waiting=number("waiting") or 0,
        conflicts=number("conflicts") or 0,
        quarantined=number("quarantined") or 0,
        withheld=number("withheld") or 0,
        matched=number("matched"),
        total=number("total"),
        stopped=parts.get("stopped", {}).get("valueString", ""),
    )


def instant_text(moment: datetime) -> str:
    """Write a moment as a FHIR instant."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
