"""Keys alone: after each view that they choose, they go to what is on the glass."""

from pathlib import Path

import pytest

from demo.check.hands import Hands, wait_until
from tests.end_to_end.running import end_run, open_window, screen_in

pytestmark = pytest.mark.end_to_end
ANSWER_SECONDS = 30.0
ON_THE_PAGE = "Booked"
"""A word of the page's day book; the legacy program copies one slot of its own."""
ON_THE_DESK = "What the two sides disagree on"


@pytest.mark.hazard("H25")
def test_the_keys_follow_the_views_that_keys_choose(tmp_path: Path) -> None:
    with screen_in(tmp_path / "logs") as screen:
        run = open_window(screen, tmp_path / "state")
        hands = Hands(screen.variables)
        try:
            for keys, is_page in (
                (("ctrl+2", "alt+3"), True),
                (("ctrl+1",), None),
                (("ctrl+2", "alt+1"), False),
                (("alt+3",), True),
                (("ctrl+3",), None),
                (("ctrl+2",), True),
            ):
                hands.press(*keys)
                if is_page is None:
                    continue

                def is_heard(wanted: bool = is_page) -> bool:
                    copied = hands.copy()
                    return bool(copied) and (ON_THE_PAGE in copied) is wanted

                wait_until(is_heard, seconds=ANSWER_SECONDS, what=f"the keys on the glass after {keys}")
            hands.press("ctrl+2", "alt+1")
            wait_until(
                lambda: bool(hands.copy()) and ON_THE_PAGE not in hands.copy(),
                seconds=ANSWER_SECONDS,
                what="the legacy screen alone",
            )
            hands.press("ctrl+j")  # over the legacy window: where is this now?
            wait_until(lambda: ON_THE_PAGE in hands.copy(), seconds=ANSWER_SECONDS, what="the page beside it")
            hands.press("alt+1", "ctrl+shift+d")  # over the legacy window
            wait_until(lambda: ON_THE_DESK in hands.copy(), seconds=ANSWER_SECONDS, what="the desk")
            hands.press("Escape")
            wait_until(
                lambda: bool(hands.copy()) and ON_THE_DESK not in hands.copy(),
                seconds=ANSWER_SECONDS,
                what="the legacy screen after the desk",
            )
            hands.press("ctrl+shift+l")  # over the legacy window
            wait_until(
                lambda: not hands.copy(), seconds=ANSWER_SECONDS, what="the lock, of which nobody copies"
            )
            hands.press("Return")
            wait_until(lambda: bool(hands.copy()), seconds=ANSWER_SECONDS, what="the legacy screen again")
        finally:
            end_run(screen, run)
