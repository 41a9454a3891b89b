"""Hears what people decide about what waits for them: by a command at the bridge, or in a published Task."""

from collections.abc import Callable
from datetime import datetime

from legacy_bridge.entering import entered
from legacy_bridge.errors import SettingsWrong
from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.sides.listings import ListedConflict, Quarantined
from legacy_bridge.sides.stores import Board, Journal
from legacy_bridge.sides.wishes import MOVED, Wish
from web_modules.decision.words import Authority
from web_modules.fhir.mirror_answers import Answer
from web_modules.fhir.mirror_tasks import TaskKind

_NOTHING_CHOSEN = "Nothing was chosen: keep one side, or give the values that both sides are to have."
_SHOWS_NOTHING = "The values are not shown here: whoever looks after the bridge decides."
_LONGEST_NAME = 80


class Hearing:
    """What one bridge has heard. One thread."""

    def __init__(self, *, ods: str, journal: Journal, board: Board, clock: Callable[[], datetime]) -> None:
        self._ods = ods
        self._journal = journal
        self._board = board
        self._clock = clock
        self._known: frozenset[int] = frozenset()
        self._heard: set[tuple[str, str]] = set()

    def news(self) -> set[LinkKey]:
        """The records about which something was decided since the last time."""
        waiting = {one.number: one.link for one in self._journal.wishes()}
        new = {link for number, link in waiting.items() if number not in self._known}
        self._known = frozenset(waiting)
        return new

    def hear_answers(self) -> None:
        """Take what people answered in Tasks into the journal. Heard twice, an answer is the same one.

        Raises:
            SideUnavailable: the cloud or the journal did not answer.
        """
        answers = self._board.answers()
        new = [one for one in answers if one.version not in self._heard]
        if new:
            conflicts = {one.digest: one for one in self._journal.conflicts()}
            held = {one.subject: one for one in self._journal.quarantined()}
            for answer in new:
                key = answer.task.group or answer.task.key
                if answer.task.kind is TaskKind.CONFLICT:
                    self._about_conflict(answer, key, conflicts.get(key))
                else:
                    self._about_held(answer, key, held.get(key))
        self._heard = {one.version for one in answers}

    def _about_conflict(self, answer: Answer, digest: str, found: ListedConflict | None) -> None:
        if found is None:  # it is over
            self._journal.show_again(digest=digest)
            return
        if answer.by and answer.by != found.owner:
            self._journal.assign(answer.by[:_LONGEST_NAME], digest=digest)
        said = found.conflict
        is_waiting = any(one.link == found.link and one.unit == said.unit for one in self._journal.wishes())
        if not answer.is_decided or is_waiting:
            return
        wish = Wish(
            number=0,
            link=found.link,
            unit=said.unit,
            keep=None if answer.keep is None else Authority(answer.keep),
            legacy=said.legacy,
            cloud=said.cloud,
            by=(answer.by or answer.version[0])[:_LONGEST_NAME],
            at=self._clock(),
        )
        try:
            self._journal.wish(self._understood(wish, answer, found))
        except SettingsWrong as wrong:
            self._journal.wish(wish, why_not=str(wrong))
            self._journal.show_again(digest=digest)

    def _understood(self, wish: Wish, answer: Answer, found: ListedConflict) -> Wish:
        """What was decided.

        Raises:
            SettingsWrong: it cannot be carried out.
        """
        if not answer.task.seen:
            raise SettingsWrong(_SHOWS_NOTHING)
        if answer.task.seen != found.seen:
            raise SettingsWrong(MOVED)
        if (wish.keep is None) == (not answer.values):
            raise SettingsWrong(_NOTHING_CHOSEN)
        if wish.keep is not None:
            return wish
        return wish.of(entered(found, answer.values, self._ods))

    def _about_held(self, answer: Answer, subject: str, found: Quarantined | None) -> None:
        if found is None:
            self._journal.show_again(subject=subject)
            return
        if answer.by and answer.by != found.owner:
            self._journal.assign(answer.by[:_LONGEST_NAME], subject=subject)
        if not answer.is_decided:
            return
        if subject.partition("/")[0] in {kind.value for kind in Kind}:
            self._journal.mark([LinkKey.parse(subject)], self._clock())
        self._journal.show_again(subject=subject)
