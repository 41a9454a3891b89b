"""The rows that say how far each Subscription has come, and who is delivering: the only SQL about them."""

from dataclasses import dataclass

from web_modules.fhir_store.database.session import Session

MOST = 100
"""Subscriptions of one practice that may be on at once; each may keep a thread waiting for its subscriber."""

RESTORED = "restored"
"""The status here, not in the Subscription, of one that came with a backup and is still to be turned off."""

_COLUMNS = "id, updated, status, channel, position, failures, due, held_until"
_ALL = f"SELECT {_COLUMNS} FROM subscription WHERE practice = ? AND status <> 'off'"  # noqa: S608  (fixed)
_ONE = f"SELECT {_COLUMNS} FROM subscription WHERE practice = ? AND id = ?"  # noqa: S608
_DETAILS = """
    SELECT s.owner, v.content FROM subscription AS s
    JOIN version AS v ON v.practice = s.practice AND v.updated = s.updated
    WHERE s.practice = ? AND s.id = ? AND s.updated = ?
"""
_OTHERS = "SELECT count(*) FROM subscription WHERE practice = ? AND id <> ? AND status <> 'off'"
_ADD = """
    INSERT INTO subscription
    (practice, id, updated, status, channel, owner, position, failures, due, holder, held_until)
    VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, '', 0)
"""
_REWRITE = """
    UPDATE subscription SET position = CASE WHEN status = 'off' THEN ? ELSE position END, updated = ?,
    status = ?, channel = ?, owner = ?, failures = 0, due = 0, holder = '', held_until = 0
    WHERE practice = ? AND id = ?
"""
_REMOVE = "DELETE FROM subscription WHERE practice = ? AND id = ?"
_CLAIM = """
    UPDATE subscription SET holder = ?, held_until = ?
    WHERE practice = ? AND id = ? AND updated = ? AND status <> 'off' AND held_until < ?
"""
_SETTLE = """
    UPDATE subscription SET position = ?, failures = ?, due = ?, held_until = ?
    WHERE practice = ? AND id = ? AND updated = ? AND holder = ?
"""
_TURN = "UPDATE subscription SET updated = ?, status = ? WHERE practice = ? AND id = ?"
_ADVANCE = "UPDATE subscription SET position = ? WHERE practice = ? AND id = ? AND position < ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one Subscription stands.

    Attributes:
        id: of the Subscription.
        updated: the `lastUpdated` of its current version, in microseconds since 1970 UTC as all moments here.
        status: as in that version.
        channel: rest-hook or websocket.
        position: every version up to it has been dealt with.
        failures: deliveries that failed since one succeeded.
        due: not to be tried before.
        held_until: till then somebody delivers.
    """

    id: str
    updated: int
    status: str
    channel: str
    position: int
    failures: int
    due: int
    held_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What is to be kept of a delivery.

    Attributes:
        position: every version up to it has been dealt with.
        failures: since one succeeded.
        due: not to be tried before.
        held_until: how long whoever delivers goes on; 0 when they are done.
    """

    position: int
    failures: int = 0
    due: int = 0
    held_until: int = 0


class Ledger:
    """One practice's rows, in one transaction."""

    def __init__(self, session: Session, practice: str) -> None:
        self._session = session
        self._practice = practice

    def all(self) -> list[Standing]:
        """Those that are not off."""
        return [_standing(row) for row in self._session.rows(_ALL, (self._practice,))]

    def one(self, subscription: str) -> Standing | None:
        """One of them, or None."""
        rows = self._session.rows(_ONE, (self._practice, subscription))
        return _standing(rows[0]) if rows else None

    def details(self, standing: Standing) -> tuple[str, bytes] | None:
        """The owner's access as text and the Subscription; None when it has changed meanwhile."""
        rows = self._session.rows(_DETAILS, (self._practice, standing.id, standing.updated))
        return (str(rows[0][0]), bytes(rows[0][1])) if rows else None

    def others(self, subscription: str) -> int:
        """How many are on beside this one."""
        return int(self._session.rows(_OTHERS, (self._practice, subscription))[0][0])

    def enter(self, subscription: str, *, updated: int, status: str, channel: str, owner: str) -> None:
        """A client has written a Subscription: it goes on from where it was, or from now when it was off."""
        changed = (updated, updated, status, channel, owner, self._practice, subscription)
        if not self._session.change(_REWRITE, changed):
            self._session.change(
                _ADD, (self._practice, subscription, updated, status, channel, owner, updated)
            )

    def remove(self, subscription: str) -> None:
        """It was deleted."""
        self._session.change(_REMOVE, (self._practice, subscription))

    def claim(self, standing: Standing, holder: str, *, now: int, until: int) -> Standing | None:
        """Be the one who delivers; None when somebody else is, or when it has changed."""
        values = (holder, until, self._practice, standing.id, standing.updated, now)
        return self.one(standing.id) if self._session.change(_CLAIM, values) else None

    def settle(self, standing: Standing, holder: str, settlement: Settlement) -> bool:
        """Keep what was done; False when somebody else delivers by now, or when it has changed."""
        kept = (settlement.position, settlement.failures, settlement.due, settlement.held_until)
        return bool(
            self._session.change(_SETTLE, (*kept, self._practice, standing.id, standing.updated, holder))
        )

    def turn(self, subscription: str, *, updated: int, status: str) -> None:
        """The server has written a new status."""
        self._session.change(_TURN, (updated, status, self._practice, subscription))

    def advance(self, subscription: str, position: int) -> None:
        """Everything up to a position has been dealt with."""
        self._session.change(_ADVANCE, (position, self._practice, subscription, position))


def _standing(row: tuple[object, ...]) -> Standing:
    name, updated, status, channel, position, failures, due, held_until = row
    return Standing(
        id=str(name),
        updated=int(str(updated)),
        status=str(status),
        channel=str(channel),
        position=int(str(position)),
        failures=int(str(failures)),
        due=int(str(due)),
        held_until=int(str(held_until)),
    )
