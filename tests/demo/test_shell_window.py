"""The check takes a pane's place only when it stands still."""

from collections.abc import Iterator

import pytest

from demo.check.hands import Hands, Window
from demo.check.legacy_pane import LegacyPane
from demo.check.shell_window import MARGIN, RAIL, SLIM_RAIL, ShellWindow
from demo.check.virtual_screen import VirtualScreen

SHELL = Window(id="1", title="Banyan", width=1400, height=860)
LEGACY = Window(id="2", title="Halden", width=600, height=700)
MIDDLE = (SHELL.width + SLIM_RAIL) // 2


class FakeHands(Hands):
    """Sees one shell window with the legacy program in its left pane."""

    def windows(self, *, wm_class: str = "", name: str = "") -> list[Window]:  # noqa: ARG002 - one window
        return [SHELL]

    def corner(self, window: Window) -> tuple[int, int]:
        return (SLIM_RAIL, 150) if window is LEGACY else (0, 0)


class FakeLegacy(LegacyPane):
    """Is on the glass as a list says, the last of it for ever."""

    def __init__(self, hands: Hands, visible: list[bool]) -> None:
        super().__init__(hands, "practice")
        self._visible: Iterator[bool] = iter(visible)
        self._last = visible[-1]

    def is_visible(self) -> bool:
        return next(self._visible, self._last)

    def window(self, seconds: float = 0) -> Window:  # noqa: ARG002 - as the real one
        return LEGACY


@pytest.mark.parametrize(
    ("visible", "left"),
    [([False, True], MIDDLE), ([True, False, True], MIDDLE), ([True], MIDDLE), ([False], RAIL)],
)
def test_the_page_is_clicked_where_it_is_once_the_legacy_program_is_back(
    visible: list[bool], left: int
) -> None:
    hands = FakeHands({})
    shell = ShellWindow(hands, VirtualScreen.__new__(VirtualScreen), "Banyan", FakeLegacy(hands, visible))
    assert shell.quiet_place_on_page()[0] == left + MARGIN
