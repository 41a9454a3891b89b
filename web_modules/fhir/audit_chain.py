"""The chain of the audit: each entry is signed together with the one before, and the end is sealed.

An entry's link is an HMAC over the link before, its number and its content; the seal is one over the number
and link of the last. The key lies outside the database. So whoever can write to the database, but has not the
key, can change, remove, insert, reorder or cut off nothing without `verify` finding it. What no chain can
show by itself is a whole database taken back to an earlier day: keep `head` elsewhere from time to time, and
hand it to `verify`.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

START = b""
"""The link before the first entry."""
BROKEN = b"broken"
"""In place of the link before, once somebody has moved the end: what is sealed after that may not hide it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of a chain.

    Attributes:
        count: entries so far; they are numbered from 1.
        link: of the last one.
        seal: over both.
    """

    count: int
    link: bytes
    seal: bytes

    @property
    def text(self) -> str:
        """On one line, to be kept."""
        return f"{self.count}:{self.link.hex()}:{self.seal.hex()}"


def read_head(text: str) -> Head:
    """An end from its text.

    Raises:
        ValueError: it is not one.
    """
    count, link, seal = text.strip().split(":")
    return Head(count=int(count), link=bytes.fromhex(link), seal=bytes.fromhex(seal))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as it is kept."""

    number: int
    content: bytes
    link: bytes


def kept_bytes(value: object) -> bytes:
    """What a column of bytes holds; nothing when something else was put there, so that no link fits it."""
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else b""


class Chain:
    """Links the entries of one practice."""

    def __init__(self, key: bytes, practice: str) -> None:
        self._key = key
        self._practice = practice.encode()

    def link(self, before: bytes, number: int, content: bytes) -> bytes:
        """The link of an entry after the link before it."""
        return self._signed(b"entry", before, number, content)

    def seal(self, count: int, link: bytes) -> bytes:
        """The seal of an end."""
        return self._signed(b"end", link, count, b"")

    def goes_on_from(self, end: Head) -> bytes:
        """The link before the next entry, for whoever appends: none that fits, if the end is not ours."""
        is_ours = hmac.compare_digest(end.seal, self.seal(end.count, end.link))
        return end.link if is_ours else BROKEN

    def faults(self, entries: Iterable[Entry], head: Head, known: Iterable[Head] = ()) -> list[str]:
        """What is wrong with a chain, in words; nothing when it is whole.

        Args:
            entries: all of them, by number.
            head: the end as the database has it.
            known: ends that were kept elsewhere.
        """
        wanted = {one.count: one.link for one in known}
        before, expected = START, 1
        for entry in entries:
            if entry.number != expected:
                return [f"entry {expected} is missing: the next one is {entry.number}"]
            if not hmac.compare_digest(entry.link, self.link(before, entry.number, entry.content)):
                return [f"entry {entry.number} was changed, moved or put in, or one before it was removed"]
            if wanted.pop(entry.number, entry.link) != entry.link:
                return [f"entry {entry.number} is not the one that was there when its end was kept"]
            before, expected = entry.link, expected + 1
        found: list[str] = []
        if head.count != expected - 1 or head.link != before:
            found.append(f"the chain should end with entry {head.count} and ends with {expected - 1}")
        elif not hmac.compare_digest(head.seal, self.seal(head.count, head.link)):
            found.append("the seal at the end is not ours: entries after it were cut off, or it was made up")
        found += [
            f"entry {count} was there when its end was kept, and is not any more" for count in wanted if count
        ]
        return found

    def _signed(self, what: bytes, before: bytes, number: int, content: bytes) -> bytes:
        parts = (what, self._practice, before, str(number).encode(), content)
        text = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.digest(self._key, text, "sha256")
