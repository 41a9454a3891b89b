"""Reads a Subscription: which changes it is about, and whom to tell. FHIR R4 subscription.html."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl

from web_modules.fhir_store.documents import Resource
from web_modules.fhir_store.elements.moments import range_of
from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse
from web_modules.fhir_store.search.query import SHAPING

SUBSCRIPTION = "Subscription"
PAYLOAD = "application/fhir+json"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})

_NOT_FOLLOWED = frozenset({SUBSCRIPTION, "AuditEvent"})
"""Channels hold their subscribers' secrets, and the audit is for nobody else."""

_OF_TYPE = "_type"
_OF_FORM = frozenset({"_format", "_pretty"})
_ENDPOINT = re.compile(
    r"(https?)://(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.\-]+)(?::(\d{1,5}))?((?:/[A-Za-z0-9._~!$&'()*+,;=:@%/?\-]*)?)",
    re.ASCII,
)
_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~\-]{1,100}):[ \t]*([\x20-\x7e]{0,4000})", re.ASCII)
_OWN_HEADERS = frozenset(
    "connection content-encoding content-length content-type expect host keep-alive proxy-authorization "
    "proxy-connection te trailer transfer-encoding upgrade via".split()
)
_MOST_HEADERS = 20


class Channel(StrEnum):
    """How subscribers are told."""

    REST_HOOK = "rest-hook"
    WEBSOCKET = "websocket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a rest-hook goes; taken apart once, so that what was checked is what is connected to.

    Attributes:
        is_secure: whether it is https.
        host: as written; brackets around an IPv6 address.
        port: TCP port.
        path: with a leading slash, or empty.
    """

    is_secure: bool
    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRule:
    """Which endpoints this server sends to: nobody is to reach through it what they cannot reach themselves.

    Attributes:
        hosts: names of the hosts that the settings allow, in lower case.
        own: where this server itself is, by `own_addresses`: told of its own write, it would write again.
        is_live: then it must be https, and this machine itself is not allowed unless it is named.
    """

    hosts: frozenset[str] = frozenset()
    own: frozenset[tuple[str, int]] = frozenset()
    is_live: bool = False

    def read(self, address: str) -> Endpoint:
        """Take an address apart.

        Raises:
            Refusal: 422, it is malformed or not allowed.
        """
        form = _ENDPOINT.fullmatch(address)
        is_secure = form is not None and form[1] == "https"
        port = int((form and form[3]) or (443 if is_secure else 80))
        if form is None or not 0 < port < 65536:
            words = "The endpoint must be an address such as https://subscriber.example/hook."
            raise _wrong(IssueCode.VALUE, words, "channel.endpoint")
        host = form[2].lower()
        if self.is_live and not is_secure:
            words = "In a live environment the endpoint must begin with https://."
            raise _wrong(IssueCode.VALUE, words, "channel.endpoint")
        if host not in self.hosts and (self.is_live or host not in LOOPBACK):
            words = "Nothing is sent to this host: have it added to the setting subscription_hosts."
            raise _wrong(IssueCode.FORBIDDEN, words, "channel.endpoint")
        if (host, port) in self.own:
            words = "This server tells nothing to itself: each notification would be a change to tell of."
            raise _wrong(IssueCode.FORBIDDEN, words, "channel.endpoint")
        return Endpoint(is_secure=is_secure, host=host, port=port, path=form[4].rstrip("/"))


def own_addresses(origin: str, *, port: int) -> frozenset[tuple[str, int]]:
    """The hosts and ports of a server.

    Args:
        origin: scheme, host and port under which clients see it.
        port: on which it listens on this machine; 0 when that is the origin's.
    """
    form = _ENDPOINT.fullmatch(origin)
    if form is None:
        return frozenset()
    seen = int(form[3] or (443 if form[1] == "https" else 80))
    return frozenset({(form[2].lower(), seen), *((host, port or seen) for host in LOOPBACK)})


LOOPBACK_ONLY = EndpointRule()
"""What holds where no settings say more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a Subscription asks for.

    Attributes:
        resource_type: of what is followed.
        pairs: search parameters and values that it must fulfil.
        channel: how to tell.
        endpoint: where to; None for a websocket.
        has_payload: whether the resource itself is sent, and not only that there is news.
        headers: to send along; secrets may be among them.
        ends: microseconds since 1970 UTC, or None.
    """

    resource_type: str
    pairs: tuple[tuple[str, str], ...]
    channel: Channel
    endpoint: Endpoint | None = None
    has_payload: bool = False
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    ends: int | None = None


def read_wanted(resource: Resource, rule: EndpointRule) -> Wanted:
    """Understand a Subscription that is valid FHIR; the values of its criteria are not looked at.

    Raises:
        Refusal: 422, it asks for what this server does not do.
    """
    resource_type, pairs = _criteria(str(resource.get("criteria", "")))
    asked = resource.get("channel", {})
    channel = _channel(str(asked.get("type", "")))
    payload = str(asked.get("payload", "")).lower().replace(" ", "")
    if payload not in {"", PAYLOAD, f"{PAYLOAD};charset=utf-8"}:
        words = f"The payload must be {PAYLOAD}, or left out: then only a ping is sent."
        raise _wrong(IssueCode.NOT_SUPPORTED, words, "channel.payload")
    whole = Wanted(
        resource_type=resource_type,
        pairs=pairs,
        channel=channel,
        has_payload=bool(payload),
        headers=_headers(asked.get("header", ())),
        ends=_end(resource),
    )
    if channel is Channel.WEBSOCKET:
        if payload:
            words = "A websocket tells only that there is news: leave out the payload."
            raise _wrong(IssueCode.NOT_SUPPORTED, words, "channel.payload")
        return whole
    endpoint = rule.read(str(asked.get("endpoint", "")))
    if payload and "?" in endpoint.path:
        words = "With a payload the endpoint is a FHIR base: leave out the part after the question mark."
        raise _wrong(IssueCode.VALUE, words, "channel.endpoint")
    return Wanted(
        resource_type=whole.resource_type,
        pairs=whole.pairs,
        channel=channel,
        endpoint=endpoint,
        has_payload=whole.has_payload,
        headers=whole.headers,
        ends=whole.ends,
    )


def _criteria(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    resource_type, _, query = text.partition("?")
    if not resource_type.isalpha() or not resource_type.isascii():
        words = "The criteria must be a search of one type, such as Encounter?patient=Patient/1."
        raise _wrong(IssueCode.VALUE, words, "criteria")
    if resource_type in _NOT_FOLLOWED:
        raise _wrong(IssueCode.FORBIDDEN, f"Nobody can subscribe to every {resource_type}.", "criteria")
    pairs = tuple(pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in _OF_FORM)
    for name, _value in pairs:
        if name.partition(":")[0] in SHAPING | {_OF_TYPE}:
            words = f"`{name[:64]}` shapes a page of matches and has no place in criteria."
            raise _wrong(IssueCode.NOT_SUPPORTED, words, "criteria")
    return resource_type, pairs


def _channel(kind: str) -> Channel:
    try:
        return Channel(kind)
    except ValueError as error:
        words = "This server tells subscribers by rest-hook or websocket only."
        raise _wrong(IssueCode.NOT_SUPPORTED, words, "channel.type") from error


def _headers(lines: Sequence[object]) -> tuple[tuple[str, str], ...]:
    found = []
    for number, line in enumerate(lines):
        form = _HEADER.fullmatch(str(line))
        where = f"channel.header[{number}]"
        if form is None or number >= _MOST_HEADERS:
            words = f"At most {_MOST_HEADERS} headers are sent, each such as `Authorization: Bearer …`."
            raise _wrong(IssueCode.VALUE, words, where)
        if form[1].lower() in _OWN_HEADERS:
            raise _wrong(IssueCode.FORBIDDEN, "This server sets that header itself: leave it out.", where)
        found.append((form[1], form[2].strip()))
    return tuple(found)


def _wrong(code: IssueCode, words: str, where: str) -> Refusal:
    return refuse(422, code, words, f"{SUBSCRIPTION}.{where}")


def is_over(resource: Resource) -> bool:
    """Whether its time has passed."""
    end = _end(resource)
    return end is not None and end <= time.time_ns() // 1000


def _end(resource: Resource) -> int | None:
    return range_of(str(resource["end"])).low if "end" in resource else None


def status_asked(resource: Mapping[str, object]) -> str:
    """What a client may say of the status: that it wants no more, or that it wants (again)."""
    return "off" if resource.get("status") == "off" else "requested"
