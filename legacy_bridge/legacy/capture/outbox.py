"""The outbox: a table of the bridge's own, in which triggers note the keys of the rows that were touched."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from legacy_bridge.errors import RestoreDetected, SideUnavailable

OUTBOX = "banyan_outbox"
TRIGGER = "banyan_outbox_3"  # the number goes up when the triggers change; older ones are dropped
PAGE = 2000  # rows a poll: a Monday's busiest hour in one go
KEPT = 5000  # rows that were read are kept up to this many, for a person who looks
ALL = "*"
"""Noted instead of a key when a whole table was emptied."""


def restored(told: str) -> RestoreDetected:
    """The legacy database is not the one that was read before.

    Args:
        told: how that was seen, as the beginning of a sentence.
    """
    return RestoreDetected(
        f"{told}: the legacy database came back from a backup. Nothing is written until a person releases "
        "it: banyan-bridge once --after-restore."
    )


@contextmanager
def answering() -> Iterator[None]:
    """Say in the bridge's words that the database did not answer.

    Raises:
        SideUnavailable: the driver raised.
    """
    try:
        yield
    except DBAPIError as error:
        raise SideUnavailable("The legacy database does not answer.") from error


@contextmanager
def installing() -> Iterator[None]:
    """Say in the bridge's words that the database refused.

    Raises:
        SideUnavailable: the driver raised.
    """
    try:
        yield
    except DBAPIError as error:
        raise SideUnavailable("The legacy database does not let the bridge install its outbox.") from error
