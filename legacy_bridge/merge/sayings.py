"""What the mirror says where there is nothing to merge: a reason, and words for whoever puts it right."""

from collections.abc import Mapping

from legacy_bridge.merge.presence import Presence
from legacy_bridge.sides.links import CONFIDENTIALITY_UNREADABLE

SAYINGS: Mapping[Presence, tuple[str, str]] = {
    Presence.UNKNOWN_TO_LEGACY: (
        "unknown-to-legacy",
        "The cloud has a record under a key that the legacy program never had: remove it from the cloud.",
    ),
    Presence.CAME_BACK: (
        "came-back",
        "The record was deleted on both sides and is in the cloud again: "
        "enter it in the legacy program, or delete it.",
    ),
}

UNREADABLE_FLAG = (
    CONFIDENTIALITY_UNREADABLE,
    "Whether this record is confidential cannot be read, so it is not shown in the cloud: "
    "correct it in the legacy program.",
)
HISTORY_KEPT = (
    "history-kept",
    "Old versions of confidential records that were withdrawn may still be readable on this server: it does "
    "not remove them when asked (delete-history). Ask those who run it to remove them.",
)
