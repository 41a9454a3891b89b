"""The window by itself: its command, a cloud, and a person who is asked who they are."""

from pathlib import Path
from subprocess import Popen
from sys import executable

import pytest

from demo.check.hands import Hands
from demo.programs import Program, end, last_words, start
from tests.support.screens import bare_screen, managed_screen
from tests.support.served_cloud import served_cloud
from tests.support.virtual_screen import VirtualScreen
from tests.support.waiting import until

__all__ = ["bare_screen", "managed_screen"]
pytestmark = pytest.mark.end_to_end
WINDOW_SECONDS = 60.0
AS_WIDE_AS_THE_WINDOW = 900


def width_of_window(hands: Hands) -> int:
    """Of the program's window, in pixels; 0 while there is none."""
    return max((window.width for window in hands.windows(name="^Banyan – ")), default=0)


@pytest.mark.parametrize("kind", ["bare_screen", "managed_screen"])
def test_the_keys_are_the_windows_once_it_is_known_who_is_there(
    tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    screen: VirtualScreen = request.getfixturevalue(kind)
    hands = Hands(screen.environment())
    log = tmp_path / "window.log"
    window: Popen[bytes] | None = None
    with served_cloud(f"sqlite:///{tmp_path / 'cloud.sqlite'}", tmp_path) as cloud:
        command = [executable, "-m", "shell", "--cloud", cloud.origin]
        variables = {**screen.environment(), "XDG_STATE_HOME": str(tmp_path)}
        try:
            window = start(Program(name="window", command=command, variables=variables, log=log))
            until(
                lambda: 0 < width_of_window(hands) < AS_WIDE_AS_THE_WINDOW,
                "the question",
                seconds=WINDOW_SECONDS,
            )
            until(
                lambda: any(map(hands.has_keys, hands.windows(name="^Banyan – "))),
                "the question has the keys",
            )
            hands.write("nair")
            hands.press("Return")
            until(
                lambda: width_of_window(hands) > AS_WIDE_AS_THE_WINDOW, "the window", seconds=WINDOW_SECONDS
            )

            def is_typed_into_the_palette() -> bool:
                hands.press("ctrl+k")
                hands.write("zzz")
                return hands.copy().endswith("zzz")

            until(is_typed_into_the_palette, f"the palette: {last_words(log)}", seconds=30)
            kept = tmp_path / "banyan" / "reference" / "shell" / "shell.log"
            assert "shell.window: window opens: environment=reference" in kept.read_text()
        finally:
            if window is not None:
                end(window)
