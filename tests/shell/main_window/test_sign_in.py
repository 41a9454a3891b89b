"""Who one is, is asked before anything is opened, by keys alone if one likes."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QListWidget, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from shell.main_window.sign_in import SignInWindow
from shell.main_window.theme import Theme
from shell.main_window.tokens import Scheme
from shell.meeting import Candidate
from shell.training.stripes import TrainingStripe
from tests.support.widgets import hit, press, texts
from tests.support.window_stage import offer_of
from web_modules.decision.words import Environment

PRIYA = Candidate(id="priya.nair", name="Dr Priya Nair", role="gp")
SAM = Candidate(id="sam.iqbal", name="Sam Iqbal", role="it")
LEIGH = Candidate(id="leigh.marsden", name="Leigh Marsden", role="trainer")
Ask = Callable[..., tuple[SignInWindow, list[Candidate]]]


@pytest.fixture
def ask(qtbot: QtBot) -> Ask:
    """Asks who is there; what is chosen is kept."""

    def make(
        environment: Environment = Environment.REFERENCE, **look: Any
    ) -> tuple[SignInWindow, list[Candidate]]:
        theme = Theme(Scheme.LIGHT, is_training=environment is Environment.TRAINING, **look)
        window = SignInWindow(theme, offer_of(environment), (PRIYA, SAM, LEIGH))
        chosen: list[Candidate] = []
        window.chosen.connect(chosen.append)
        qtbot.addWidget(window)
        window.show()
        qtbot.waitExposed(window)
        return window, chosen

    return make


def field(window: QWidget) -> QLineEdit:
    (found,) = window.findChildren(QLineEdit)
    return found


def shown(window: QWidget) -> list[str]:
    (people,) = window.findChildren(QListWidget)
    items = [people.item(place) for place in range(people.count())]
    return [item.text() for item in items if not item.isHidden()]


def test_everybody_is_listed_with_name_and_role_and_nobody_is_chosen_yet(ask: Ask, qtbot: QtBot) -> None:
    window, chosen = ask()
    assert shown(window) == ["Dr Priya Nair, GP", "Sam Iqbal, IT", "Leigh Marsden, Trainer"]
    hit(qtbot, field(window), Qt.Key.Key_Return)
    assert chosen == []
    assert "Who are you?" in texts(window)
    assert "Fernbrook Surgery" in texts(window)
    assert "nothing here is real" in texts(window)


@pytest.mark.parametrize(
    ("typed", "who"), [("nair", PRIYA), ("it", SAM), ("lei mar", LEIGH), ("train", LEIGH)]
)
def test_typing_a_name_or_a_role_and_enter_is_enough(
    ask: Ask, qtbot: QtBot, typed: str, who: Candidate
) -> None:
    window, chosen = ask()
    field(window).setText(typed)
    assert len(shown(window)) == 1
    hit(qtbot, field(window), Qt.Key.Key_Return)
    hit(qtbot, field(window), Qt.Key.Key_Return)  # one answer, however often
    assert chosen == [who]


def test_arrows_move_the_mark_around_the_list(ask: Ask, qtbot: QtBot) -> None:
    window, chosen = ask()
    hit(qtbot, field(window), Qt.Key.Key_Down)
    hit(qtbot, field(window), Qt.Key.Key_Down)
    press(window, "Sign in")
    window.say_trouble("The cloud does not answer to the sign-in.")
    assert "does not answer" in texts(window)
    hit(qtbot, field(window), Qt.Key.Key_Down)
    hit(qtbot, field(window), Qt.Key.Key_Down)
    hit(qtbot, field(window), Qt.Key.Key_Return)
    assert chosen == [SAM, PRIYA]


def test_words_that_fit_nobody_are_said_and_choose_nobody(ask: Ask, qtbot: QtBot) -> None:
    window, chosen = ask()
    field(window).setText("zz")
    assert "Nobody has such a name or role." in texts(window)
    hit(qtbot, field(window), Qt.Key.Key_Return)
    assert chosen == []


def test_esc_leaves_without_an_answer(ask: Ask, qtbot: QtBot) -> None:
    window, chosen = ask()
    with qtbot.waitSignal(window.left):
        hit(qtbot, field(window), Qt.Key.Key_Escape)
    assert chosen == []
    assert not window.isVisible()


def test_what_takes_keys_has_a_name_for_those_who_cannot_see_it(ask: Ask) -> None:
    window, _ = ask()
    assert field(window).accessibleName() == "Who are you? Type a name or a role"
    assert [one.accessibleName() for one in window.findChildren(QListWidget)] == ["People"]
    assert all(one.accessibleName() for one in window.findChildren(QPushButton))
    assert window.focusWidget() is field(window)


@pytest.mark.hazard("H21")
def test_training_asks_in_its_own_colours_and_says_so(ask: Ask) -> None:
    window, _ = ask(Environment.TRAINING, scale=1.5)
    assert window.findChildren(TrainingStripe)
    assert window.windowTitle().startswith("TRAINING")
