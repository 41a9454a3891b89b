"""A screen for the window that the README opens."""

from tests.support.screens import managed_screen

__all__ = ["managed_screen"]
