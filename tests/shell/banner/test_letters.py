"""A name is shown in the letters that people write it in."""

import pytest
from PySide6.QtGui import QTextLayout
from pytestqt.qtbot import QtBot


@pytest.mark.parametrize(
    "name", ["Оксана Ковальчук", "محمد أحمد", "王小明", "Zoë Ó Súilleabháin", "Łukasz Ğ"]
)
def test_every_letter_of_a_name_has_a_shape(qtbot: QtBot, name: str) -> None:
    del qtbot
    layout = QTextLayout(name)
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    shapes = [shape for run in layout.glyphRuns() for shape in run.glyphIndexes()]
    assert shapes
    assert 0 not in shapes
