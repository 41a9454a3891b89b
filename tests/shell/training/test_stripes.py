"""The stripes and the frame of training stay."""

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from shell.training.stripes import FRAME_WIDTH, TrainingFrame, TrainingStripe


@pytest.mark.hazard("H21")
def test_stripe_cannot_be_hidden(qtbot: QtBot) -> None:
    stripe = TrainingStripe()
    qtbot.addWidget(stripe)
    stripe.resize(800, 40)
    stripe.show()
    stripe.setVisible(False)
    stripe.hide()
    assert stripe.isVisible()
    colours = {stripe.grab().toImage().pixelColor(x, 10).name() for x in range(500, 800)}
    assert {"#ffb81c", "#ffcb57"} <= colours


@pytest.mark.hazard("H21")
def test_frame_goes_around_its_parent_and_lies_over_what_comes_later(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    frame = TrainingFrame(parent)
    parent.resize(400, 300)
    parent.show()
    over = QWidget(parent)
    over.setStyleSheet("background: #0000ff")
    over.setGeometry(0, 0, 400, 300)
    over.show()
    frame.hide()
    parent.resize(420, 310)
    picture = parent.grab().toImage()
    for x, y in ((0, 150), (FRAME_WIDTH - 1, 150), (419, 150), (200, 309)):
        assert picture.pixelColor(x, y).name() == "#ffb81c"
    assert picture.pixelColor(200, 100).name() == "#0000ff"
