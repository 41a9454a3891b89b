"""The headers that subscribers want to be sent: kept beside the Subscription, in which nobody reads them.

What is stored, and answered to everybody, has `(hidden)` for their values. Whoever sends that back keeps what
there was, as long as it goes to the same endpoint: nobody gets a secret sent to another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.documents import Resource, decode, encode
from web_modules.fhir_store.refusals import IssueCode, refuse

HIDDEN = "(hidden)"

_READ = "SELECT endpoint, header FROM subscription_secret WHERE practice = ? AND id = ?"
_ADD = "INSERT INTO subscription_secret (practice, id, endpoint, header) VALUES (?, ?, ?, ?)"
_REMOVE = "DELETE FROM subscription_secret WHERE practice = ? AND id = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """The headers of one Subscription.

    Attributes:
        endpoint: to which they go.
        lines: as a client sent them.
    """

    endpoint: str
    lines: tuple[str, ...] = field(repr=False)


def headers_of(resource: Resource) -> Secret:
    """What a Subscription says of its headers."""
    channel = resource.get("channel", {})
    lines = tuple(line for line in channel.get("header", ()) if line is not None)
    return Secret(endpoint=channel.get("endpoint", ""), lines=lines)


def with_headers(resource: Resource, lines: Sequence[str]) -> Resource:
    """A Subscription with these headers in the place of its own."""
    if not lines:
        return resource
    return resource | {"channel": resource["channel"] | {"header": list(lines)}}


def hidden(lines: Sequence[str]) -> list[str]:
    """The lines without their values."""
    return [f"{line.partition(':')[0]}: {HIDDEN}" if ":" in line else HIDDEN for line in lines]


def revealed(sent: Secret, known: Secret | None) -> Secret:
    """The headers that a client means, who sends hidden ones back.

    Raises:
        Refusal: 422, one that is hidden is not known, or goes to another endpoint now.
    """
    values: dict[str, list[str]] = {}
    if known is not None and known.endpoint == sent.endpoint:
        for line in known.lines:
            values.setdefault(_name(line), []).append(line)
    lines = []
    for number, line in enumerate(sent.lines):
        if line.partition(":")[2].strip() != HIDDEN:
            lines.append(line)
            continue
        if not values.get(_name(line)):
            words = "Send this header with its value: what is hidden is kept for the same endpoint only."
            raise refuse(422, IssueCode.VALUE, words, f"Subscription.channel.header[{number}]")
        lines.append(values[_name(line)].pop(0))
    return Secret(endpoint=sent.endpoint, lines=tuple(lines))


def _name(line: str) -> str:
    return line.partition(":")[0].strip().lower()


class Secrets:
    """One practice's, in one transaction."""

    def __init__(self, session: Session, practice: str) -> None:
        self._session = session
        self._practice = practice

    def of(self, subscription: str) -> Secret | None:
        """The headers of a Subscription; None when it has none."""
        rows = self._session.rows(_READ, (self._practice, subscription))
        return Secret(endpoint=rows[0][0], lines=tuple(decode(rows[0][1].encode()))) if rows else None

    def keep(self, subscription: str, secret: Secret) -> None:
        """Keep them in the place of what there was."""
        self.forget(subscription)
        if secret.lines:
            told = encode(secret.lines).decode()
            self._session.change(_ADD, (self._practice, subscription, secret.endpoint, told))

    def forget(self, subscription: str) -> None:
        """There are none any more."""
        self._session.change(_REMOVE, (self._practice, subscription))
