"""All drafts of one person, for one window: at hand in memory, on the disk within moments, said when not."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from threading import Condition, Thread
from typing import TYPE_CHECKING, Final

from shell.drafts.draft import Draft
from shell.drafts.errors import DamagedError, DraftsFileError, NoKeyStoreError
from shell.drafts.offering import offered

if TYPE_CHECKING:
    from shell.drafts.store import DraftStore, StorePlace

_LOG: Final = logging.getLogger(__name__)
_AGAIN_SECONDS: Final = 5.0
"""A disk that was full is tried again so often."""
_END_SECONDS: Final = 10.0
_MOST_OF_ONE_FORM: Final = 20
"""Drafts for one patient in one function. More are made by no person, but may be by a page gone wrong."""

Post = Callable[[Callable[[], None]], None]
"""Has something done on the window's thread, soon."""


class Shelf:
    """Called on the window's thread; writes on one of its own.

    Args:
        find_place: says where the file is; called on the shelf's thread, where its driver may be loaded then.
        post: brings answers to the window's thread.
        now: the clock; aware UTC.
        window: names this window among those of the person.
        is_open: whether a window of that name is open.
        days: older drafts are thrown away, and that is said.

    Attributes:
        is_read: whether what was left before is known.
        trouble: why drafts are not on the disk, for the person; empty while they are.
        on_change: called when drafts, what is on the disk, or the trouble changed.
        on_notice: called with what has to be said once.
    """

    def __init__(
        self,
        find_place: "Callable[[], StorePlace]",
        post: Post,
        now: Callable[[], datetime],
        window: str,
        is_open: Callable[[str], bool] = lambda _window: False,
        days: int = 14,
    ) -> None:
        self._find_place = find_place
        self._place: StorePlace | None = None
        self._post = post
        self._now = now
        self.window = window
        self._is_open = is_open
        self._days = days
        self._drafts: dict[str, Draft] = {}
        self._kept_at: dict[str, datetime] = {}
        self._gone: set[str] = set()
        self.trouble = ""
        self.on_change: Callable[[], None] = lambda: None
        self.on_notice: Callable[[str], None] = lambda _words: None
        self._store: DraftStore | None = None
        self._waiting: dict[str, Draft | None] = {}
        self._is_looking = True
        self._is_writing = False
        self.is_read = False
        self._is_ending = False
        self._signal = Condition()
        self._thread: Thread | None = None

    # -- on the window's thread --------------------------------------------------------------------------

    def start(self) -> None:
        """Open the file, on the shelf's thread; what was put before is written then."""
        self._thread = Thread(target=self._work, name="drafts", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what waits and end the thread. Blocks, but not on a key store that waits to be unlocked."""
        if self._thread is not None:
            with self._signal:
                self._is_ending = True
                self._signal.notify()
            self._thread.join(_END_SECONDS)

    @property
    def is_written(self) -> bool:
        """Whether all that is known here is on the disk."""
        with self._signal:
            return not (self._waiting or self._is_writing)

    @property
    def count(self) -> int:
        """How many drafts the person has."""
        return len(self._drafts)

    def offered(self, patient: str, function: str, live: set[str]) -> list[Draft]:
        """The drafts of a patient and function that nobody is typing, the newest first."""
        return offered(
            self._drafts.values(),
            patient=patient,
            function=function,
            live=live,
            is_elsewhere=lambda window: window != self.window and self._is_open(window),
        )

    def kept_at(self, draft_id: str) -> datetime | None:
        """When what was last typed of a draft was on the disk; None: it is not yet."""
        return self._kept_at.get(draft_id)

    def may_begin(self, patient: str, function: str) -> bool:
        """Whether there is room for one more draft of a patient and function."""
        there = [one for one in self._drafts.values() if (one.patient, one.function) == (patient, function)]
        return len(there) < _MOST_OF_ONE_FORM

    def keep(self, draft: Draft) -> None:
        """Keep a draft as it is now, in place of what was kept of it before."""
        self._drafts[draft.id] = draft
        self._gone.discard(draft.id)
        self._wait_for(draft.id, draft)

    def throw_away(self, draft_id: str) -> None:
        """Keep a draft no longer: it was saved, or the person does not want it."""
        if self._drafts.pop(draft_id, None) is not None:
            self._kept_at.pop(draft_id, None)
            self._gone.add(draft_id)
            self._wait_for(draft_id, None)

    def look(self) -> None:
        """Read what other windows of the person have left."""
        with self._signal:
            self._is_looking = True
            self._signal.notify()

    def _wait_for(self, draft_id: str, draft: Draft | None) -> None:
        with self._signal:
            self._waiting[draft_id] = draft
            self._signal.notify()
        self.on_change()

    def _took(self, read: list[Draft]) -> None:
        """What the file has; what this window has is newer."""
        self.is_read = True
        oldest = self._now() - timedelta(days=self._days)
        old = [draft.id for draft in read if draft.typed_at < oldest]
        there = {draft.id for draft in read}
        for draft in read:
            mine = self._drafts.get(draft.id)
            if draft.id not in self._gone and (mine is None or mine.typed_at < draft.typed_at):
                self._drafts[draft.id] = draft
                self._kept_at[draft.id] = draft.typed_at
        for draft in list(self._drafts.values()):
            if draft.id not in there and draft.window != self.window:
                del self._drafts[draft.id]  # another window saved it, or threw it away
        for draft_id in old:
            self.throw_away(draft_id)
        if old:
            many = "A draft was" if len(old) == 1 else f"{len(old)} drafts were"
            self.on_notice(f"{many} older than {self._days} days and thrown away.")
        self.on_change()

    def _wrote(self, drafts: dict[str, Draft | None], at: datetime) -> None:
        for draft_id, draft in drafts.items():
            if draft is not None and self._drafts.get(draft_id) is draft:
                self._kept_at[draft_id] = at
        self.trouble = ""
        self.on_change()

    def _begun_anew(self, aside: str) -> None:
        """The file was set aside: what this window knows goes into the new one."""
        for draft in list(self._drafts.values()):
            if draft.window == self.window or not self._is_open(draft.window):
                self.keep(replace(draft, window=self.window))
        self.on_notice(
            f"The file of drafts could not be read and was set aside as {aside}. "
            "Tell whoever looks after this computer. What is typed from now on is kept."
        )

    def _failed(self, words: str) -> None:
        if words != self.trouble:
            self.trouble = words
            self.on_change()

    # -- on the shelf's thread -----------------------------------------------------------------------------

    def _work(self) -> None:
        is_failing = False
        is_ending = False
        while not is_ending:
            with self._signal:
                if is_failing:
                    self._signal.wait_for(lambda: self._is_ending, _AGAIN_SECONDS)
                else:
                    self._signal.wait_for(lambda: self._waiting or self._is_looking or self._is_ending)
                waiting, self._waiting = self._waiting, {}
                self._is_writing = bool(waiting)
                is_looking, self._is_looking = self._is_looking, False
                is_ending = self._is_ending
            try:
                self._do(waiting, is_looking=is_looking)
                is_failing = self._is_writing = False
            except NoKeyStoreError as error:
                self._post(partial(self._failed, str(error)))
                return
            except DraftsFileError as error:
                is_failing = True
                _LOG.warning("drafts are not on the disk")
                self._post(partial(self._failed, str(error)))
                with self._signal:
                    self._waiting = waiting | self._waiting
                    self._is_looking = self._is_looking or is_looking
        if self._store is not None:
            self._store.close()

    def _do(self, waiting: dict[str, Draft | None], *, is_looking: bool) -> None:
        place = self._place = self._place or self._find_place()
        try:
            self._write(place, waiting, is_looking=is_looking)
        except DamagedError:
            if self._store is not None:
                self._store.close()
                self._store = None
            aside = place.set_aside(self._now())
            _LOG.warning("file of drafts set aside")
            self._post(partial(self._begun_anew, aside.name))
            self._write(place, waiting, is_looking=is_looking)

    def _write(self, place: "StorePlace", waiting: dict[str, Draft | None], *, is_looking: bool) -> None:
        if self._store is None:
            self._store = place.open()
        if waiting:
            kept = [draft for draft in waiting.values() if draft is not None]
            self._store.write(kept, [draft_id for draft_id, draft in waiting.items() if draft is None])
            at = self._now()
            self._post(partial(self._wrote, waiting, at))
        if is_looking:
            self._post(partial(self._took, self._store.read()))
