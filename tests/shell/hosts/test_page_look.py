"""Pages look as the window around them does: its colours and its size of text, from the first paint on."""

import pytest

from tests.support.panes import web_pane
from tests.support.virtual_screen import VirtualScreen

pytestmark = pytest.mark.browser


def test_pages_are_told_the_windows_theme_and_drawn_at_its_text_size(bare_screen: VirtualScreen) -> None:
    with web_pane(bare_screen, "--zoom", "1.5") as pane:
        assert pane.script("document.documentElement.dataset.theme") == "contrast"
        assert pane.script("devicePixelRatio") == 1.5
        pane.open("appointments", "104417")
        pane.open("appointments", "104418", context="c2")
        assert pane.script("document.documentElement.dataset.theme") == "contrast"
        assert pane.script("devicePixelRatio") == 1.5
