"""Screens for tests that need one: without a window manager and with one, each once a worker process."""

from collections.abc import Iterator

import pytest

from tests.support.virtual_screen import VirtualScreen, virtual_screen


@pytest.fixture(scope="session")
def bare_screen() -> Iterator[VirtualScreen]:
    """A screen without a window manager."""
    with virtual_screen() as screen:
        yield screen


@pytest.fixture(scope="session")
def managed_screen() -> Iterator[VirtualScreen]:
    """A screen with openbox."""
    with virtual_screen(window_manager=True) as screen:
        yield screen
