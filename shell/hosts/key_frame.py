"""Who has the keys in a window that holds foreign windows (hazard H25).

X gives a key to the window under the mouse when that lies inside the window that has the focus. So nothing
foreign lies inside `content`, the one native widget that holds what Qt draws; the focus is on `content` or on
one guest, and never on the top level, whatever the window manager does.
"""

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget

from shell.hosts.interface import Side
from shell.native.interface import NativeWindows

_THEFTS_GIVEN_BACK: Final = 20
"""In one second. A program that takes the keys more often has them: else both would fight forever."""


_GIVEN_AGAIN: Final = 50
"""A guest that is only just coming onto the glass cannot have the keys yet: some two seconds of trying."""


class KeyFrame(QObject):
    """The one owner of the keyboard in one top-level window.

    Args:
        top: the shell's top-level window.
        content: its one child that fills it; made native here.
        native: the desktop's windows; None where no foreign window can be hosted.
        on_active: told which side the keys go to; None is the shell's own controls.
    """

    def __init__(
        self,
        top: QWidget,
        content: QWidget,
        native: NativeWindows | None,
        on_active: Callable[[Side | None], None],
    ) -> None:
        super().__init__(top)
        content.setAttribute(Qt.WidgetAttribute.WA_DontCreateNativeAncestors)
        content.setAttribute(Qt.WidgetAttribute.WA_NativeWindow)
        # kept: when the application ends, Qt makes new windows for whoever asks for their numbers
        self._top_id, self._content_id = int(top.winId()), int(content.winId())
        self.top = top
        self.content = content
        self.native = native
        self.active: Side | None = None
        self._lender: Side | None = None
        self._on_active = on_active
        self._is_page: Callable[[QWidget], bool] = _is_no_page
        self._give_guest: Callable[[], None] | None = None
        self._took_keys: Callable[[int], bool] = _is_no_dialogue
        self._misses = 0
        self._thefts: list[float] = []
        self._unwatch: Callable[[], None] | None = None
        if native is not None:
            self._unwatch = native.watch_frame(self._top_id, self._content_id, self)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._qt_focus_changed)

    def register_page(self, is_page: Callable[[QWidget], bool]) -> None:
        """Which widgets are a page of the cloud pane: Qt's focus there means that the page has the keys."""
        self._is_page = is_page

    def register_guest(
        self, give_keys: Callable[[], None] | None, took_keys: Callable[[int], bool] | None = None
    ) -> None:
        """How the hosted window gets the keys; None when there is none any more.

        Args:
            give_keys: gives them.
            took_keys: told which window of the desktop has them; True when that is one of the guest's
                dialogues and may keep them.
        """
        self._give_guest = give_keys
        self._took_keys = took_keys or _is_no_dialogue
        if self.native is not None and self._unwatch is not None:
            # no key typed right after a click in the shell may overtake it and reach the guest
            self.native.hold_presses(self._top_id, held=give_keys is not None)
        if give_keys is None and self.active is Side.LEGACY:
            self.give_to_shell(self.content)  # what is still being typed for it is for nobody else

    def give_to_guest(self) -> None:
        """Give the keys to the hosted window."""
        if self._give_guest is not None:
            self._misses = 0
            self._give_guest()
            self._set_active(Side.LEGACY)

    def give_to_shell(self, widget: QWidget | None = None) -> None:
        """Give the keys to what Qt draws: to one widget, or to the one that had them last."""
        widget = widget or self.top.focusWidget()
        if widget is None or not widget.isVisible():
            # a window in which nothing has the keys does not even hear its own shortcuts
            widget = self.content
        widget.setFocus(Qt.FocusReason.OtherFocusReason)
        if self.native is not None:
            self.native.focus(self._content_id)
        elif not self.top.isActiveWindow():
            self.top.activateWindow()
        self._set_active(self._side_of(widget))

    def lend_to_shell(self) -> None:
        """Give the keys to what Qt draws for as long as it takes to do what one of the shell's keys means."""
        lender = self.active
        self.give_to_shell()
        self._lender = lender

    @property
    def owner(self) -> Side | None:
        """Who has the keys, or gets them back after what one of the shell's keys has opened."""
        return self.active or self._lender

    def stop(self) -> None:
        """Watch no longer; to be called before the window goes."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None

    # -- FrameListener, and what the guest's host hears -------------------------------------------

    def on_frame_focused(self) -> None:
        """The window manager gave the keys to the top level: they go on to whoever had them."""
        if self.active is Side.LEGACY and self._give_guest is not None:
            self._give_guest_again(self._give_guest)
        elif self.native is not None:
            self.native.focus(self._content_id)

    def on_content_focused(self) -> None:
        """What the shell draws has the keys; when they were the guest's, it could not take them yet."""
        if self.active is Side.LEGACY and self._give_guest is not None:
            self._give_guest_again(self._give_guest)

    def on_other_focused(self, window_id: int) -> None:
        """Another window of the desktop has the keys: they are the guest's when it is a dialogue of it."""
        if self._took_keys(window_id):
            self._set_active(Side.LEGACY)

    def on_frame_pressed(self) -> None:
        """A press on what Qt draws takes the keys from the guest; Qt then focuses what was pressed."""
        self._lender = None
        if self.active is Side.LEGACY:
            self.give_to_shell()
        elif self.native is not None:
            self.native.focus(self._content_id)

    def guest_focused(self) -> None:
        """The guest has the keys. Taken without being given, they go back to whoever is active."""
        if self.active is Side.LEGACY or self.native is None:
            self._misses = 0
            return
        now = time.monotonic()
        self._thefts = [then for then in self._thefts if now - then < 1] + [now]
        if len(self._thefts) <= _THEFTS_GIVEN_BACK:
            self.native.focus(self._content_id)
        else:
            self._set_active(Side.LEGACY)

    def _give_guest_again(self, give: Callable[[], None]) -> None:
        self._misses += 1
        if self._misses <= _GIVEN_AGAIN:
            give()
        else:
            # what is said to have the keys has them: else it is said of the shell
            self.give_to_shell()

    # -- Qt ---------------------------------------------------------------------------------------

    def _qt_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        # while the guest is active Qt's own focus is of no account: the top level may have it for a moment
        if new is not None and self.active is not Side.LEGACY and new.window() is self.top:
            self._set_active(self._side_of(new))

    def _side_of(self, widget: QWidget | None) -> Side | None:
        return Side.CLOUD if widget is not None and self._is_page(widget) else None

    def _set_active(self, side: Side | None) -> None:
        if side is not None:
            self._lender = None
        if side is not self.active:
            self.active = side
            self._on_active(side)


def _is_no_dialogue(_window_id: int) -> bool:
    """Without a guest there is none."""
    return False


def _is_no_page(_widget: QWidget) -> bool:
    """Before there is a cloud pane."""
    return False
