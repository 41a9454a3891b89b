"""Fixtures of the desktop's tests."""

from tests.support.screens import bare_screen, managed_screen

__all__ = ["bare_screen", "managed_screen"]
