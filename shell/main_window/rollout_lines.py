"""What the window says of the rollout: the invitation, an edit that waits, one that cannot be read."""

from html import escape

from shell.functions import FunctionPages
from shell.main_window.choices import Choices
from shell.main_window.function_bar import FunctionBar
from shell.main_window.notice import Notice
from shell.main_window.wording import NO_FLAGS, UNREADABLE_FLAGS, waiting_words
from shell.rollout import Rollout
from shell.switchboard import Switchboard
from web_modules.decision.decision import Decision, stopped_words
from web_modules.decision.words import View


class RolloutLines:
    """Two quiet lines of the work area and the function bar's reasons.

    Args:
        invitation: offers the new page; refused once, it is not offered again.
        waiting: says what is still to come.
        bar: says why there is this view.
        board: does what is chosen.
        rollout: which views there are.
        choices: which invitations were refused.
    """

    def __init__(
        self,
        invitation: Notice,
        waiting: Notice,
        bar: FunctionBar,
        board: Switchboard,
        rollout: Rollout,
        choices: Choices,
    ) -> None:
        self._invitation = invitation
        self._waiting = waiting
        self._bar = bar
        self._board = board
        self._rollout = rollout
        self._choices = choices
        bar.why_wanted.connect(self._say_why)
        invitation.pressed.connect(self._answer)

    def show(self, pages: FunctionPages, decision: Decision) -> None:
        """Draw both lines for the function on the glass."""
        self._show_invitation(pages, decision)
        then = self._rollout.awaited(pages.function)
        words = [] if then is None else [waiting_words(pages.title, decision, then)]
        if View.NEW in decision.views and not decision.module_may_write:
            words.insert(0, stopped_words(pages.title, decision))
        if not self._rollout.has_flags:
            words.append(NO_FLAGS)
        if self._rollout.is_unreadable:
            words.append(UNREADABLE_FLAGS)
        if words:
            self._waiting.say(escape(" ".join(words)))
        else:
            self._waiting.hide()

    def _show_invitation(self, pages: FunctionPages, decision: Decision) -> None:
        is_refused = pages.function in self._choices.refused
        if not decision.invites or is_refused or self._board.hub.dispute is not None:
            self._invitation.hide()
            return
        self._invitation.say(
            f"<b>Try the new {escape(pages.title.lower())} page</b> — you can come back at any time, "
            "your work stays.",
            [("take", "Try it now", None, "plain"), ("refuse", "Not today", None, "text")],
        )

    def _answer(self, name: str) -> None:
        if name == "take":
            self._board.choose(View.NEW)
        else:
            self._choices.refuse(self._board.function)
            self._invitation.hide()

    def _say_why(self) -> None:
        reasons = list(self._board.decision.reasons)
        if self._rollout.is_waiting:
            reasons.append("A change of the rollout waits until the patient is closed.")
        self._bar.show_why(reasons)
