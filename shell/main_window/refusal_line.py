"""The line that says that the cloud answers, but not to this person: that is no silence."""

from html import escape

from shell.main_window.network import Pulse
from shell.main_window.notice import Notice
from shell.main_window.unread import Unread, unread_words
from web_modules.decision.words import Environment


class RefusalLine:
    """What is said where patients cannot be seen.

    Args:
        notice: the line.
        role: of who is signed in.
        environment: of the cloud.
    """

    def __init__(self, notice: Notice, role: str, environment: Environment) -> None:
        self._notice = notice
        self._role = role
        self._environment = environment

    def words(self, why: Unread) -> tuple[str, str]:
        """What it is, and what to do."""
        return unread_words(why, self._role, self._environment)

    def show(self, pulse: Pulse) -> None:
        """Say it once it is so: a role is for the whole session, and an ended one stays so."""
        if not pulse.is_signed_out and "Patient" not in pulse.hidden:
            return
        title, more = self.words(Unread.SIGNED_OUT if pulse.is_signed_out else Unread.ROLE)
        words = f"<b>{escape(title)}</b> {escape(more)}"
        if words != self._notice.words():
            choices = [("close", "Close Banyan", None, "plain")] if pulse.is_signed_out else []
            self._notice.say(words, choices)
