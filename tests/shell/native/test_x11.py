"""An X11 desktop whose mouse and keyboard wait for the shell: they may wait, and never for good."""

from pathlib import Path

import pytest

from tests.support.panes import guest_pane
from tests.support.virtual_screen import VirtualScreen
from tests.support.waiting import until


@pytest.fixture(params=["bare", "openbox"])
def screen(request: pytest.FixtureRequest) -> VirtualScreen:
    """A screen without a window manager, and one with."""
    found: VirtualScreen = request.getfixturevalue(
        "managed_screen" if request.param == "openbox" else "bare_screen"
    )
    return found


@pytest.mark.hazard("H25")
def test_presses_and_keys_that_came_while_the_shell_was_busy_leave_the_keyboard_free(
    screen: VirtualScreen, tmp_path: Path
) -> None:
    with guest_pane(screen, "qt", tmp_path) as pane:
        for part in ("line", "legacy", "line"):
            x, y = pane.stage.middle(part)
            with pane.stage.standing_still():
                # no `point`: it would wait for a mouse that stands still
                screen.do("mousemove", str(x), str(y), "click", "1")
                screen.do("mousemove", str(x), str(y + 8), "click", "1")
                screen.key("ctrl+k", "a", "ctrl+k", "b")
            screen.click(*pane.stage.middle("line"))
            screen.key("ctrl+a")
            screen.type("heard")
            until(lambda: pane.stage.tell("text") == "heard", "the line hears what is typed")
            screen.click(*pane.stage.middle("legacy"))
            screen.type("z")
            until(lambda: pane.typed().endswith("z"), "the program hears what is typed")
            screen.type("y")
            until(lambda: pane.typed().endswith("y"), "the program hears what is typed")
