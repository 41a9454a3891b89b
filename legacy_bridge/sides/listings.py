"""What is listed and shown: conflicts, quarantine, and how the mirror stands in numbers."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from legacy_bridge.records import Kind, LinkKey, value_to_json
from legacy_bridge.sides.links import Conflict, links_in
from web_modules.decision.words import Authority, Function


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedConflict:
    """A conflict as the journal lists it.

    Attributes:
        digest: the journal's key of it.
        link: the record.
        state: open, decided or settled.
        since: when it was found.
        conflict: the values.
        number: what people call it.
        owner: who looks after it, or None while nobody does.
        is_escalated: it has waited too long.
        refused: why the last decision about it was not carried out; empty.
    """

    digest: str
    link: LinkKey
    state: str
    since: datetime
    conflict: Conflict
    number: int = 0
    owner: str | None = None
    is_escalated: bool = False
    refused: str = ""

    @property
    def seen(self) -> str:
        """Stands for the values of both sides: whoever decides has seen these, and no others."""
        sides = [
            {name: value_to_json(value) for name, value in side.items()}
            for side in (self.conflict.legacy, self.conflict.cloud)
        ]
        return hashlib.sha256(json.dumps(sides, sort_keys=True).encode()).hexdigest()[:32]

    def patients(self) -> set[LinkKey]:
        """The patients whom it concerns."""
        sides = (self.conflict.base, self.conflict.legacy, self.conflict.cloud)
        values = [value for side in sides for value in side.values()]
        named = {key for key in links_in(values) if key.kind is Kind.PATIENT}
        return named or ({self.link} if self.link.kind is Kind.PATIENT else set())


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A record that cannot be carried, as the journal lists it.

    Attributes:
        subject: the link (`slot/…`), or `Type/id` of what is only on the cloud.
        reason: a short word for counting.
        words: what is wrong and what to do.
        owner: who looks after it, or None while nobody does.
        since: when it was found.
        is_open: False once it can be carried.
        patients: whom it concerns, as far as can be known: links (`patient/…`), or `Patient/id` as the cloud
            names them.
        number: what people call it.
        is_escalated: it has waited too long.
    """

    subject: str
    reason: str
    words: str
    owner: str | None
    since: datetime
    is_open: bool
    patients: tuple[str, ...] = ()
    number: int = 0
    is_escalated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPage:
    """Some keys of many.

    Attributes:
        keys: the keys.
        ends: where the page ends, in the words of the database; None: it was the last.
    """

    keys: tuple[LinkKey, ...]
    ends: str | None


LOADING = "load"
"""The checkpoint that says how far the first load is; an earlier bridge wrote one a kind, as `load:slot`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """How far the first load of a kind is.

    Attributes:
        total: records when it began.
        marked: of these, those that were put on the dirty list.
        ends: where the last page ended, in the words of the database.
        is_done: all were.
        rows_a_second: how fast it went lately; None where that is not known.
    """

    total: int
    marked: int = 0
    ends: str | None = None
    is_done: bool = False
    rows_a_second: float | None = None


def loading_to_text(loading: Mapping[Kind, Loading]) -> str:
    """Write how far the first load of some kinds is."""
    return json.dumps({kind.value: asdict(one) for kind, one in loading.items()})


def loading_from_text(text: str | None) -> dict[Kind, Loading]:
    """Read what `loading_to_text` wrote; nothing was loaded where nothing is written."""
    found = {} if text is None else json.loads(text)
    return {Kind(kind): Loading(**one) for kind, one in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How equal the sides were when one kind was counted.

    Attributes:
        matched: records equal on both.
        total: records counted; the withheld, which are rightly on one side only, left out.
        at: when; aware.
    """

    matched: int
    total: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the mirror stands, in numbers by kind.

    Attributes:
        waiting: links to look at.
        oldest: since when the oldest of them waits.
        linked: records on both sides.
        withheld: confidential records.
        conflicts: open ones.
        quarantined: records that cannot be carried; the key `stray` is what is only on the cloud,
            `mirror` what concerns a whole side.
        counted: how equal the sides were at the last count; kinds that were never counted are missing.
        loading: how far the first load is; kinds that it has not come to yet are missing.
        unsure: of the withheld, those of which nobody can read whether they are confidential.
        oldest_held: since when the oldest record is in quarantine, or None; aware.
    """

    waiting: Mapping[Kind, int]
    oldest: Mapping[Kind, datetime]
    linked: Mapping[Kind, int]
    withheld: Mapping[Kind, int]
    conflicts: Mapping[Kind, int]
    quarantined: Mapping[str, int]
    unsure: int = 0
    counted: Mapping[Kind, Counted] = field(default_factory=dict)
    oldest_held: datetime | None = None
    loading: Mapping[Kind, Loading] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the first load of a function is.

    Attributes:
        done: records that were looked at.
        total: all of them, as they were counted when it began.
        rows_a_second: how fast the load goes, whichever function it is at; None where that is not known.
    """

    done: int
    total: int
    rows_a_second: float | None

    @property
    def seconds_left(self) -> float | None:
        """How long this function will take, or None."""
        return (self.total - self.done) / self.rows_a_second if self.rows_a_second else None


def progress_of(standing: Standing) -> dict[Function, Progress]:
    """How far the first load is; empty when it is over."""
    rates = [one.rows_a_second for one in standing.loading.values() if one.rows_a_second is not None]
    found: dict[Function, Progress] = {}
    for kind, one in standing.loading.items():
        done = max(0, min(one.total, one.marked - standing.waiting.get(kind, 0)))
        before = found.get(kind.function, Progress(done=0, total=0, rows_a_second=None))
        found[kind.function] = Progress(
            done=before.done + done,
            total=before.total + one.total,
            rows_a_second=rates[-1] if rates else None,
        )
    return {} if all(one.is_done for one in standing.loading.values()) else found


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What the board is to show.

    Attributes:
        functions: which side leads each mirrored function, and whether it is mirrored now.
        standing: the numbers.
        known: up to when both feeds were read.
        now: when this was put together.
        conflicts: those that the board does not show as they are.
        quarantined: the same.
        patients: the Patient ids of those whom these concern, by link or by `Patient/id`; who is not on the
            cloud is missing.
        stopped: why nothing is carried until a person has looked; empty while it is.
        names: what the records on the cloud are called of which these speak.
        enterable: of conflicts, by digest, the fields for which a third value may be typed.
    """

    functions: Mapping[Function, tuple[Authority, bool]]
    standing: Standing
    known: datetime
    now: datetime
    conflicts: tuple[ListedConflict, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    patients: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[LinkKey, str] = field(default_factory=dict)
    stopped: str = ""
    enterable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_somebody_asked(self) -> bool:
        """Whether anything waits for a person."""
        standing = self.standing
        return any(standing.conflicts.values()) or any(standing.quarantined.values())
