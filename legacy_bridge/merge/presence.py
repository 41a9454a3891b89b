"""What is to be done when a record is, or is not, on each side: the table before any field is looked at."""

from enum import Enum

from legacy_bridge.records import CLINICAL, Agreed, Fields, Kind, Reading
from legacy_bridge.sides.links import Doubt, LinkState


class Presence(Enum):
    """What is to be done with a link."""

    MERGE = "merge"  # both have it
    CREATE = "create"  # new on legacy: make it on the cloud
    INSERT = "insert"  # new on the cloud: make it in legacy
    WITHHOLD = "withhold"  # confidential: take it off the cloud, which is no deletion
    DELETE_CLOUD = "delete on the cloud"
    DELETE_LEGACY = "delete in legacy"
    BURY = "bury"  # gone from both: a tombstone
    FORGET = "forget"  # never was anything
    ASK_DELETED_IN_CLOUD = "deleted in the cloud"  # a person decides, nothing is written
    ASK_DELETED_IN_LEGACY = "deleted in legacy, changed in the cloud"
    UNKNOWN_TO_LEGACY = "unknown to legacy"  # the cloud has what legacy never had
    CAME_BACK = "came back"  # the cloud has what was deleted
    INSERT_AGAIN = "missing in legacy"  # legacy came back from a backup without it: make it there again
    DELETE_AGAIN = "deleted before legacy came back"  # the backup still had it
    KEEP_WITHHELD = "was withheld"  # legacy came back from a backup in which it is not confidential
    NOT_IN_BACKUP = "not in the backup"  # confidential, so nobody else has it


DELETABLE = frozenset({Kind.SESSION, Kind.SLOT, *CLINICAL})
"""Kinds whose deletion in the cloud is carried; a person, site or organisation is never deleted by it."""

_OVER = frozenset({"active", "merged_into"})
"""Says of a patient's record that it is not in use any more: no edit that is lost when it is deleted."""


def presence(  # noqa: PLR0911, PLR0913 - a decision table reads best as one
    kind: Kind,
    state: LinkState,
    base: Agreed,
    legacy: Reading | None,
    cloud: Reading | None,
    *,
    is_new: bool = False,
    is_forgotten: bool = False,
    was_there: bool = False,
    doubt: Doubt | None = None,
) -> Presence:
    """Decide by who has the record.

    Args:
        kind: the kind of record.
        state: what the journal remembers of the link.
        base: what was agreed on.
        legacy: the legacy record, None when there is none.
        cloud: the cloud's, None when there is none.
        is_new: the cloud's was made there: it does not say that it ever was a legacy record, and legacy has
            no row of it, not even a deleted one.
        is_forgotten: what was agreed on is older than both sides: to equal it is not to be unchanged.
        was_there: the cloud has had it, though nothing was agreed on: the bridge ended before it could.
        doubt: of what legacy says, since it came back from a backup: by itself, it deletes and shows nothing.
    """
    if legacy is not None and legacy.is_withheld:
        return Presence.WITHHOLD
    if doubt is not None and state is LinkState.WITHHELD:
        return Presence.NOT_IN_BACKUP if legacy is None else Presence.KEEP_WITHHELD
    if legacy is not None and cloud is not None:
        return Presence.MERGE
    if legacy is not None:
        if state is LinkState.NEW and was_there:
            return Presence.ASK_DELETED_IN_CLOUD
        if doubt is not None and state is LinkState.TOMBSTONE:
            is_older = doubt is Doubt.LEGACY_OLDER and kind in DELETABLE and not legacy.held
            return Presence.DELETE_AGAIN if is_older else Presence.ASK_DELETED_IN_CLOUD
        if state is not LinkState.LINKED:
            return Presence.CREATE
        is_deletable = kind in DELETABLE and not legacy.held and not is_forgotten
        is_unchanged = is_deletable and _is_as_agreed(base, legacy.fields)
        return Presence.DELETE_LEGACY if is_unchanged else Presence.ASK_DELETED_IN_CLOUD
    if cloud is not None:
        if doubt is not None and state is LinkState.LINKED:
            is_older = doubt is Doubt.LEGACY_OLDER
            return Presence.INSERT_AGAIN if is_older else Presence.ASK_DELETED_IN_LEGACY
        if state is LinkState.LINKED:
            is_unchanged = not is_forgotten and _is_as_agreed(base, cloud.fields)
            return Presence.DELETE_CLOUD if is_unchanged else Presence.ASK_DELETED_IN_LEGACY
        if state is LinkState.WITHHELD:
            return Presence.DELETE_CLOUD
        if state is LinkState.NEW and is_new and kind in CLINICAL:
            return Presence.INSERT
        return Presence.UNKNOWN_TO_LEGACY if state is LinkState.NEW else Presence.CAME_BACK
    return Presence.FORGET if state is LinkState.NEW else Presence.BURY


def _is_as_agreed(base: Agreed, fields: Fields) -> bool:
    return all(base.get(name) == fields.get(name) for name in {*base, *fields} - _OVER)
