"""No screen is said before anything is started."""

import pytest

from demo.errors import NoScreen
from demo.screen import require_screen


def test_no_display_is_one_sentence() -> None:
    with pytest.raises(NoScreen, match=r"DISPLAY is not set\. Start this in a desktop session"):
        require_screen({})


@pytest.mark.parametrize("display", [":4711", "127.0.0.1:4711", "nonsense"])
def test_a_display_that_nobody_serves_is_named(display: str) -> None:
    with pytest.raises(NoScreen, match=f"no X server answers at DISPLAY={display}"):
        require_screen({"DISPLAY": display})
