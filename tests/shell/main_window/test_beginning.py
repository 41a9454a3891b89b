"""The first page is under way before there is a window, under the context that the window begins with."""

from dataclasses import replace

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from shell.functions import CloudOffer, FunctionPages
from shell.main_window.beginning import FIRST, Beginning
from shell.main_window.wording import utc_now
from shell.rollout import Rollout, Unmoved
from shell.settings import ShellSettings
from shell.switchboard import Switchboard
from web_modules.decision.words import Environment

PAGES = FunctionPages(
    function=FIRST,
    title="Patients",
    url="http://cloud.test/Y99002/patients",
    patient_url=None,
    needs_patient=False,
)
OFFER = CloudOffer(
    environment=Environment.REFERENCE,
    ods="Y99002",
    practice="Fernbrook Surgery",
    today=None,
    fhir="http://cloud.test/Y99002/fhir",
    functions=(PAGES,),
)


def begin(offer: CloudOffer) -> Beginning:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    return Beginning(application, ShellSettings(text_percent=150), offer)


def test_the_first_page_is_of_nobody_and_under_the_windows_first_context(qtbot: QtBot) -> None:
    beginning = begin(OFFER)
    assert beginning.first_address() == f"{PAGES.url}?context={beginning.token}"
    rollout = Rollout(Unmoved(), OFFER.environment, OFFER.modules, {}, lambda _views: None)
    board = Switchboard(OFFER, rollout, lambda _number, _done: None, utc_now, beginning.token)
    assert board.hub.token == beginning.token
    look = beginning.theme.page_look()
    assert (look.theme, look.zoom) == (beginning.theme.scheme.value, 1.5)


def test_without_a_page_there_is_none_to_begin_with(qtbot: QtBot) -> None:
    assert begin(replace(OFFER, functions=(replace(PAGES, url=None),))).first_address() is None
