"""Applications over the new pane: whom they are opened for, when they end, what is said of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from shell.context.shown import Side
from shell.errors import CloudError
from shell.functions import AppOffer
from shell.hosts.smart.app_page import AppListener
from shell.hosts.smart.launching import AppLaunch, LaunchWish
from shell.main_window.dialogs import CloseCard, VoteCard
from shell.main_window.finding import APP_ICON
from tests.support.window_stage import SANDRA, SARAH, WindowStage, host_patient
from web_modules.decision.words import Function, View

CHARTS = AppOffer(
    id="charts", name="Growth charts", needs_patient=True, origins=frozenset({"https://charts.example"})
)
LIST = AppOffer(id="list", name="Day list", needs_patient=False, origins=frozenset({"https://list.example"}))


@dataclass
class House:
    """A pane that notes what is laid over it."""

    launches: list[AppLaunch] = field(default_factory=list)
    listener: AppListener | None = None
    is_in_front: bool = False
    app_drafts: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is laid over it."""
        return self.listener is None

    def open_app(self, launch: AppLaunch, fhir: str, listener: AppListener) -> None:
        assert fhir == "http://cloud.example/Y99002/fhir"
        self.launches.append(launch)
        self.listener = listener

    def close_app(self) -> None:
        self.listener = None
        self.is_in_front = False

    def bring_app(self, *, is_in_front: bool) -> None:
        self.is_in_front = is_in_front

    def app_changed(self) -> None: ...

    def take_keys(self) -> None: ...


@dataclass
class AppStage:
    """A window with two applications, and a cloud that grants launches when it is told to."""

    stage: WindowStage
    house: House = field(default_factory=House)
    wishes: list[LaunchWish] = field(default_factory=list)
    answers: list[Callable[[AppLaunch | CloudError], None]] = field(default_factory=list)

    def wish(self, app: str = "charts") -> None:
        """Choose an application."""
        self.stage.window.act(f"app:{app}")

    def grant(self) -> None:
        """The cloud grants the first launch that was asked for."""
        wish = self.wishes.pop(0)
        made = AppLaunch(wish=wish, address="https://charts.example", launch="l", authorize="a")
        self.answers.pop(0)(made)

    def open(self, app: str = "charts") -> None:
        """Have an application over the pane."""
        self.wish(app)
        self.grant()

    @property
    def said(self) -> str:
        """What was said last, if it is still there."""
        notice = self.stage.window.said
        return notice.words() if notice.isVisibleTo(self.stage.window) else ""

    @property
    def strip(self) -> str:
        """The words above the new pane."""
        parts = self.stage.window.panes[Side.CLOUD].strip.findChildren(QLabel)
        return " | ".join(part.text() for part in parts if part.isVisibleTo(self.stage.window))


@pytest.fixture
def apps(make_stage: Callable[..., WindowStage], monkeypatch: pytest.MonkeyPatch) -> AppStage:
    """A window in which Sarah is open."""
    made = AppStage(make_stage(apps=(CHARTS, LIST)))

    def launch(session: str, wish: LaunchWish, done: Any) -> None:
        assert session == "s"
        made.wishes.append(wish)
        made.answers.append(done)

    monkeypatch.setattr(made.stage.cloud, "launch", launch)
    made.stage.window.apps.take_house(made.house)
    made.stage.open(SARAH)
    return made


def test_an_application_is_opened_for_the_patient_and_says_so(apps: AppStage) -> None:
    apps.stage.publish()
    apps.wish()
    (wish,) = apps.wishes
    assert (wish.patient, wish.theme, len(wish.handle) >= 43) == (SARAH.fhir_id, "light", True)
    assert apps.house.launches == []
    apps.grant()
    assert apps.house.is_in_front
    assert "<b>App</b> · Growth charts · opened for <b>SMITH, Sarah</b>" in apps.strip
    assert "reads the cloud's record" in apps.strip


def test_what_needs_a_patient_is_not_opened_for_nobody(apps: AppStage) -> None:
    apps.stage.open(None)
    apps.wish()
    assert apps.wishes == []
    assert "Open a patient first" in apps.said
    apps.open("list")
    assert "opened for <b>no patient</b>" in apps.strip


@pytest.mark.hazard("H01")
@pytest.mark.parametrize("following", [SANDRA, None])
def test_another_patient_ends_it_and_that_is_said(apps: AppStage, following: Any) -> None:
    apps.open()
    apps.stage.board.open_patient(following)
    assert apps.house.is_empty, "before the new patient's page is even asked for an answer"
    assert "Growth charts was closed: it was opened for SMITH, Sarah." in apps.said
    apps.stage.obey()
    assert "Growth charts" not in apps.strip


@pytest.mark.hazard("H01")
def test_a_launch_that_comes_after_the_patient_changed_opens_nothing(apps: AppStage) -> None:
    apps.wish()
    apps.stage.open(SANDRA)
    apps.grant()
    assert apps.house.launches == []


@pytest.mark.hazard("H01")
def test_it_is_covered_while_the_legacy_screen_shows_another_patient_and_opens_none_then(
    apps: AppStage,
) -> None:
    apps.open()
    apps.stage.pages.show(host_patient(SARAH), unsaved=True)
    apps.stage.legacy.show(host_patient(SANDRA))
    assert apps.stage.window.panes[Side.CLOUD].is_veiled
    apps.wish("list")
    assert apps.wishes == []
    assert "Day list can be opened once the new pane shows this patient." in apps.said


def test_a_function_that_is_chosen_comes_before_it_and_it_comes_back_as_it_was(apps: AppStage) -> None:
    apps.open()
    apps.stage.board.select(Function.PATIENTS)
    assert "Growth charts" not in apps.strip
    apps.wish()
    assert "Growth charts" in apps.strip
    assert apps.house.is_in_front
    assert len(apps.house.launches) == 1


def test_on_the_legacy_screen_it_stands_beside_that(apps: AppStage) -> None:
    window = apps.stage.window
    apps.stage.board.choose(View.LEGACY)
    assert not window.panes[Side.CLOUD].isVisibleTo(window)
    apps.open()
    assert [window.panes[side].isVisibleTo(window) for side in Side] == [True, True]
    window.apps.close()
    assert not window.panes[Side.CLOUD].isVisibleTo(window)


def test_drafts_are_asked_about_before_it_is_closed_or_another_comes(apps: AppStage) -> None:
    apps.open()
    apps.house.app_drafts = 2
    for what in ("leave-app:", "app:list"):
        apps.stage.window.act(what)
        assert "Growth charts keeps 2 drafts not on the record." in apps.said
    assert apps.house.listener is not None
    assert apps.wishes == []
    apps.stage.window.said.pressed.emit("lose")
    assert apps.house.is_empty


def test_what_only_it_can_save_is_not_offered_to_be_saved_or_kept(apps: AppStage) -> None:
    apps.open()
    apps.house.app_drafts = 1
    apps.stage.pages.show(host_patient(SARAH), unsaved=True)
    apps.stage.board.open_patient(SANDRA)
    card = apps.stage.window.overlay.card
    assert isinstance(card, VoteCard)
    words = [one.text() for one in card.findChildren(QLabel)]
    assert "Growth charts keeps 1 draft not on the record" in words
    assert "What the application keeps is lost." in words
    buttons = {one.text(): one for one in card.findChildren(QPushButton)}
    assert not buttons["Save to the record"].isEnabled()
    assert "Leave as a draft" not in buttons
    buttons["Close the app and lose it"].click()
    assert apps.stage.pages.work == ["leave"]
    assert apps.house.is_empty


def test_the_window_is_not_closed_over_drafts_that_nobody_else_can_keep(apps: AppStage) -> None:
    apps.open()
    apps.house.app_drafts = 1
    apps.stage.pages.show(host_patient(SARAH), unsaved=True)
    apps.stage.window.close()
    card = apps.stage.window.overlay.card
    assert isinstance(card, CloseCard)
    buttons = {one.text(): one.isEnabled() for one in card.findChildren(QPushButton)}
    assert buttons == {"Save, then close": False, "Close without saving": True, "Stay here": True}


def test_it_opens_functions_of_the_window_for_its_own_patient(apps: AppStage, qtbot: QtBot) -> None:
    apps.open()
    listener = apps.house.listener
    assert listener is not None
    assert "another patient" in listener.open_activity("appointments", {"patient": SANDRA.fhir_id})
    assert "This window opens patients, appointments" in listener.open_activity("astrology", {})
    assert listener.open_activity("appointments", {"patient": f"Patient/{SARAH.fhir_id}"}) == ""
    qtbot.waitUntil(lambda: apps.stage.board.function is Function.APPOINTMENTS)
    assert not apps.house.is_in_front
    assert "not on the glass" in listener.open_activity("patients", {})


def test_one_that_cannot_go_on_is_closed_and_said(apps: AppStage) -> None:
    apps.wish()
    apps.wishes.clear()
    apps.answers.pop()(CloudError("You are signed out."))
    assert "You are signed out." in apps.said
    apps.open()
    assert apps.house.listener is not None
    apps.house.listener.failed("Growth charts does not answer.")
    assert apps.house.is_empty
    assert "does not answer" in apps.said


def test_one_that_closes_itself_says_what_it_kept(apps: AppStage) -> None:
    apps.open()
    apps.house.app_drafts = 1
    assert apps.house.listener is not None
    apps.house.listener.done()
    assert "Growth charts closed itself. It kept 1 draft not on the record." in apps.said


def test_the_palette_and_the_rail_offer_them(apps: AppStage) -> None:
    window = apps.stage.window
    assert [one.words for one in window.goals() if one.icon == APP_ICON] == ["Growth charts", "Day list"]
    apps.open()
    assert "Close Growth charts" in [one.words for one in window.goals()]
    (entry,) = [one for one in window.rail.findChildren(QPushButton) if "Apps" in one.accessibleName()]
    entry.click()
    palette = window.cards.palette
    assert palette is not None
    words = [part.text() for part in palette.findChildren(QLabel)]
    assert "Day list" in words
    assert "List every key" not in words


def test_where_there_are_none_nothing_is_said_of_them(stage: WindowStage) -> None:
    (entry,) = [one for one in stage.window.rail.findChildren(QPushButton) if "Apps" in one.accessibleName()]
    assert entry.isHidden()
