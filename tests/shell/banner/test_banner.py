"""The patient banner by the rules of the Common User Interface."""

from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from shell.banner.banner import Banner
from shell.main_window.theme import Theme
from shell.main_window.tokens import Scheme
from shell.written import written
from tests.support.whole import cut_parts
from tests.support.window_stage import GWYNETH, SARAH

TODAY = date(2026, 11, 17)


@pytest.fixture
def banner(qtbot: QtBot) -> Banner:
    """A banner in the light scheme, on the glass."""
    theme = Theme(Scheme.LIGHT, is_training=False)
    made = Banner(theme)
    made.setStyleSheet(theme.style_sheet())
    qtbot.addWidget(made)
    made.resize(1200, 80)
    made.show()
    return made


def words_of(banner: Banner) -> list[str]:
    """All that can be read on it."""
    return [part.text() for part in banner.findChildren(QLabel) if part.isVisible() and part.text()]


def test_nobody_is_said_with_the_way_to_open_somebody(banner: Banner) -> None:
    banner.show_patient(None, TODAY)
    words = " ".join(words_of(banner))
    assert "No patient is open" in words
    assert "Ctrl K" in words
    assert "Allergies" not in words


def test_identity_is_name_birth_gender_and_nhs_number(banner: Banner) -> None:
    banner.show_patient(SARAH, TODAY)
    words = words_of(banner)
    for one in ("SMITH, Sarah (Mrs)", "12-Mar-1961 (65y)", "Female", "999 123 4578"):
        assert one in words


def test_missing_nhs_number_is_said_and_the_practices_number_shown(banner: Banner) -> None:
    banner.show_patient(GWYNETH, TODAY)
    assert "Not known. Practice No. 105002" in words_of(banner)


def test_deceased_is_said_in_words_colour_and_pattern(banner: Banner) -> None:
    banner.show_patient(replace(SARAH, died="2026-09-03"), TODAY)
    assert "Died 03-Sep-2026 (65y)" in words_of(banner)
    assert "12-Mar-1961" in words_of(banner)
    picture = banner.grab().toImage()
    ground = {picture.pixelColor(x, 6).name() for x in range(700, 1000)}
    assert {"#3b464d", "#2b353b"} <= ground


def test_nothing_of_the_patient_before_stays(banner: Banner) -> None:
    banner.show_patient(replace(SARAH, died="2026-09-03"), TODAY)
    banner.show_same_name([GWYNETH], TODAY)
    banner.show_unsettled("1 change of this patient is held back.", "Correct it.")
    banner.show_patient(GWYNETH, TODAY)
    words = " ".join(words_of(banner))
    assert "Died" not in words
    assert "held back" not in words
    assert "this name" not in words
    assert "SMITH" not in words


def test_allergies_are_looked_up_elsewhere_and_never_none(banner: Banner) -> None:
    banner.show_patient(SARAH, TODAY)
    assert "Allergies: see the legacy screen" in words_of(banner)


def test_name_with_markup_is_shown_as_it_is(banner: Banner) -> None:
    banner.show_patient(replace(SARAH, given="<b>Sarah</b>"), TODAY)
    assert "SMITH, <b>Sarah</b> (Mrs)" in words_of(banner)
    banner.show_same_name([replace(SARAH, given="<img src=x>")], TODAY)
    assert any("&lt;img" in one for one in words_of(banner))


@pytest.mark.parametrize("width", [600, 1200])
def test_name_without_a_place_to_break_is_whole_on_the_banner(
    banner: Banner, qtbot: QtBot, width: int
) -> None:
    long = replace(SARAH, family="Featherstonehaugh" * 6, usual_gp=written("Lindqvist" * 12))
    banner.show_patient(long, TODAY)
    banner.resize(width, banner.heightForWidth(width))
    qtbot.waitUntil(lambda: cut_parts(banner) == [])


@pytest.mark.parametrize(("width", "words"), [(1200, "Close patient"), (860, "Close")])
def test_closing_the_patient_takes_the_room_that_is_left_and_no_line_of_its_own(
    banner: Banner, qtbot: QtBot, width: int, words: str
) -> None:
    banner.show_patient(SARAH, TODAY)
    height = banner.heightForWidth(1400)
    banner.resize(width, height)
    qtbot.waitUntil(lambda: words in words_of(banner))
    assert banner.heightForWidth(width) == height


@pytest.mark.parametrize("width", [600, 800, 1200])
def test_banner_wraps_rather_than_cut(banner: Banner, qtbot: QtBot, width: int) -> None:
    banner.show_patient(replace(SARAH, family="Featherstonehaugh-Cholmondeley"), TODAY)
    banner.resize(width, banner.sizeHint().height())

    def cut() -> list[str]:
        return [
            part.text()
            for part in banner.findChildren(QLabel)
            if part.isVisible() and not part.wordWrap() and part.width() < part.sizeHint().width()
        ]

    qtbot.waitUntil(lambda: cut() == [])


def test_a_part_that_comes_later_stands_in_one_line_like_the_others(banner: Banner, qtbot: QtBot) -> None:
    banner.show_patient(replace(SARAH, usual_gp=""), TODAY)
    qtbot.wait(1)
    banner.show_patient(replace(SARAH, usual_gp="Dr Priya Nair"), TODAY)
    said = next(part for part in banner.findChildren(QLabel) if part.text() == "Dr Priya Nair")
    qtbot.waitUntil(said.isVisible)
    qtbot.waitUntil(lambda: said.height() < 2 * said.fontMetrics().height(), timeout=1000)
