"""Moments as the journal stores them: in UTC, without zone, because SQLite keeps none."""

from datetime import UTC, datetime


def naive(moment: datetime) -> datetime:
    """As it is stored."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def aware(moment: datetime) -> datetime:
    """As it is told."""
    return moment.replace(tzinfo=UTC)
