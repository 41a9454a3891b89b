"""What legacy's rows say, record by record; a poisonous one does not hold up the others."""

import logging
from collections.abc import Collection, Mapping

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.records import Kind, LinkKey, Reading, RowGroup

_LOG = logging.getLogger(__name__)


def mapped(
    mappings: Mapping[Kind, ResourceMapping], keys: Collection[LinkKey], groups: Mapping[LinkKey, RowGroup]
) -> tuple[dict[LinkKey, Reading | None], dict[LinkKey, tuple[str, str]]]:
    """What legacy says of each link, and of which it cannot be told why (reason, words)."""
    readings: dict[LinkKey, Reading | None] = {}
    refused: dict[LinkKey, tuple[str, str]] = {}
    for key in keys:
        try:
            readings[key] = mappings[key.kind].from_legacy(groups.get(key))
        except RecordRefused as refusal:
            refused[key] = (refusal.reason, refusal.words)
        except Exception as error:  # noqa: BLE001 - a poisonous row is held; the others flow on
            refused[key] = not_mappable(key, error)
    return readings, refused


def not_mappable(key: LinkKey, error: Exception) -> tuple[str, str]:
    """What is said of a record on which the mapping itself fails."""
    _LOG.error("record not mappable: %s, %s", key, type(error).__name__)
    return "mapping-failed", "The bridge cannot read this record: report it."
