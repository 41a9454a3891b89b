"""The loop: feeds tell what to look at, the reconciler looks, the board shows how it stands."""

import logging
import random
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic

from legacy_bridge.errors import AnotherBridge, MirrorStopped, SideUnavailable
from legacy_bridge.first_load import JOURNAL_RESTORED, FirstLoad, mark_everything
from legacy_bridge.forms import FormTime
from legacy_bridge.hearing import Hearing
from legacy_bridge.merge.visit import LONGEST_WAIT_SECONDS, Report
from legacy_bridge.metrics import Metrics
from legacy_bridge.news import TASKS_A_TIME, news_of
from legacy_bridge.overlap import Overlap
from legacy_bridge.parity import Scan
from legacy_bridge.reconciler import Reconciler
from legacy_bridge.records import Kind
from legacy_bridge.settings import BridgeSettings
from legacy_bridge.sides.feeds import CLOUD, LEGACY, ChangeFeed, FeedBatch
from legacy_bridge.sides.links import FORGOTTEN, LEGACY_RESTORED, RESTORED, Dirty, Restore
from legacy_bridge.sides.listings import Standing
from legacy_bridge.sides.stores import Board, Journal, LegacyRecords
from web_modules.decision.decision import Standing as FunctionStanding
from web_modules.decision.decision import decide
from web_modules.decision.words import Authority, Environment, Function

_LOG = logging.getLogger(__name__)

MIRRORED_FUNCTIONS = tuple(dict.fromkeys(kind.function for kind in Kind))
_LOOK_SECONDS = 2.0  # ask a feed without a signal: a signal may be lost, a row is not
_PUBLISH_AFTER_CHANGE_SECONDS = 0.5
_TIDY_SECONDS = 3600.0  # two or three hundred versions of a few hundred bytes are left meanwhile
_SCAN_SHARE = 0.05  # of the time, while a count goes on
_SCAN_AFTER_SECONDS = 0.5  # without a change: it must not hold up what somebody changes next
_SCAN_AT_LEAST_SECONDS = 5.0  # where there is no such rest
_SCAN_SECONDS = 6 * 3600.0  # from the end of one count to the next
_FIRST_BACKOFF_SECONDS = 0.25
_LONGEST_BACKOFF_SECONDS = 10.0
_LONGEST_ASKED_SECONDS = 300.0
"""A side that asks for a longer rest is asked again all the same: no header stops a mirror for a year."""
_STOPPED_LOOK_SECONDS = 5.0
_TELL_SECONDS = 0.5  # how a long run goes on, on a terminal
_WISH_SECONDS = 1.0  # a person who has decided waits no longer to see it done
_STOPPED = "stopped"
_WALKS = 3  # of which two ended in between: the second began after, whatever the clock says
_BATCHES_A_PAGE = 5  # of a first load: what a live change waits for, a few seconds
_CLOUD_RESTORED = (
    "The cloud came back from an earlier backup. Every record is compared again: what was agreed is told "
    "to it again, and what cannot be decided is listed as a conflict."
)
_LONGEST_WAIT = timedelta(seconds=LONGEST_WAIT_SECONDS + 1)  # until a later time: the clock was wrong
_SOON = timedelta(seconds=1)  # what may be tried again this soon is waited for by `drain`


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the service works with; wired in `__main__`, or by a test.

    Attributes:
        legacy_feed: what changed in legacy.
        cloud_feed: what changed on the cloud.
        legacy: the legacy records.
        journal: the bridge's memory.
        reconciler: what does the work.
        carrier: the thread that writes to the cloud while the next batch is read.
        board: where it is published.
        standings: where every function stands; the same object until that changes.
        data_version: changes whenever somebody else writes to the legacy database.
        check: the guards that look before anything is written, and the lease.
        beat: shows that this bridge lives.
        scan: counts how equal the sides are.
        cloud_moved: set when the cloud may have news.
        forms: counts how long bridges have run.
        metrics: what is counted for whoever watches.
        clock: the time of day, aware UTC; it may be wrong, and may jump.
        seconds: seconds that only ever go forward.
    """

    legacy_feed: ChangeFeed
    cloud_feed: ChangeFeed
    legacy: LegacyRecords
    journal: Journal
    reconciler: Reconciler
    carrier: Executor
    board: Board
    standings: Callable[[], Mapping[Function, FunctionStanding]]
    data_version: Callable[[], Hashable]
    check: Callable[[], None]
    beat: Callable[[], None]
    scan: Scan
    cloud_moved: Event
    forms: FormTime
    metrics: Metrics = field(default_factory=Metrics)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    seconds: Callable[[], float] = monotonic


class MirrorService:
    """Mirrors one practice until it is told to stop. One thread."""

    def __init__(self, parts: Parts, settings: BridgeSettings) -> None:
        self._parts = parts
        self._settings = settings
        self._load = FirstLoad(
            legacy=parts.legacy,
            journal=parts.journal,
            clock=parts.clock,
            seconds=parts.seconds,
            page=settings.batch * _BATCHES_A_PAGE,
            rows_a_second=settings.first_load_rows_a_second,
        )
        self._hearing = Hearing(
            ods=settings.practice, journal=parts.journal, board=parts.board, clock=parts.clock
        )
        self._seen_version: Hashable = None
        self._polled: dict[str, float] = {}
        self._polled_at: dict[str, datetime] = {}
        self._known_until: datetime | None = None  # of a legacy feed that finds changes late
        self._published = float("-inf")
        self._tidied = float("-inf")
        self._scans_at = float("-inf")
        self._worked = float("-inf")
        self._is_scanning = False
        self._kinds: list[Kind] = []
        self._seen_standings: object = None
        self._next_try: datetime | None = None
        self._wishes_at = float("-inf")
        self._may_be_answered = True
        self._has_asked = True  # a bridge before this one may have
        self._has_news = True
        self._is_checked = False
        self._clock_began: datetime | None = None
        self._stopped: str | None = None  # not known: a bridge before this one may have stopped
        self._is_stop_published = True
        self._on_progress: Callable[[Standing], None] | None = None
        self._told_at = float("-inf")

    def run(self, stop: Event) -> None:
        """Mirror until `stop` is set. What can pass is tried again; what a person must see is said once.

        Raises:
            AnotherBridge: another one mirrors the practice; this one ends.
        """
        failures = 0
        said = ""
        while not stop.is_set():
            try:
                self.step(stop)
                self._scan()
            except SideUnavailable as error:
                failures += 1
                self._parts.metrics.failed(error)
                self._is_checked = False  # it may come back as something else: restored, or changed
                if failures == 1:
                    _LOG.info("side unavailable: %s", error)
                stop.wait(_backoff(failures, error.retry_after_seconds))
                continue
            except AnotherBridge:
                raise
            except MirrorStopped as error:
                self._is_checked = False
                self._parts.metrics.failed(error)
                if str(error) != said:
                    said = str(error)
                    _LOG.error("mirror stopped: %s", said)
                stop.wait(_STOPPED_LOOK_SECONDS)
                continue
            if failures:
                _LOG.info("side available again", extra={"attempts": failures})
            failures, said = 0, ""
            self._parts.cloud_moved.wait(self._settings.legacy_poll_seconds)

    def step(self, stop: Event | None = None) -> Report:
        """Look at the feeds where they are due, reconcile all that may be tried now, publish.

        Raises:
            SideUnavailable: a side or the journal did not answer.
            MirrorStopped: a guard stopped it; the journal and, where it may, the board say so.
        """
        try:
            done = self._step(stop)
        except MirrorStopped as error:
            self._say_stopped(error)
            raise
        if self._stopped != "":
            self._parts.journal.notice(_STOPPED, None, self._parts.clock())
            self._stopped, self._has_news = "", True
            self._parts.metrics.stopped(None)
        return done

    def _step(self, stop: Event | None) -> Report:
        if not self._is_checked:
            self._parts.check()
            self._is_checked = True
            self._polled.clear()  # what was done meanwhile is told before anything is written again
        self._check_clock()
        self._look()
        self._hear()
        self._parts.beat()
        done = self._reconcile(stop) if self._is_any_due() else Report()
        if done.looked_at:
            self._has_news = True
            self._worked = self._parts.seconds()
        after = _PUBLISH_AFTER_CHANGE_SECONDS if self._has_news else self._settings.publish_seconds
        if self._parts.seconds() - self._published >= after:
            self.publish()
            if self._parts.seconds() - self._tidied >= _TIDY_SECONDS:
                self._parts.board.tidy()
                self._tidied = self._parts.seconds()
        return done

    def _say_stopped(self, error: MirrorStopped) -> None:
        """Say why nothing is carried: in status by the journal, on the board, to whoever watches."""
        if isinstance(error, AnotherBridge):
            return  # which carries on
        words = str(error)
        self._parts.metrics.stopped(error)
        try:
            if words != self._stopped:
                self._parts.journal.notice(_STOPPED, words, self._parts.clock())
                self._stopped, self._is_stop_published = words, not error.may_tell_cloud
            if not self._is_stop_published:
                self.publish()
                self._is_stop_published = True
        except SideUnavailable as silent:
            self._parts.metrics.failed(silent)  # it is said as soon as somebody listens

    def _hear(self) -> None:
        """Look at what people have decided, or want to be tried again, since the last look."""
        if self._parts.seconds() - self._wishes_at < _WISH_SECONDS:
            return
        journal, now = self._parts.journal, self._parts.clock()
        if self._may_be_answered and self._has_asked:
            self._hearing.hear_answers()
        self._may_be_answered = False
        if new := self._hearing.news():
            journal.mark(new, now)
            self._next_try = now
        elif self._next_try is None:
            self._next_try = journal.next_try(self._kinds)
        self._wishes_at = self._parts.seconds()

    def count(self) -> None:
        """Count at once how equal the sides are, and publish it; what differs is looked at again."""
        self._parts.scan.start(self.mirrored_kinds())
        while self._parts.scan.step():
            pass
        self.publish()

    def _scan(self) -> None:
        """Count a little, when nothing else is to be done and it is time."""
        began = self._parts.seconds()
        if began < self._scans_at or self._is_any_due() or self._load.wait_seconds() is not None:
            return
        if began - self._worked < _SCAN_AFTER_SECONDS and began - self._scans_at < _SCAN_AT_LEAST_SECONDS:
            return
        try:
            if not self._is_scanning:
                self._parts.scan.start(self._kinds)
            self._is_scanning = self._parts.scan.step()
        except SideUnavailable:
            self._scans_at = self._parts.seconds() + _LOOK_SECONDS
            return
        if self._is_scanning:
            self._scans_at = self._parts.seconds() + (self._parts.seconds() - began) / _SCAN_SHARE
        else:
            self._scans_at = self._parts.seconds() + _SCAN_SECONDS
            self._has_news = True
        self._next_try = self._when_next()

    def drain(self, *, on_progress: Callable[[Standing], None] | None = None) -> Report:
        """Step until nothing may be tried now; what waits for a parent or for another attempt stays."""
        self._on_progress = on_progress
        done = Report()
        began, walks = self._parts.clock(), set[datetime]()
        while True:
            self._polled.clear()
            self._next_try = self._parts.clock()
            report = self.step()
            done = done.plus(report)
            if report.looked_at or self._is_any_due():
                continue
            if self._known_until is not None and self._known_until < began and len(walks) < _WALKS:
                walks.add(self._known_until)
                continue
            if self._next_try is None or self._next_try - self._parts.clock() > _SOON:
                self.publish()
                return done
            self._parts.cloud_moved.wait((self._next_try - self._parts.clock()).total_seconds())

    def mirrored_kinds(self) -> list[Kind]:
        """The kinds whose function is in a stage with a mirror."""
        standings = self._parts.standings()
        return [kind for kind in Kind if decided(standings, kind.function)[1]]

    def compare_everything(self) -> int:
        """Mark every record of the mirrored kinds."""
        return mark_everything(
            self.mirrored_kinds(),
            legacy=self._parts.legacy,
            journal=self._parts.journal,
            now=self._parts.clock(),
        )

    def publish(self) -> None:
        """Show how every function stands, and what waits for a person."""
        journal = self._parts.journal
        self._parts.forms.save()
        now = self._parts.clock()
        late = journal.escalate(now - timedelta(hours=self._settings.escalate_hours))
        if late:
            _LOG.warning("waits too long for a person", extra={"records": late})
        if self._has_asked:
            self._hearing.hear_answers()  # before their Tasks are published anew
        news = news_of(
            journal,
            ods=self._settings.practice,
            functions={
                function: decided(self._parts.standings(), function)
                for function in MIRRORED_FUNCTIONS
                if self._polled_at  # else nobody knows how fresh it is
            },
            known=min(self._polled_at.values(), default=now),
            now=now,
            stopped=self._stopped or "",
        )
        self._parts.board.publish(news)
        if news.conflicts or news.quarantined:
            journal.published(
                [one.digest for one in news.conflicts], [one.subject for one in news.quarantined]
            )
        self._has_asked = news.is_somebody_asked
        self._published = self._parts.seconds()
        self._has_news = TASKS_A_TIME in (len(news.conflicts), len(news.quarantined))

    def _reconcile(self, stop: Event | None) -> Report:
        done = Report()
        overlap = Overlap(self._parts.reconciler, self._parts.carrier)
        try:
            while not (stop is not None and stop.is_set()):
                going = overlap.under_way()
                limit = self._settings.batch + len(going)
                found = self._take(limit)
                while len(found) < limit and self._load.mark_more(found[0].key.kind if found else None):
                    found = self._take(limit)
                    if found:
                        break
                batch = overlap.next_of(found, self._settings.batch)
                if batch and overlap.fits(batch):
                    ended = overlap.reconcile(batch, total=self._linked, between=self._look)
                elif going:
                    ended = overlap.end()
                else:
                    break
                done = done.plus(ended)
                if not overlap.under_way():
                    self._look()
                self._parts.beat()
                self._tell_progress()
            done = done.plus(overlap.end())
        finally:
            overlap.wait()
        self._next_try = self._when_next()
        self._trust_again()
        return done

    def _tell_progress(self) -> None:
        if self._on_progress is not None and self._parts.seconds() - self._told_at >= _TELL_SECONDS:
            self._on_progress(self._parts.journal.standing())
            self._told_at = self._parts.seconds()

    def _take(self, limit: int) -> Sequence[Dirty]:
        kinds = self._load.carried(self._kinds)
        return self._parts.journal.take(kinds, limit=limit, now=self._parts.clock())

    def _when_next(self) -> datetime | None:
        """When a waiting link may be tried, or the next page of the first load marked."""
        found = self._parts.journal.next_try(self._load.carried(self._kinds))
        wait = self._load.wait_seconds()
        if wait is None:
            return found
        page = self._parts.clock() + timedelta(seconds=wait)
        return page if found is None else min(found, page)

    def _linked(self) -> int:
        return sum(self._parts.journal.standing().linked.values())

    def _look(self) -> None:
        """Ask the feeds that have, or may have, something to tell, and save it."""
        standings = self._parts.standings()
        is_new = standings is not self._seen_standings
        if is_new:
            self._kinds = self.mirrored_kinds()
        moment = self._parts.clock()
        is_time = self._is_due(LEGACY)
        version = self._parts.data_version()
        if version != self._seen_version or is_time:
            self._absorb(LEGACY, self._parts.legacy_feed)
            self._seen_version = version
        if self._known_until is None:
            self._parts.metrics.looked(LEGACY, moment)
            self._polled_at[LEGACY] = moment  # nobody has committed since the version was last the same
        if self._parts.cloud_moved.is_set() or self._is_due(CLOUD):
            self._parts.cloud_moved.clear()
            self._absorb(CLOUD, self._parts.cloud_feed)
            self._may_be_answered = True
        if is_new:
            self._load.begin(self._kinds)
            self._seen_standings = standings
            self._next_try = moment
            self._has_news = True
        elif is_time:  # somebody beside this bridge, `parity --repair`, may have marked something
            self._next_try = self._when_next()

    def _absorb(self, name: str, feed: ChangeFeed) -> None:
        journal = self._parts.journal
        while True:
            moment = self._parts.clock()
            checkpoint = journal.checkpoint(name)
            batch = feed.poll(checkpoint)
            if batch.came_back_from is not None:
                _LOG.warning("cloud came back from a backup: everything is compared")
                self._doubt(batch.came_back_from, moment)
            elif batch.has_gap:
                _LOG.warning("feed has a gap: everything is compared", extra={"feed": name})
            if (
                batch.has_gap
            ):  # before the checkpoint moves on: a bridge that is killed in between sees it again
                mark_everything(list(Kind), legacy=self._parts.legacy, journal=journal, now=moment)
            if batch.touched or batch.strays or batch.checkpoint != checkpoint:
                journal.absorb(name, batch, moment)
            if batch.touched or batch.has_gap:
                self._next_try = moment
            if batch.is_whole:
                break
        self._polled[name] = self._parts.seconds()
        self._polled_at[name] = min(batch.known_until or moment, moment)
        self._parts.metrics.looked(name, self._polled_at[name])
        if name == LEGACY:
            self._known_until = batch.known_until

    def _doubt(self, came_back_from: datetime, now: datetime) -> None:
        """From now on, and until everything was compared, what the cloud says differently may be no edit."""
        journal = self._parts.journal
        before = Restore.parse(journal.checkpoint(RESTORED))
        first = came_back_from if before is None else min(before.came_back_from, came_back_from)
        last = now if before is None else max(before.noticed_at, now)  # the clock may have been put back
        noticed = Restore(came_back_from=first, noticed_at=last)
        journal.absorb(RESTORED, FeedBatch(touched=(), strays=(), checkpoint=str(noticed)), now)
        journal.notice("cloud-restored", _CLOUD_RESTORED, now)

    def _trust_again(self) -> None:
        """End the doubt when everything was compared since a restore."""
        journal = self._parts.journal
        named = ((RESTORED, "cloud-restored"), (FORGOTTEN, JOURNAL_RESTORED), (LEGACY_RESTORED,) * 2)
        for name, notice in named:
            doubt = Restore.parse(journal.checkpoint(name))
            if doubt is None or any(one <= doubt.noticed_at for one in journal.standing().oldest.values()):
                continue
            now = self._parts.clock()
            journal.absorb(name, FeedBatch(touched=(), strays=(), checkpoint=""), now)
            journal.notice(notice, None, now)

    def _check_clock(self) -> None:
        """After a start, and when the clock was put back: let nothing wait for a time that was wrong."""
        now = self._parts.clock()
        began = now - timedelta(seconds=self._parts.seconds())
        is_far = self._next_try is not None and self._next_try - now > _LONGEST_WAIT
        if self._clock_began is None or self._clock_began - began > _SOON or is_far:
            self._parts.journal.hasten(now)
            self._next_try = now
        self._clock_began = began

    def _is_due(self, name: str) -> bool:
        return self._parts.seconds() - self._polled.get(name, float("-inf")) >= _LOOK_SECONDS

    def _is_any_due(self) -> bool:
        return self._next_try is not None and self._next_try <= self._parts.clock()


def decided(standings: Mapping[Function, FunctionStanding], function: Function) -> tuple[Authority, bool]:
    """Which side leads a function, and whether it is mirrored at its stage."""
    decision = decide(standings[function], environment=Environment.LIVE, has_module=True)
    return decision.authority, decision.is_mirrored


def _backoff(failures: int, asked: float | None) -> float:
    longest = min(_FIRST_BACKOFF_SECONDS * 2.0 ** min(failures - 1, 10), _LONGEST_BACKOFF_SECONDS)
    jittered = longest * (0.5 + random.random() / 2)  # noqa: S311 - spreads bridges, hides nothing
    return max(jittered, min(asked or 0.0, _LONGEST_ASKED_SECONDS))
