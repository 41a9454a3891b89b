"""The lock: after a while without a key or a move of the mouse nothing of the window can be seen.

Only whoever is signed in opens it again, with all work as it was. An ended session locks too.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from enum import Enum

from PySide6.QtCore import QMargins, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget

from shell.errors import CloudError
from shell.functions import CloudOffer
from shell.hosts.key_frame import KeyFrame
from shell.main_window.browser_sign_in import BrowserSignIn
from shell.main_window.cards import Cards
from shell.main_window.code_panel import CodePanel
from shell.main_window.freshness import PRACTICE_ZONE
from shell.main_window.parts import button, label, row
from shell.main_window.theme import Theme
from shell.main_window.waiting import wait_for
from shell.meeting import Person, sign_in

_LOG = logging.getLogger(__name__)
_LOOK_MILLISECONDS = 1000
_WIDTH = 600


class Why(Enum):
    """What locked the window; `{}` is the time."""

    IDLE = "Nobody used this computer for a while, so it locked at {}."
    ASKED = "Locked at {}."
    ENDED = "Your session ended, as it does after 12 hours. It locked at {}."


class LockScreen(QFrame):
    """Covers all of a window, the patient's name too, and asks who is there; an environment's stripes stay.

    Args:
        parent: what it covers.
        free: of its edges, the stripes' and the frame's, asked each time: left, top, right, bottom.
        theme: the look.
        offer: names the practice.
        person: who is signed in.
        provider: where they sign in with their browser; empty where no password is asked.
    """

    unlock_wanted = Signal()

    def __init__(
        self,
        parent: QWidget,
        free: Callable[[], QMargins],
        theme: Theme,
        offer: CloudOffer,
        person: Person,
        provider: str,
    ) -> None:
        super().__init__(parent)
        self._below = parent
        self._free = free
        self.setObjectName("lock")
        self._width = theme.px(_WIDTH)
        card = self._card = QFrame()
        card.setObjectName("card")
        inner = QVBoxLayout(card)
        inner.setContentsMargins(theme.px(24), theme.px(20), theme.px(24), theme.px(24))
        inner.setSpacing(theme.px(14))
        self._why = label(kind="read")
        how = f"They sign in at {provider} again." if provider else "No password is asked here."
        asks = label(f"Only {person.name} can go on. {how}", "read")
        self._trouble = label(kind="bad")
        inner.addWidget(label(f"{offer.practice} is locked", "title"))
        for words in (self._why, asks, self._trouble):
            words.setWordWrap(True)
            inner.addWidget(words)
        self._trouble.hide()
        self._go_on = button(f"Go on as {person.name}", "main", "Enter")
        self._go_on.setProperty("size", "tall")
        self._go_on.clicked.connect(self.unlock_wanted)
        self.code: CodePanel | None = None
        if provider:
            self.code = CodePanel(theme, button("", "text"))
            inner.addWidget(self.code)
        else:
            inner.addLayout(row(self._go_on, None))
        column = QVBoxLayout(self)
        column.addStretch(2)
        column.addLayout(row(None, card, None))
        column.addStretch(3)
        self.hide()

    def show_why(self, why: str) -> None:
        """Cover everything."""
        self._why.setText(f"{why} Everything is as it was.")
        self.say_trouble("")
        self.cover()
        self.show()
        self.raise_()
        self.setEnabled(True)

    def say_trouble(self, words: str) -> None:
        """Say why it stays locked."""
        self._trouble.setText(words)
        self._trouble.setVisible(bool(words))
        self.setEnabled(True)

    @property
    def first(self) -> QWidget:
        """What has the keys."""
        return self._go_on if self.code is None else self.code.next_step

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter does the one next step; no key goes further."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.code is not None:
                self.code.take_next_step()
            else:
                self._go_on.click()
        event.accept()

    def cover(self) -> None:
        """Be as large as the window."""
        room = self._below.rect().marginsRemoved(self._free())
        self._card.setFixedWidth(min(self._width, room.width()))
        self.setGeometry(room)


class Lock(QObject):
    """Locks and unlocks one window.

    Args:
        screen: what covers it.
        person: who may unlock it.
        cloud: where they sign in again.
        cards: cover the panes, and open nothing meanwhile.
        frame: gives the keys to the lock.
    """

    signed_in = Signal(object)
    """A `Person`: the same one, with a new session."""

    def __init__(
        self,
        screen: LockScreen,
        person: Person,
        cloud: str,
        cards: Cards,
        frame: KeyFrame,
    ) -> None:
        super().__init__(screen)
        self._screen = screen
        self._person = person
        self._cloud = cloud
        self._cards = cards
        self._frame = frame
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lock")
        self._idle_seconds: Callable[[], float] = lambda: 0.0
        self._limit_seconds = 0.0
        self._watching = QTimer(self, interval=_LOOK_MILLISECONDS)
        self._watching.timeout.connect(self._look)
        screen.unlock_wanted.connect(self._choose)
        cards.unanswered.connect(screen.say_trouble)
        cards.lock_wanted.connect(lambda: self.lock(Why.ASKED))
        self._browser: BrowserSignIn | None = None
        if screen.code is not None:
            self._browser = BrowserSignIn(screen.code, cloud, self._pool, self._came)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._keep_keys)

    @property
    def is_locked(self) -> bool:
        """Whether nothing can be seen now."""
        return self._cards.is_locked

    def watch(self, idle_seconds: Callable[[], float], limit_seconds: float) -> None:
        """Lock by itself.

        Args:
            idle_seconds: since the computer was last used.
            limit_seconds: after which it locks.
        """
        self._idle_seconds, self._limit_seconds = idle_seconds, limit_seconds
        self._watching.start()

    def lock(self, why: Why) -> None:
        """Cover everything now."""
        if self.is_locked:
            return
        self._cards.lock()
        _LOG.info("locked: why=%s", why.name.lower())
        at = datetime.now(PRACTICE_ZONE).strftime("%H:%M")
        self._screen.show_why(why.value.format(at))
        self._frame.give_to_shell(self._screen.first)
        if self._browser is not None:
            self._browser.begin()

    def stop(self) -> None:
        """Watch no longer; before the window goes."""
        self._watching.stop()
        if self._browser is not None:
            self._browser.end()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _look(self) -> None:
        if self._idle_seconds() >= self._limit_seconds:
            self.lock(Why.IDLE)

    def _choose(self) -> None:
        self._screen.setEnabled(False)
        try:
            person = wait_for(self._pool.submit(sign_in, self._cloud, self._person.id))
        except CloudError as error:
            self._screen.say_trouble(f"{error} It stays locked.")
            self._frame.give_to_shell(self._screen.first)
            return
        self._came(person)

    def _came(self, person: Person) -> None:
        if person.id != self._person.id:
            words = f"{person.name} signed in. Only {self._person.name} can go on here."
            self._screen.say_trouble(words)
            if self._browser is not None:
                self._browser.begin()
            return
        if self._browser is not None:
            self._browser.end()
        self._cards.is_locked = False
        self._screen.hide()
        self._cards.unlock()
        _LOG.info("unlocked")
        self.signed_in.emit(person)

    def _keep_keys(self, _old: QWidget | None, new: QWidget | None) -> None:
        """No key that is typed now reaches what lies below."""
        if not self.is_locked or new is None or new.window() is not self._screen.window():
            return
        if new is not self._screen and not self._screen.isAncestorOf(new):
            self._frame.give_to_shell(self._screen.first)
