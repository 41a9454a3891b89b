"""Nobody sees or types anything in a window that its person has left; they find it again as it was."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from shell.context.shown import Side
from shell.errors import CloudError
from shell.main_window import lock as module
from shell.main_window.lock import Lock, LockScreen, Why
from shell.main_window.network import Pulse, SessionBearer
from shell.main_window.theme import Theme
from shell.main_window.tokens import Scheme
from shell.meeting import Person, WindowCode
from tests.support.widgets import hit, press, texts
from tests.support.window_stage import SARAH, WindowStage, host_patient, offer_of

DAWN = Person(id="dawn.hartley", name="Dawn Hartley", role="receptionist", session="old")
THEME = Theme(Scheme.LIGHT, is_training=False)
CLOUD = "https://records.example"


@dataclass(slots=True, kw_only=True)
class Locked:
    """A window with a lock.

    Attributes:
        lock: of the window.
        screen: that covers it.
        idle: seconds since the computer was used.
        answer: what the cloud says to a sign-in.
        came: who signed in again.
    """

    lock: Lock
    screen: LockScreen
    idle: list[float] = field(default_factory=lambda: [0.0])
    answer: list[Person | CloudError]
    came: list[Person] = field(default_factory=list)


@pytest.fixture
def locked(stage: WindowStage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Locked]:
    """A lock over the window, which is still open."""
    answer: list[Person | CloudError] = []

    def sign_in(cloud: str, person: str) -> Person:
        assert (cloud, person) == (CLOUD, DAWN.id)
        said = answer[-1]
        if isinstance(said, CloudError):
            raise said
        return said

    monkeypatch.setattr(module, "sign_in", sign_in)
    screen = LockScreen(stage.window.content, stage.window.stripes, THEME, offer_of(), DAWN, "")
    lock = Lock(screen, DAWN, CLOUD, stage.window.cards, stage.frame)
    made = Locked(lock=lock, screen=screen, answer=answer)
    lock.watch(lambda: made.idle[0], 900.0)
    lock.signed_in.connect(made.came.append)
    yield made
    lock.stop()


def seen(stage: WindowStage) -> set[str]:
    """The colours of some points of the window where no card lies."""
    picture = stage.window.grab().toImage()
    ratio = picture.devicePixelRatio()
    points = [QPoint(x, y) for x in (40, 300, 1400) for y in (40, 70, 110, 880)]
    return {QColor(picture.pixel(point * ratio)).name() for point in points}


def test_a_window_that_nobody_used_covers_all_of_itself_the_patients_name_too(
    stage: WindowStage, locked: Locked, qtbot: QtBot
) -> None:
    stage.open(SARAH)
    locked.idle[0] = 899.0
    qtbot.wait(1100)
    assert not locked.lock.is_locked
    locked.idle[0] = 900.0
    qtbot.waitUntil(lambda: locked.lock.is_locked)
    top = stage.window.top_bar.y()
    assert locked.screen.geometry() == stage.window.content.rect().adjusted(0, top, 0, 0)
    assert len(seen(stage)) == 1
    assert stage.legacy.is_covered
    assert stage.pages.is_covered
    said = texts(locked.screen)
    assert "Nobody used this computer" in said
    assert SARAH.name not in said


def test_whoever_is_signed_in_goes_on_where_they_were(
    stage: WindowStage, locked: Locked, qtbot: QtBot
) -> None:
    stage.open(SARAH)
    locked.lock.lock(Why.ASKED)
    locked.answer.append(Person(id=DAWN.id, name=DAWN.name, role=DAWN.role, session="new"))
    hit(qtbot, locked.screen, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not locked.lock.is_locked)
    assert [one.session for one in locked.came] == ["new"]
    assert not locked.screen.isVisible()
    assert stage.window.patient == SARAH
    assert not stage.pages.is_covered


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (CloudError("The cloud does not answer to the sign-in."), "It stays locked."),
        (Person(id="sam", name="Sam Iqbal", role="it", session="s"), "Only Dawn Hartley can go on here."),
    ],
)
def test_nobody_else_goes_on_and_a_silent_cloud_opens_nothing(
    stage: WindowStage, locked: Locked, qtbot: QtBot, answer: Any, words: str
) -> None:
    locked.lock.lock(Why.ASKED)
    locked.answer.append(answer)
    press(locked.screen, "Go on as Dawn Hartley")
    qtbot.waitUntil(lambda: words in texts(locked.screen))
    assert locked.lock.is_locked
    assert locked.came == []
    assert stage.pages.is_covered
    assert locked.screen.first.isEnabled()


@pytest.mark.hazard("H25")
def test_no_key_reaches_what_lies_below(stage: WindowStage, locked: Locked, qtbot: QtBot) -> None:
    below = QLineEdit(stage.window.content)
    below.show()
    locked.lock.lock(Why.ASKED)
    for key in ("Ctrl+K", "Ctrl+2", "Alt+1", "Ctrl+Shift+X", "Ctrl+Shift+D"):
        stage.window.press(key)
        assert not stage.window.overlay.is_open, key
    below.setFocus()
    assert QApplication.focusWidget() in {locked.screen.first, None}
    hit(qtbot, locked.screen, Qt.Key.Key_Escape)
    assert locked.lock.is_locked


def test_a_veil_that_goes_behind_the_lock_uncovers_nothing(stage: WindowStage, locked: Locked) -> None:
    stage.board.open_patient(SARAH)
    locked.lock.lock(Why.ASKED)
    stage.obey()
    assert not stage.board.hub.is_veiled(Side.CLOUD)
    assert stage.pages.is_covered
    assert stage.legacy.is_covered


def test_work_that_is_not_saved_keeps_a_locked_window_open_and_shows_nobody(
    stage: WindowStage, locked: Locked
) -> None:
    stage.open(SARAH)
    stage.pages.show(host_patient(SARAH), unsaved=True)
    locked.lock.lock(Why.ASKED)
    stage.window.close()
    assert stage.window.isVisible()
    assert not stage.window.overlay.is_open
    assert "Work is not saved yet. Go on first" in texts(locked.screen)


def test_the_palette_and_a_key_lock(stage: WindowStage, locked: Locked) -> None:
    stage.window.press("Ctrl+Shift+L")
    assert locked.lock.is_locked
    assert texts(locked.screen).count("Locked at") == 1


def test_a_programs_own_question_is_put_away_while_locked_and_hinders_nobody_who_locks(
    stage: WindowStage, locked: Locked, qtbot: QtBot
) -> None:
    stage.open(SARAH)
    stage.board.on_question(Side.LEGACY, is_open=True)
    stage.board.on_shell_key("Ctrl+K")
    assert not stage.window.overlay.is_open
    stage.board.on_shell_key("Ctrl+Shift+L")
    assert locked.lock.is_locked
    assert stage.legacy.is_concealed
    locked.answer.append(Person(id=DAWN.id, name=DAWN.name, role=DAWN.role, session="new"))
    hit(qtbot, locked.screen, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not locked.lock.is_locked)
    assert not stage.legacy.is_concealed


def test_a_question_of_the_windows_own_waits_behind_the_lock(
    stage: WindowStage, locked: Locked, qtbot: QtBot
) -> None:
    stage.open(SARAH)
    stage.pages.show(host_patient(SARAH), unsaved=True)
    stage.window.close()
    assert stage.window.overlay.is_open
    stage.window.press("Ctrl+Shift+L")
    assert locked.lock.is_locked
    assert len(seen(stage)) == 1
    locked.answer.append(Person(id=DAWN.id, name=DAWN.name, role=DAWN.role, session="new"))
    hit(qtbot, locked.screen, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not locked.lock.is_locked)
    assert stage.window.overlay.is_open


def test_an_ended_session_is_begun_again(stage: WindowStage, qtbot: QtBot) -> None:
    bearer = SessionBearer("old")
    heard: list[Pulse] = []
    stage.cloud.pulse.connect(heard.append)
    stage.cloud.sign_in_again()
    qtbot.waitUntil(lambda: bool(heard))
    bearer.session = "new"
    bearer.forget("old")
    assert bearer.token() == "new"
    assert not heard[-1].is_signed_out


def test_a_practice_with_a_provider_asks_for_its_sign_in(
    stage: WindowStage, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, request: pytest.FixtureRequest
) -> None:
    begun: list[str] = []
    monkeypatch.setattr("shell.main_window.browser_sign_in.begin_sign_in", _never(begun))
    screen = LockScreen(stage.window.content, stage.window.stripes, THEME, offer_of(), DAWN, "id.example")
    lock = Lock(screen, DAWN, CLOUD, stage.window.cards, stage.frame)
    request.addfinalizer(lock.stop)
    lock.lock(Why.ENDED)
    qtbot.waitUntil(lambda: begun == [CLOUD])
    said = texts(screen)
    assert "Your session ended" in said
    assert "Only Dawn Hartley can go on. They sign in at id.example again." in said
    assert "Go on as" not in said


def _never(begun: list[str]) -> Callable[[str], Any]:
    def begin(cloud: str) -> Any:
        begun.append(cloud)
        raise CloudError("The cloud gives this window no code.")

    return begin


def test_every_word_has_room_at_200_percent(
    make_stage: Callable[..., WindowStage], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    stage = make_stage(scale=2.0)
    stage.window.resize(1280, 800)
    code = WindowCode(
        device_code="1", user_code="BCDF-GHJK", address=CLOUD, plain_address=f"{CLOUD}/window", interval=600
    )
    monkeypatch.setattr("shell.main_window.browser_sign_in.begin_sign_in", lambda _cloud: code)
    theme = Theme(Scheme.LIGHT, is_training=False, scale=2.0)
    screen = LockScreen(stage.window.content, stage.window.stripes, theme, offer_of(), DAWN, "id.example")
    lock = Lock(screen, DAWN, CLOUD, stage.window.cards, stage.frame)
    lock.lock(Why.IDLE)
    qtbot.waitUntil(lambda: "BCDF-GHJK" in texts(screen))
    qtbot.wait(50)  # the words are laid out
    for one in screen.findChildren(QLabel):
        if one.isVisibleTo(screen):
            wanted = one.heightForWidth(one.width()) if one.wordWrap() else one.sizeHint().height()
            assert one.height() >= wanted, one.text()
    lock.stop()
