"""The check's hands, on a window that is busy: what they press arrives, and nothing stays pressed."""

from pathlib import Path

from demo.check.hands import Hands, wait_until
from tests.support.panes import guest_pane
from tests.support.screens import managed_screen
from tests.support.virtual_screen import VirtualScreen

__all__ = ["managed_screen"]


def test_keys_pressed_while_a_window_holds_the_keyboard_still_arrive_and_none_stays_down(
    managed_screen: VirtualScreen,
    tmp_path: Path,
) -> None:
    hands = Hands(managed_screen.environment())
    with guest_pane(managed_screen, "qt", tmp_path) as pane:
        pane.stage.tell("focus_line")
        pane.do("take_keys")
        with pane.stage.standing_still():
            hands.press("ctrl+k")
            hands.press("alt+F1")
            hands.write("heard")
        wait_until(lambda: pane.stage.tell("text") == "heard", seconds=20, what="the line to hear it")
        # Ctrl or Alt still down would make these a shortcut
        managed_screen.key("x", "y")
        wait_until(lambda: pane.stage.tell("text") == "heardxy", seconds=20, what="plain keys")


def test_a_copy_is_what_can_be_seen_and_nothing_where_nothing_is(
    managed_screen: VirtualScreen, tmp_path: Path
) -> None:
    hands = Hands(managed_screen.environment())
    with guest_pane(managed_screen, "qt", tmp_path) as pane:
        pane.type_into_line("seen")
        assert hands.copy() == "seen"
        pane.stage.tell("clear")
        assert hands.copy() == ""
