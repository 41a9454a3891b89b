"""The page of the conflict desk: of the whole practice, so in no context."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QStackedLayout, QWidget

from shell.drafts.draft import Draft
from shell.drafts.shelf import Shelf
from shell.hosts.page_drafts import LOOK_MILLISECONDS, PageDrafts
from shell.hosts.warm_page import WarmPage
from shell.hosts.web_profile import WebProfile

DESK: Final = "desk"
_BOND: Final = (DESK, "", None)
"""It is about nobody and in no context; whose decision a draft is stands in its form."""
_FORGIVEN_SECONDS: Final = 10.0
"""A page whose renderer ends twice in so short a time is not opened again by itself."""
REST_MILLISECONDS: Final = 20_000
"""The page stays so long while it is out of sight; one with a draft stays. It takes 50 MB."""


class DeskPage(QWidget):
    """Behind the same walls as every page; made when it is wanted, and again after a long rest.

    Args:
        profile: outlives this.
        address: as the cloud says it.
        say: told in words what went wrong.
        shelf: where what is typed is kept.
    """

    def __init__(self, profile: WebProfile, address: str, say: Callable[[str], None], shelf: Shelf) -> None:
        super().__init__()
        self._profile = profile
        self._address = self._wanted = address
        self._say = say
        self._page: WarmPage | None = None
        self._died_at = float("-inf")
        self._drafts = PageDrafts(shelf, self._pages, lambda: datetime.now(UTC), say)
        self._draft_timer = QTimer(self, interval=LOOK_MILLISECONDS)
        self._draft_timer.timeout.connect(self._look_at_draft)
        self._stack = QStackedLayout(self)
        self._rest_timer = QTimer(self, singleShot=True, interval=REST_MILLISECONDS)
        self._rest_timer.timeout.connect(self._rested)

    def open(self, of: str = "") -> None:
        """Show the desk; one that was open is as it was left, unless it rested long, or was of others.

        Args:
            of: the FHIR id of the one patient whose differences are wanted; empty: the whole practice's. What
                is typed and not written stays before all else.
        """
        self._rest_timer.stop()
        if self._page is None:
            page = self._page = WarmPage(self._profile, self._profile.identity.environment, _unheard, self)
            page.failed, page.died, page.parted = self._failed, self._died, self._drafts.part
            self._stack.addWidget(page.view)
            self.setFocusProxy(page.view)
        self._wanted = f"{self._address}?{urlencode({'of': of})}" if of else self._address
        if self._page.wanted is None or (self._page.wanted != self._wanted and not self.is_unsaved):
            self._page.load(self._wanted, _BOND)
        self._draft_timer.start()
        self._page.view.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def is_unsaved(self) -> bool:
        """Whether something typed there is not written yet."""
        return self._page is not None and self._page.draft is not None

    def offered(self) -> list[Draft]:
        """The drafts of decisions that nobody is typing, the newest first."""
        return self._drafts.shelf.offered("", DESK, self._drafts.live())

    def take_up(self, draft: Draft) -> None:
        """Go on with a draft."""
        if self._page is not None and draft.function == DESK:
            self._page.take_up(draft)

    def throw_away(self, draft: Draft) -> None:
        """Keep a draft no longer."""
        self._drafts.shelf.throw_away(draft.id)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Out of sight, it begins to rest."""
        super().hideEvent(event)
        self._rest_timer.start()

    def _rested(self) -> None:
        if not self.isVisible() and not self.is_unsaved:
            self.close_page()

    def close_page(self) -> None:
        """End the page. The profile may be closed after this, not before."""
        self._draft_timer.stop()
        self._rest_timer.stop()
        if self._page is not None:
            self._stack.removeWidget(self._page.view)
            self._page.close()
            self._page = None

    def _pages(self) -> list[WarmPage]:
        return [self._page] if self._page is not None else []

    def _look_at_draft(self) -> None:
        if self._page is not None and self._page.wanted is not None:
            self._page.look(self._drafts.take)

    def _failed(self, _page: WarmPage) -> None:
        self._say(
            "The conflict desk could not be opened: the cloud cannot be reached. "
            "The legacy screen works as usual."
        )

    def _died(self, page: WarmPage) -> None:
        now, before = time.monotonic(), self._died_at
        self._died_at, page.wanted = now, None
        if now - before > _FORGIVEN_SECONDS:
            page.load(self._wanted, _BOND)
        else:
            self._say("The conflict desk stopped several times and was not opened again.")


def _unheard(_page: WarmPage) -> None:
    """It is about nobody: what it shows is not compared with the open patient."""
