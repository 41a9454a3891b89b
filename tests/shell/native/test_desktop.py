"""Which desktop can host foreign windows."""

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from shell.errors import NativeNotBuiltError
from shell.native.desktop import native_windows


def test_a_desktop_for_which_hosting_is_not_built_says_so_and_what_to_do(qtbot: QtBot) -> None:
    application = QGuiApplication.instance()
    assert isinstance(application, QGuiApplication)
    with pytest.raises(NativeNotBuiltError, match="in its own window"):
        native_windows(application)
