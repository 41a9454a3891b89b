"""The page of the conflict desk: of the whole practice, so in no context; kept while it is out of sight."""

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedLayout, QWidget

from shell.hosts.warm_page import WarmPage
from shell.hosts.web_profile import WebProfile

_FORGIVEN_SECONDS: Final = 10.0
"""A page whose renderer ends twice in so short a time is not opened again by itself."""


class DeskPage(QWidget):
    """Behind the same walls as every page; made when it is first wanted.

    Args:
        profile: outlives this.
        address: as the cloud says it.
        say: told in words what went wrong.
    """

    def __init__(self, profile: WebProfile, address: str, say: Callable[[str], None]) -> None:
        super().__init__()
        self._profile = profile
        self._address = address
        self._say = say
        self._page: WarmPage | None = None
        self._died_at = float("-inf")
        self._stack = QStackedLayout(self)

    def open(self) -> None:
        """Show the desk; one that was open is as it was left."""
        if self._page is None:
            page = self._page = WarmPage(self._profile, self._profile.identity.environment, _unheard, self)
            page.failed, page.died = self._failed, self._died
            self._stack.addWidget(page.view)
            self.setFocusProxy(page.view)
        if self._page.wanted is None:
            self._page.load(self._address)
        self._page.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_page(self) -> None:
        """End the page. The profile may be closed after this, not before."""
        if self._page is not None:
            self._stack.removeWidget(self._page.view)
            self._page.close()
            self._page = None

    def _failed(self, _page: WarmPage) -> None:
        self._say(
            "The conflict desk could not be opened: the cloud cannot be reached. "
            "The legacy screen works as usual."
        )

    def _died(self, page: WarmPage) -> None:
        now, before = time.monotonic(), self._died_at
        self._died_at, page.wanted = now, None
        if now - before > _FORGIVEN_SECONDS:
            page.load(self._address)
        else:
            self._say("The conflict desk stopped several times and was not opened again.")


def _unheard(_page: WarmPage) -> None:
    """It is about nobody: what it shows is not compared with the open patient."""
