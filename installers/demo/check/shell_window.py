"""The shell's window, as a person sees and uses it: its keys, its panes, its veil."""

import time
from collections.abc import Callable

from PIL import Image, ImageChops

from demo.check.hands import Hands, Window, wait_until
from demo.check.legacy_pane import LegacyPane
from demo.check.virtual_screen import VirtualScreen

OPEN_SECONDS = 60.0
ANSWER_SECONDS = 20.0
REST_SECONDS = 0.4
"""A search goes out after a short rest of the typing, and its answer redraws the list at once."""
VIEWS = {"legacy": "alt+1", "both": "alt+2", "new": "alt+3"}
FUNCTIONS = {"patients": "ctrl+1", "appointments": "ctrl+2"}


class ShellWindow:
    """Drives one shell window. Every method blocks until it is done, or fails."""

    def __init__(self, hands: Hands, screen: VirtualScreen, title: str, legacy: LegacyPane) -> None:
        """Say whose hands, on which screen, and how the window's title begins."""
        self._hands = hands
        self._screen = screen
        self._title = title
        self._legacy = legacy
        self._pane_top = 0

    def window(self) -> Window:
        """The window.

        Raises:
            DemoError: it is not on the glass.
        """
        return wait_until(self.find, seconds=OPEN_SECONDS, what=f"a window titled {self._title!r}")

    def find(self) -> Window | None:
        """The window; None when it is not on the glass."""
        windows = self._hands.windows(name=self._title)
        return next((one for one in windows if one.title.startswith(self._title)), None)

    def show(self, function: str, view: str | None = None) -> None:
        """Go to a function, and choose a view of it."""
        self._hands.press(FUNCTIONS[function])
        if view is not None:
            self._hands.press(VIEWS[view])
            wait_until(
                lambda: self._legacy.is_visible() is (view != "new"),
                seconds=ANSWER_SECONDS,
                what=f"the view {view}",
            )

    def open_patient(self, number: str) -> None:
        """Find a patient by the practice's number and open who is found."""
        self._hands.press("ctrl+k")
        self._rest()
        self._hands.write(number)
        self._rest()
        self._hands.press("Return")

    def close_patient(self) -> None:
        """Close the open patient."""
        self._hands.press("ctrl+shift+x")

    def learn_where_panes_begin(self) -> None:
        """Find out how much lies above the panes, while the legacy program is on the glass."""
        _, top = self._hands.corner(self._legacy.window())
        self._pane_top = top - self._hands.corner(self.window())[1]

    def quiet_place_on_page(self) -> tuple[int, int]:
        """Where a click on the page does nothing but give it the keys, in the window's coordinates."""
        left, right = self._page_sides()
        return left + int((right - left) * QUIET_SHARE), self._pane_top + QUIET_LINE

    def page_picture(self) -> Image.Image:
        """What is on the glass where the page is, its first line left out."""
        window = self.window()
        x, y = self._hands.corner(window)
        left, right = self._page_sides()
        top = self._pane_top + 2 * QUIET_LINE
        return self._screen.picture().crop((x + left + 4, y + top, x + right - 20, y + window.height - 60))

    def choose_on_veil(self) -> None:
        """Choose, on a veil that asks, to put the legacy program back."""
        raise NotImplementedError

    def _page_sides(self) -> tuple[int, int]:
        window = self.window()
        if not self._legacy.is_visible():
            return RAIL, window.width
        middle = (window.width + SLIM_RAIL) // 2
        is_legacy_left = self._hands.corner(self._legacy.window())[0] - self._hands.corner(window)[0] < middle
        return (middle, window.width) if is_legacy_left else (SLIM_RAIL, middle)

    def _rest(self) -> None:
        """Wait until the picture comes to rest, or changes only where a clock runs."""
        wait_for_rest(lambda: self._screen.picture().crop(PALETTE_BOX))


def wait_for_rest(look: Callable[[], Image.Image]) -> None:
    """Wait until a picture does not change for a moment; gives up silently on one that always does."""
    began = since = time.monotonic()
    last = look()
    while time.monotonic() - since < REST_SECONDS and time.monotonic() - began < ANSWER_SECONDS:
        now = look()
        if ImageChops.difference(now.convert("RGB"), last.convert("RGB")).getbbox() is not None:
            last, since = now, time.monotonic()
        time.sleep(0.02)


RAIL = 208
SLIM_RAIL = 56
QUIET_LINE = 22
"""The middle of a page's first line, where its title stands on the left and its buttons on the right."""
QUIET_SHARE = 0.45
PALETTE_BOX = (420, 210, 1020, 640)
"""Where the palette lies, on a screen of 1440 × 900, without the field in which a caret blinks."""
