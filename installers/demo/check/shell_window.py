"""The shell's window, as a person sees and uses it: its keys, its panes, its veil."""

import time
from collections.abc import Callable

from PIL import Image, ImageChops

from demo.check.hands import Hands, Window, wait_until
from demo.check.legacy_pane import LegacyPane
from demo.check.virtual_screen import VirtualScreen
from demo.errors import DemoError

OPEN_SECONDS = 60.0
ANSWER_SECONDS = 20.0
REST_SECONDS = 0.4
SEARCH_SECONDS = 1.2
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
        """Find a patient by the practice's number and open who is found; the panes then stand as before."""
        before = self._page_sides()
        self._hands.press("ctrl+k")
        wait_until(self._is_dimmed, seconds=ANSWER_SECONDS, what="the palette")
        self._rest(REST_SECONDS)
        self._hands.write(number)
        wait_until(self._takes_who_is_found, seconds=ANSWER_SECONDS, what="a patient in the palette")
        # The palette covers the legacy program, which comes back a moment after it has gone.
        wait_until(
            lambda: self._read_page_sides() == before,
            seconds=ANSWER_SECONDS,
            what="the panes without a palette",
        )

    def close_patient(self) -> None:
        """Close the open patient."""
        self._hands.press("ctrl+shift+x")

    def learn_where_panes_begin(self) -> None:
        """Find out how much lies above the panes, once the legacy program has come into its own.

        Raises:
            DemoError: it does not come.
        """
        self._pane_top = wait_until(
            self._legacy_top, seconds=ANSWER_SECONDS, what="the legacy program in its pane"
        )

    def quiet_place_on_page(self) -> tuple[int, int]:
        """Where a click on the page does nothing but give it the keys, in the window's coordinates."""
        left, _ = self._page_sides()
        return left + MARGIN, self._pane_top + BELOW_BARS

    def is_page_covered(self) -> bool:
        """Whether a veil lies over the page: at its edge two colours, one stripe of each, and little else."""
        left, _ = self._page_sides()
        x, y = self._hands.corner(self.window())
        height = self.window().height
        edge = (x + left + MARGIN, y + self._pane_top + BELOW_BARS, x + left + EDGE, y + height - BELOW_BARS)
        picture = self._screen.picture().crop(edge).convert("RGB")
        counts = sorted((count for count, _ in picture.getcolors(picture.width * picture.height) or ()))
        share = picture.width * picture.height * LEAST_SHARE
        return len(counts) > 1 and counts[-2] > share

    def put_legacy_back(self) -> None:
        """Choose, on a veil that asks, that the legacy program goes back: its left button."""
        left, right = self._page_sides()
        window = self.window()
        x, y = self._hands.corner(window)
        page = self._screen.picture().crop((x + left, y, x + right, y + window.height)).convert("RGB")
        button = first_outline(page, from_line=self._pane_top + BELOW_BARS)
        if button is None:
            raise DemoError("there is no button on the veil")
        self._hands.click(window, left + button[0] + 20, button[1] + 12)

    def _legacy_top(self) -> int | None:
        """How far below the window's edge the legacy program begins; None while it is not in its pane."""
        window = self.window()
        x, y = self._hands.corner(window)
        left, top = self._hands.corner(self._legacy.window())
        is_inside = x + SLIM_RAIL <= left < x + window.width and y + LEAST_BARS <= top < y + window.height
        return top - y if is_inside else None

    def _page_sides(self) -> tuple[int, int]:
        """Where the page begins and ends from left to right, read twice the same: panes may be moving."""

        def steady() -> tuple[int, int] | None:
            read = self._read_page_sides()
            return read if read == self._read_page_sides() else None

        return wait_until(steady, seconds=ANSWER_SECONDS, what="the panes to stand still")

    def _read_page_sides(self) -> tuple[int, int]:
        window = self.window()
        if not self._legacy.is_visible():
            return RAIL, window.width
        middle = (window.width + SLIM_RAIL) // 2
        is_legacy_left = self._hands.corner(self._legacy.window())[0] - self._hands.corner(window)[0] < middle
        return (middle, window.width) if is_legacy_left else (SLIM_RAIL, middle)

    def _takes_who_is_found(self) -> bool:
        """Enter takes the marked row; there may be none yet, and then the palette stays."""
        self._rest(SEARCH_SECONDS)
        self._hands.press("Return")
        until = time.monotonic() + TAKEN_SECONDS
        while self._is_dimmed() and time.monotonic() < until:
            time.sleep(0.02)
        return not self._is_dimmed()

    def _is_dimmed(self) -> bool:
        """Whether all beside the palette is dark, because it is open."""
        beside = self._screen.picture().crop(BESIDE_BOX).convert("L")
        return not any(beside.histogram()[DIMMED:])

    def _rest(self, seconds: float) -> None:
        """Wait until the palette comes to rest."""
        wait_for_rest(lambda: self._screen.picture().crop(PALETTE_BOX), seconds)


def first_outline(picture: Image.Image, *, from_line: int) -> tuple[int, int] | None:
    """The upper left corner of the first outlined button, below a line; None when there is none."""
    pixels = picture.tobytes()
    wanted, row = bytes(ACCENT) * LEAST_BUTTON, picture.width * 3
    for line in range(from_line, picture.height):
        place = pixels.find(wanted, line * row, (line + 1) * row)
        if place >= 0:
            return (place - line * row) // 3, line
    return None


def wait_for_rest(look: Callable[[], Image.Image], seconds: float) -> None:
    """Wait until a picture does not change for a moment.

    Raises:
        DemoError: it always does.
    """
    began = since = time.monotonic()
    last = look()
    while time.monotonic() - since < seconds:
        if time.monotonic() - began > ANSWER_SECONDS:
            raise DemoError("the palette does not come to rest")
        now = look()
        if ImageChops.difference(now.convert("RGB"), last.convert("RGB")).getbbox() is not None:
            last, since = now, time.monotonic()
        time.sleep(0.02)


RAIL = 208
SLIM_RAIL = 56
LEAST_BARS = 120
"""The window's own bars are higher; a program that is not hosted yet stands in the screen's corner."""
MARGIN = 10
"""Within the blank margin that every page has on its left."""
EDGE = 36
"""Where a veil's card may begin."""
BELOW_BARS = 140
"""Below the bars of a page, also when the banner grows by a line."""
LEAST_SHARE = 0.3
"""Each colour of the veil's stripes covers nearly half of it."""
ACCENT = (0, 94, 184)
LEAST_BUTTON = 150
TAKEN_SECONDS = 2.0
DIMMED = 160
"""White under the scrim is 127."""
BESIDE_BOX = (1060, 330, 1420, 840)
PALETTE_BOX = (420, 262, 1020, 450)
"""Where the palette's list lies, on a screen of 1440 × 900, below the field in which a caret blinks."""
