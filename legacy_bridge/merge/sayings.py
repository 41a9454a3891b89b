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
    Presence.KEEP_WITHHELD: (
        "was-withheld",
        "Legacy came back from a backup in which this record is not confidential; since then it was. It "
        "stays out of the cloud: make it confidential again in the legacy program, or, if it is not, say "
        "banyan-bridge quarantine again.",
    ),
    Presence.NOT_IN_BACKUP: (
        "not-in-backup",
        "Legacy came back from a backup without this record. It was confidential, so the cloud does not have "
        "it: enter it again in the legacy program, then say banyan-bridge quarantine again.",
    ),
}

MISSING = (
    "not-in-backup",
    "Legacy came back from a backup without this record: the cloud keeps it, and the bridge cannot make it "
    "there. Put its row back in the legacy program, or remove it from the cloud.",
)

PATIENT_GONE = (
    "patient-gone",
    "The legacy program does not have its patient any more: removed, or merged into another record. "
    "It stays in the cloud: enter it for the patient whose it is, and remove it from this one.",
)

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
