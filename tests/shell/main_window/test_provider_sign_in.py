"""Where people sign in at a provider, the window shows a code and waits for their browser."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from shell.errors import CloudError
from shell.main_window import browser_sign_in as module
from shell.main_window.browser_sign_in import BrowserSignIn
from shell.main_window.provider_sign_in import ProviderSignInWindow
from shell.main_window.theme import Theme
from shell.main_window.tokens import Scheme
from shell.meeting import Person, WindowCode
from tests.support.widgets import hit, press, texts
from tests.support.window_stage import offer_of
from web_modules.decision.words import Environment

CLOUD = "https://records.example"
AMARA = Person(id="1", name="Amara Osei", role="gp", session="secret")


@dataclass(slots=True)
class Cloud:
    """A cloud that gives codes; what it is asked waits for `answers`."""

    given: int = 0
    answers: list[Person | CloudError | None] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)

    def begin(self, cloud: str) -> WindowCode:
        self.given += 1
        return WindowCode(
            device_code=str(self.given),
            user_code="BCDF-GHJK" if self.given == 1 else "LMNP-QRST",
            address=f"{cloud}/sign-in/window?user_code=BCDF-GHJK",
            plain_address=f"{cloud}/sign-in/window",
            interval=0.01,
        )

    def finish(self, _cloud: str, _code: WindowCode) -> Person | None:
        self.asked.set()
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, CloudError):
            raise answer
        return answer


@dataclass(slots=True, kw_only=True)
class Stage:
    """A window that waits."""

    window: ProviderSignInWindow
    cloud: Cloud
    opened: list[str]
    came: list[Person]


Begin = Callable[..., Stage]


@pytest.fixture
def begin(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """Opens the window at a cloud with a provider."""
    with ThreadPoolExecutor(max_workers=1) as pool:

        def make(*, opens: bool = True, **look: float) -> Stage:
            cloud, opened, came = Cloud(), list[str](), list[Person]()
            monkeypatch.setattr(module, "begin_sign_in", cloud.begin)
            monkeypatch.setattr(module, "finish_sign_in", cloud.finish)

            class Desktop:
                @staticmethod
                def openUrl(address: QUrl) -> bool:  # noqa: N802 - Qt's name
                    opened.append(address.toString())
                    return opens

            monkeypatch.setattr(module, "QDesktopServices", Desktop)
            theme = Theme(Scheme.LIGHT, is_training=False, **look)
            window = ProviderSignInWindow(theme, offer_of(Environment.LIVE), "id.example")
            waiting = BrowserSignIn(window.code, CLOUD, pool, came.append)
            qtbot.addWidget(window, before_close_func=lambda _window: waiting.end())
            window.show()
            qtbot.waitExposed(window)
            waiting.begin()
            qtbot.waitUntil(lambda: "BCDF-GHJK" in texts(window))
            return Stage(window=window, cloud=cloud, opened=opened, came=came)

        yield make


def test_enter_opens_the_browser_at_the_clouds_page_and_the_window_waits(begin: Begin, qtbot: QtBot) -> None:
    stage = begin()
    assert stage.opened == []  # nothing moves unasked
    hit(qtbot, stage.window, Qt.Key.Key_Return)
    assert stage.opened == [f"{CLOUD}/sign-in/window?user_code=BCDF-GHJK"]
    assert "Sign in there, then come back" in texts(stage.window)
    stage.cloud.answers += [None, AMARA]
    qtbot.waitUntil(lambda: stage.came == [AMARA])


def test_a_computer_without_a_browser_says_what_to_type_elsewhere(begin: Begin, qtbot: QtBot) -> None:
    stage = begin(opens=False)
    press(stage.window, "Open the browser")
    said = texts(stage.window)
    assert "opened no browser" in said
    assert f"{CLOUD}/sign-in/window" in said


def test_a_code_that_is_over_is_said_and_enter_asks_for_another(begin: Begin, qtbot: QtBot) -> None:
    stage = begin()
    stage.cloud.answers.append(CloudError("The code is over. Ask for a new one."))
    qtbot.waitUntil(lambda: "The code is over. Ask for a new one." in texts(stage.window))
    assert "BCDF-GHJK" not in texts(stage.window)
    hit(qtbot, stage.window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "LMNP-QRST" in texts(stage.window))
    assert "The code is over. Ask for a new one." not in texts(stage.window)


def test_esc_leaves_and_nobody_is_signed_in(begin: Begin, qtbot: QtBot) -> None:
    stage = begin()
    with qtbot.waitSignal(stage.window.left):
        hit(qtbot, stage.window, Qt.Key.Key_Escape)
    assert stage.came == []


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_every_word_has_room(begin: Begin, scale: float) -> None:
    window = begin(scale=scale).window
    for one in window.findChildren(QLabel):
        if one.isVisibleTo(window):
            wanted = one.heightForWidth(one.width()) if one.wordWrap() else one.sizeHint().height()
            assert one.height() >= wanted, f"{one.text()}: {one.height()} of {wanted}"
