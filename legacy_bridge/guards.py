"""Guards before any write: the environment, the schema, the share of records that one batch may delete."""

from collections.abc import Callable, Mapping, Sequence

from legacy_bridge.errors import BlastRadius, EnvironmentWrong, SchemaDrifted
from web_modules.decision.words import Environment

DELETED_SHARE = (
    0.02  # of all records of the mirror; a session that is cleared deletes some forty of thousands
)
DELETED_AT_LEAST = 60  # a small practice, or a day's clinic that is called off, passes


class BlastGuard:
    """Stops a batch that would delete more than a set share of the records."""

    def __init__(self, *, share: float = DELETED_SHARE, at_least: int = DELETED_AT_LEAST) -> None:
        self._share = share
        self._at_least = at_least

    def admit(self, deletions: int, total: Callable[[], int]) -> None:
        """Let a batch's deletions pass.

        Args:
            deletions: how many.
            total: counts the records of the mirror, when there is need to know.

        Raises:
            BlastRadius: they are too many.
        """
        if deletions <= self._at_least:
            return
        allowed = max(self._at_least, int(total() * self._share))
        if deletions > allowed:
            raise BlastRadius(
                f"One batch would delete {deletions} records and {allowed} are allowed: nothing was written. "
                "Look at what was deleted; if it is right, run once with --allow-deletions."
            )


def check_environment(wanted: Environment, *, said: str | None, ods: str, practice: str | None) -> None:
    """Refuse a cloud of another environment or practice (hazard H21).

    Args:
        wanted: the environment that this bridge was started for.
        said: what the cloud calls its environment; None when it has no such word.
        ods: the practice that this bridge serves.
        practice: the practice that the cloud names; None when it names none.

    Raises:
        EnvironmentWrong: they differ, or live data would go to a cloud that does not say what it is.
    """
    if said is not None and said != wanted.value:
        raise EnvironmentWrong(
            f"This bridge is for the {wanted.value} environment and the cloud says it is {said}: "
            "nothing was read or written. Correct the bridge's environment, or the address of its cloud."
        )
    if practice is not None and practice != ods:
        raise EnvironmentWrong(
            f"This bridge is for practice {ods} and the cloud is {practice}'s: nothing was read or written. "
            "Correct the bridge's practice, or the address of its cloud."
        )


def check_schema(expected: Mapping[str, Sequence[str]], found: Mapping[str, Sequence[str]]) -> None:
    """Refuse mapped tables that lack a column; further columns are left alone.

    Raises:
        SchemaDrifted: a table or column is missing.
    """
    missing = [
        f"{table}.{column}" if table in found else table
        for table, columns in expected.items()
        for column in columns
        if column not in found.get(table, ())
    ]
    if missing:
        shown = ", ".join(dict.fromkeys(missing))
        raise SchemaDrifted(
            f"The legacy database has changed: {shown} is missing. "
            "Nothing is carried until the mapping is adapted."
        )
